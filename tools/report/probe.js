// Injected into a copy of a page by check-page.sh: counts errors, then reads the canvas back.
window.probeErrors = 0;
addEventListener("error", () => window.probeErrors++);
addEventListener("securitypolicyviolation", () => window.probeErrors++);
for (const name of ["error", "warn"]) {
  const write = console[name];
  console[name] = (...words) => { window.probeErrors++; write.apply(console, words); };
}
addEventListener("load", () => setTimeout(() => {
  const viewer = window.reportViewer;
  let painted = 0;
  if (viewer) {
    viewer.draw();
    const { gl, canvas } = viewer;
    const pixels = new Uint8Array(canvas.width * canvas.height * 4);
    gl.readPixels(0, 0, canvas.width, canvas.height, gl.RGBA, gl.UNSIGNED_BYTE, pixels);
    for (let i = 0; i < pixels.length; i += 4) {
      const differs = [0, 1, 2].some((k) => Math.abs(pixels[i + k] - pixels[k]) > 8);
      painted += differs ? 1 : 0;
    }
    painted /= canvas.width * canvas.height;
  }
  const plots = document.querySelectorAll("svg[role=img]").length;
  document.documentElement.dataset.probe =
    `plots=${plots} painted=${painted.toFixed(4)} errors=${window.probeErrors}`;
}, 1500));
