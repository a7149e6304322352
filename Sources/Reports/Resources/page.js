// Ties the page together: scenes, colours, the residue that is looked at, and its mark in every plot.

(() => {
  "use strict";
  const find = (id) => document.getElementById(id);
  const data = JSON.parse(find("scenes").textContent);
  const canvas = find("view");
  if (!canvas || !data.length) return;

  const floats = (text) => {
    const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
    return new Float32Array(bytes.buffer);
  };
  const unpack = (trace) => trace && { ...trace, points: floats(trace.points) };
  const rgb = (hex) => [hex >> 16 & 255, hex >> 8 & 255, hex & 255].map((c) => c / 255);

  const BANDS = [[90, rgb(0x0053D6)], [70, rgb(0x65CBF3)], [50, rgb(0xFFDB13)], [-1, rgb(0xFF7D45)]];
  const KINDS = { H: rgb(0xD6336C), E: rgb(0xE0A800), C: rgb(0x9AA5B1) };
  const REFERENCE = rgb(0xB0B8C1);
  const rainbow = (share) => {
    const angle = 4.1 * (1 - share);
    return [0, 2.1, 4.2].map((phase) => 0.55 + 0.4 * Math.cos(angle - phase));
  };

  const tell = find("residue-text"), slider = find("residue");
  let scene, model, viewer;

  const schemes = {
    track: (name) => (i) => {
      const value = model.tracks[name][i];
      return value === null ? [0.5, 0.5, 0.5] : BANDS.find(([limit]) => value >= limit)[1];
    },
    position: () => (i) => rainbow(i / Math.max(1, model.letters.length - 1)),
    structure: () => (i) => KINDS[model.ss[i]] || KINDS.C,
  };
  const coloring = () => {
    const [kind, name] = find("coloring").value.split(":");
    return schemes[kind](name);
  };

  function open(index) {
    scene = data[index];
    model = unpack(scene.model);
    const reference = unpack(scene.reference);
    const menu = find("coloring");
    const chosen = menu.value;
    menu.replaceChildren(...[
      ...Object.keys(model.tracks).map((name) => [`track:${name}`, name]),
      ["position", "place in the chain"], ["structure", "secondary structure"],
    ].map(([value, text]) => new Option(text, value)));
    if ([...menu.options].some((option) => option.value === chosen)) menu.value = chosen;
    slider.max = model.letters.length;
    find("reference-choice").hidden = !reference;
    const shown = [{ trace: model, color: coloring() }];
    if (reference) shown.push({ trace: reference, color: () => REFERENCE, isReference: true });
    viewer.show(shown, false);
    viewer.setReferenceVisible(find("shows-reference").checked);
    look(-1);
  }

  // Where a residue stands along the axes of plots, and which one stands there: scenes lack residues without atoms, such as X.
  const placeOf = (index) => model.places ? model.places[index] : index;
  const indexAt = (place) => model.places ? model.places.indexOf(place) : place;

  // Marks a residue in the structure and in every plot that has the chain along an axis.
  function look(index) {
    viewer.select(index);
    document.querySelectorAll("svg .mark").forEach((mark) => mark.remove());
    if (index < 0 || index >= model.letters.length) {
      tell.textContent = "Choose a residue here, in the structure or in a plot.";
      slider.value = 1;
      return;
    }
    slider.value = index + 1;
    const values = Object.entries(model.tracks)
      .map(([name, track]) => track[index] === null ? "" : `${name} ${track[index]}`).filter(Boolean);
    const kind = { H: "helix", E: "strand", C: "coil" }[model.ss[index]];
    tell.textContent = `${model.names[index] || model.letters[index]} ${model.labels[index]}: ${[...values, kind].join(", ")}`;
    slider.setAttribute("aria-valuetext", tell.textContent);
    document.querySelectorAll("svg[data-frame]").forEach((svg) => {
      const count = Number(svg.dataset.residues);
      const along = placeOf(index);
      if (!(along >= 0 && along < count)) return;
      const [x, y, width, height] = svg.dataset.frame.split(" ").map(Number);
      const mark = document.createElementNS(svg.namespaceURI, "line");
      const place = x + width * (along + 0.5) / count;
      Object.entries({ x1: place, x2: place, y1: y, y2: y + height, class: "mark" })
        .forEach(([name, value]) => mark.setAttribute(name, value));
      svg.append(mark);
    });
  }

  function theme() {
    const color = getComputedStyle(canvas).backgroundColor.match(/[\d.]+/g) || [255, 255, 255];
    viewer.background = color.slice(0, 3).map((part) => Number(part) / 255);
    viewer.request();
  }

  try {
    viewer = new Viewer(canvas, look);
  } catch (error) {
    find("viewer").classList.add("unavailable");
    find("view-text").textContent = `The structure cannot be drawn: ${error.message} The plots and files are complete without it.`;
    return;
  }
  const pick = find("scene");
  pick.replaceChildren(...data.map((item, index) => new Option(item.name, index)));
  pick.parentElement.hidden = data.length < 2;
  pick.addEventListener("change", () => open(Number(pick.value)));
  find("coloring").addEventListener("change", () => viewer.recolor(coloring()));
  find("shows-reference").addEventListener("change", (event) =>
    viewer.setReferenceVisible(event.target.checked));
  find("reset").addEventListener("click", () => viewer.reset());
  find("nearer").addEventListener("click", () => viewer.scaleBy(1.25));
  find("farther").addEventListener("click", () => viewer.scaleBy(0.8));
  find("spin").addEventListener("click", (event) => {
    viewer.spins = !viewer.spins;
    event.currentTarget.setAttribute("aria-pressed", viewer.spins);
    viewer.request();
  });
  find("save").addEventListener("click", () => {
    viewer.draw();
    const link = document.createElement("a");
    link.download = `${scene.name}.png`.replace(/[^\w.-]+/g, "_");
    link.href = canvas.toDataURL("image/png");
    link.click();
  });
  slider.addEventListener("input", () => look(Number(slider.value) - 1));
  document.querySelectorAll("svg[data-frame]").forEach((svg) => {
    svg.addEventListener("click", (event) => {
      const count = Number(svg.dataset.residues);
      const place = new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
      const [x, , width] = svg.dataset.frame.split(" ").map(Number);
      const index = indexAt(Math.floor((place.x - x) / width * count));
      if (index >= 0 && index < model.letters.length) look(index);
    });
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", theme);
  window.reportViewer = viewer;
  theme();
  open(0);
})();
