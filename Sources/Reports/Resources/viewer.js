// Draws cartoons with WebGL 2 and lets people turn them by mouse, touch and keyboard.

class Viewer {
  static VERTEX = `#version 300 es
    in vec3 position; in vec3 normal; in vec3 color; in float residue;
    uniform mat3 rotation; uniform vec3 centre; uniform vec2 shift; uniform float distance, aspect, radius;
    out vec3 vNormal, vColor, vPlace; out float vDepth; flat out float vResidue;
    void main() {
      vec3 p = rotation * (position - centre) + vec3(shift, -distance);
      vNormal = rotation * normal; vColor = color; vPlace = p; vResidue = residue;
      vDepth = clamp((-p.z - distance + radius) / (2.0 * radius), 0.0, 1.0);
      const float focal = 3.2;
      float near = max(0.1, distance - 4.0 * radius), far = distance + 4.0 * radius;
      gl_Position = vec4(focal * p.x / aspect, focal * p.y,
        ((far + near) * p.z + 2.0 * far * near) / (near - far), -p.z);
    }`;

  static FRAGMENT = `#version 300 es
    precision highp float;
    in vec3 vNormal, vColor, vPlace; in float vDepth; flat in float vResidue;
    uniform vec3 background; uniform float selected, isPicking;
    out vec4 result;
    void main() {
      if (isPicking > 0.5) {
        float id = vResidue + 1.0;
        result = vec4(mod(id, 256.0), mod(floor(id / 256.0), 256.0), floor(id / 65536.0), 255.0) / 255.0;
        return;
      }
      vec3 n = normalize(vNormal);
      vec3 view = normalize(-vPlace);
      if (dot(n, view) < 0.0) n = -n;
      float facing = dot(n, view);
      float key = max(dot(n, normalize(vec3(0.35, 0.55, 0.76))), 0.0);
      float sky = 0.5 + 0.5 * n.y;
      float gloss = pow(max(dot(reflect(-normalize(vec3(0.35, 0.55, 0.76)), n), view), 0.0), 40.0);
      vec3 base = abs(vResidue - selected) < 0.5 ? vec3(1.0, 0.15, 0.55) : vColor;
      vec3 lit = base * (0.36 + 0.16 * sky + 0.56 * key) + vec3(0.22 * gloss);
      lit *= mix(0.42, 1.0, smoothstep(0.0, 0.42, facing)); // dark at the silhouette
      result = vec4(mix(lit, background, 0.62 * vDepth * vDepth), 1.0);
    }`;

  constructor(canvas, onPick) {
    this.canvas = canvas;
    this.onPick = onPick;
    this.gl = canvas.getContext("webgl2", { antialias: true, alpha: false });
    if (!this.gl) throw new Error("This browser has no WebGL 2.");
    this.parts = [];
    this.shown = [];
    this.hidesReference = false;
    this.selected = -1;
    this.spins = false;
    this.start();
    canvas.addEventListener("webglcontextlost", (event) => event.preventDefault());
    canvas.addEventListener("webglcontextrestored", () => {
      this.parts = []; // went with the context
      this.start();
      this.show(this.shown, true);
    });
    this.listen();
    new ResizeObserver(() => this.request()).observe(canvas);
  }

  start() {
    const gl = this.gl;
    const shader = (type, source) => {
      const made = gl.createShader(type);
      gl.shaderSource(made, source);
      gl.compileShader(made);
      return made;
    };
    this.program = gl.createProgram();
    gl.attachShader(this.program, shader(gl.VERTEX_SHADER, Viewer.VERTEX));
    gl.attachShader(this.program, shader(gl.FRAGMENT_SHADER, Viewer.FRAGMENT));
    gl.linkProgram(this.program);
    if (!gl.getProgramParameter(this.program, gl.LINK_STATUS) && !gl.isContextLost()) {
      throw new Error(gl.getProgramInfoLog(this.program) || "The drawing program does not link.");
    }
    this.uniforms = {};
    for (const name of ["rotation", "centre", "shift", "distance", "aspect", "radius", "background",
      "selected", "isPicking"]) {
      this.uniforms[name] = gl.getUniformLocation(this.program, name);
    }
    gl.enable(gl.DEPTH_TEST);
    // The canvas mixes what meets in a pixel, which would mix numbers of residues too: they are drawn apart.
    const texture = gl.createTexture(), depth = gl.createRenderbuffer();
    this.picking = { frame: gl.createFramebuffer(), texture, depth, width: 0, height: 0 };
  }

  // Makes the picture of residue numbers the target of drawing, with the size of the canvas.
  bindPicking(width, height) {
    const { gl, picking } = this;
    gl.bindFramebuffer(gl.FRAMEBUFFER, picking.frame);
    if (picking.width === width && picking.height === height) return;
    Object.assign(picking, { width, height });
    gl.bindTexture(gl.TEXTURE_2D, picking.texture);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA8, width, height, 0, gl.RGBA, gl.UNSIGNED_BYTE, null);
    gl.framebufferTexture2D(
      gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.TEXTURE_2D, picking.texture, 0);
    gl.bindRenderbuffer(gl.RENDERBUFFER, picking.depth);
    gl.renderbufferStorage(gl.RENDERBUFFER, gl.DEPTH_COMPONENT24, width, height);
    gl.framebufferRenderbuffer(
      gl.FRAMEBUFFER, gl.DEPTH_ATTACHMENT, gl.RENDERBUFFER, picking.depth);
  }

  // Shows traces, each with a function that colours a residue; the first one is what can be picked.
  show(traces, keepsView) {
    const gl = this.gl;
    this.shown = traces;
    for (const part of this.parts) {
      for (const buffer of Object.values(part.buffers)) gl.deleteBuffer(buffer);
      gl.deleteVertexArray(part.array);
    }
    this.parts = traces.map(({ trace, color, isReference }) => {
      const mesh = Cartoon.build(trace, isReference);
      const array = gl.createVertexArray();
      gl.bindVertexArray(array);
      const buffers = {};
      const attribute = (name, data, size) => {
        buffers[name] = gl.createBuffer();
        gl.bindBuffer(gl.ARRAY_BUFFER, buffers[name]);
        gl.bufferData(gl.ARRAY_BUFFER, data, gl.STATIC_DRAW);
        const location = gl.getAttribLocation(this.program, name);
        gl.enableVertexAttribArray(location);
        gl.vertexAttribPointer(location, size, gl.FLOAT, false, 0, 0);
      };
      attribute("position", mesh.positions, 3);
      attribute("normal", mesh.normals, 3);
      attribute("residue", mesh.residues, 1);
      attribute("color", Viewer.colors(mesh, color), 3);
      buffers.indices = gl.createBuffer();
      gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, buffers.indices);
      gl.bufferData(gl.ELEMENT_ARRAY_BUFFER, mesh.indices, gl.STATIC_DRAW);
      gl.bindVertexArray(null);
      return { mesh, array, buffers, isReference, count: mesh.indices.length };
    });
    if (!keepsView) this.reset();
    this.request();
  }

  static colors(mesh, color) {
    const result = new Float32Array(mesh.residues.length * 3);
    for (let i = 0; i < mesh.residues.length; i++) result.set(color(mesh.residues[i]), 3 * i);
    return result;
  }

  recolor(color) {
    const part = this.parts[0], gl = this.gl;
    if (!part) return;
    this.shown[0].color = color;
    gl.bindBuffer(gl.ARRAY_BUFFER, part.buffers.color);
    gl.bufferData(gl.ARRAY_BUFFER, Viewer.colors(part.mesh, color), gl.STATIC_DRAW);
    this.request();
  }

  setReferenceVisible(isVisible) {
    this.hidesReference = !isVisible;
    this.request();
  }

  reset() {
    if (!this.shown.length) return;
    const traces = this.shown.map(({ trace }) => trace);
    this.bounds = Cartoon.bounds(traces[0]);
    for (const trace of traces.slice(1)) {
      const other = Cartoon.bounds(trace);
      const gap = Math.hypot(...other.centre.map((x, k) => x - this.bounds.centre[k]));
      this.bounds.radius = Math.max(this.bounds.radius, gap + other.radius);
    }
    this.rotation = Cartoon.orientation(traces[0]).flat();
    const { middle, half } = Cartoon.extents(traces, this.bounds.centre, this.rotation);
    const { clientWidth, clientHeight } = this.canvas;
    const aspect = clientWidth / Math.max(1, clientHeight), fit = Math.min(1, aspect);
    const zoom = this.bounds.radius / fit * Math.min(1 / half[1], aspect / half[0]) / 1.15;
    this.shift = middle.map((place) => -place);
    this.zoom = Math.min(Math.max(zoom, 0.3), 12);
    this.request();
  }

  // Turns about the vertical and the horizontal axis of the screen, radians.
  turn(yaw, pitch) {
    const [a, b, c, d] = [Math.cos(yaw), Math.sin(yaw), Math.cos(pitch), Math.sin(pitch)];
    const motion = [a, 0, b, d * b, c, -d * a, -c * b, d, c * a];
    const old = this.rotation;
    this.rotation = motion.map((_, k) => {
      const row = Math.floor(k / 3), column = k % 3;
      return [0, 1, 2].reduce((sum, m) => sum + motion[3 * row + m] * old[3 * m + column], 0);
    });
    this.request();
  }

  // Moves the structure by so many pixels of the page.
  move(dx, dy) {
    const unit = this.bounds.radius / (this.canvas.clientHeight * this.zoom) * 2;
    this.shift = [this.shift[0] + dx * unit, this.shift[1] - dy * unit];
    this.request();
  }

  scaleBy(factor) {
    this.zoom = Math.min(Math.max(this.zoom * factor, 0.3), 12);
    this.request();
  }

  select(residue) {
    this.selected = residue;
    this.request();
  }

  request() {
    if (this.isWaiting) return;
    this.isWaiting = true;
    requestAnimationFrame((now) => {
      this.isWaiting = false;
      if (this.spins) this.turn(0.0005 * Math.min(100, now - (this.spunAt || now)), 0);
      this.spunAt = this.spins ? now : 0;
      this.draw();
    });
  }

  draw(isPicking = false) {
    const { gl, canvas, uniforms } = this;
    const ratio = Math.min(window.devicePixelRatio || 1, 2);
    const width = Math.max(1, Math.round(canvas.clientWidth * ratio));
    const height = Math.max(1, Math.round(canvas.clientHeight * ratio));
    if (canvas.width !== width || canvas.height !== height) {
      canvas.width = width;
      canvas.height = height;
    }
    const background = isPicking ? [0, 0, 0] : this.background || [1, 1, 1];
    if (isPicking) this.bindPicking(width, height);
    gl.viewport(0, 0, width, height);
    gl.clearColor(...background, 1);
    gl.clear(gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT);
    if (!this.parts.length) return;
    gl.useProgram(this.program);
    const aspect = width / height;
    const { centre, radius } = this.bounds;
    const fit = Math.min(1, aspect);
    // Rows are given; WebGL 2 transposes them.
    gl.uniformMatrix3fv(uniforms.rotation, true, this.rotation);
    gl.uniform3fv(uniforms.centre, centre);
    gl.uniform2fv(uniforms.shift, this.shift);
    gl.uniform1f(uniforms.distance, (3.0 * radius) / (fit * this.zoom) + 0.3 * radius);
    gl.uniform1f(uniforms.aspect, aspect);
    gl.uniform1f(uniforms.radius, radius);
    gl.uniform3fv(uniforms.background, background);
    gl.uniform1f(uniforms.isPicking, isPicking ? 1 : 0);
    for (const part of this.parts) {
      if (part.isReference && (isPicking || this.hidesReference)) continue;
      gl.uniform1f(uniforms.selected, part.isReference ? -1 : this.selected);
      gl.bindVertexArray(part.array);
      gl.drawElements(gl.TRIANGLES, part.count, gl.UNSIGNED_INT, 0);
    }
    gl.bindVertexArray(null);
  }

  // The residue at a place of the canvas, -1 if there is none.
  pick(x, y) {
    const { gl, canvas } = this;
    this.draw(true);
    const ratio = canvas.width / canvas.clientWidth;
    const pixel = new Uint8Array(4);
    // Rows are counted from below.
    gl.readPixels(Math.floor(x * ratio), canvas.height - 1 - Math.floor(y * ratio), 1, 1, gl.RGBA,
      gl.UNSIGNED_BYTE, pixel);
    gl.bindFramebuffer(gl.FRAMEBUFFER, null);
    return pixel[0] + 256 * pixel[1] + 65536 * pixel[2] - 1;
  }

  listen() {
    const canvas = this.canvas;
    const fingers = new Map();
    let travelled = 0;
    const spread = () => {
      const [a, b] = [...fingers.values()];
      return Math.hypot(a.x - b.x, a.y - b.y);
    };
    canvas.addEventListener("pointerdown", (event) => {
      canvas.setPointerCapture(event.pointerId);
      fingers.set(event.pointerId, { x: event.offsetX, y: event.offsetY });
      travelled = 0;
    });
    canvas.addEventListener("pointermove", (event) => {
      const finger = fingers.get(event.pointerId);
      if (!finger) return;
      const before = fingers.size > 1 ? spread() : 0;
      const dx = event.offsetX - finger.x, dy = event.offsetY - finger.y;
      finger.x = event.offsetX;
      finger.y = event.offsetY;
      travelled += Math.abs(dx) + Math.abs(dy);
      if (fingers.size > 1) {
        if (before > 0) this.scaleBy(spread() / before);
        // The place between the fingers moves by the mean of what they move.
        this.move(dx / fingers.size, dy / fingers.size);
      } else if (event.shiftKey || event.buttons === 4) {
        this.move(dx, dy);
      } else {
        this.turn(dx * 0.01, dy * 0.01);
      }
    });
    const lift = (event) => {
      if (event.type === "pointerup" && fingers.size === 1 && travelled < 5) {
        this.onPick(this.pick(event.offsetX, event.offsetY));
      }
      fingers.delete(event.pointerId);
    };
    canvas.addEventListener("pointerup", lift);
    canvas.addEventListener("pointercancel", lift);
    // The wheel scrolls the page unless the view has the focus, so that nobody gets stuck in it.
    canvas.addEventListener("wheel", (event) => {
      if (document.activeElement !== canvas) return;
      event.preventDefault();
      this.scaleBy(Math.exp(-event.deltaY * 0.0015));
    }, { passive: false });
    canvas.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const keys = {
        ArrowLeft: () => this.turn(-0.12, 0), ArrowRight: () => this.turn(0.12, 0),
        ArrowUp: () => this.turn(0, -0.12), ArrowDown: () => this.turn(0, 0.12),
        "+": () => this.scaleBy(1.15), "=": () => this.scaleBy(1.15), "-": () => this.scaleBy(1 / 1.15),
        0: () => this.reset(), r: () => this.reset(),
      };
      const action = keys[event.key];
      if (!action) return;
      event.preventDefault();
      action();
    });
  }
}
