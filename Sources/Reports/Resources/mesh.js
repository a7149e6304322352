// A cartoon of a protein: a tube for coil, a flat ribbon for helices, an arrow for strands, a ball for a residue by itself.
//
// A trace holds letters, ss (one of C, H, E per residue), breaks (residues before which the chain is interrupted), and
// points: x y z of C-alpha and of the carbonyl oxygen, per residue, in Å.

const Cartoon = (() => {
  "use strict";
  const STEPS = 8; // rings per residue
  const SIDES = 14; // vertices per ring
  // Half width and half thickness, Å.
  const COIL = [0.28, 0.28], HELIX = [1.35, 0.26], STRAND = [1.1, 0.24], ARROW = 1.9;

  const add = (a, b) => [a[0] + b[0], a[1] + b[1], a[2] + b[2]];
  const sub = (a, b) => [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
  const scale = (a, s) => [a[0] * s, a[1] * s, a[2] * s];
  const dot = (a, b) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
  const cross = (a, b) => [
    a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
  const unit = (a, fallback) => {
    const length = Math.hypot(a[0], a[1], a[2]);
    return length > 1e-6 ? scale(a, 1 / length) : fallback;
  };

  const alpha = (trace, i) => [trace.points[6 * i], trace.points[6 * i + 1], trace.points[6 * i + 2]];
  const oxygen = (trace, i) => [trace.points[6 * i + 3], trace.points[6 * i + 4], trace.points[6 * i + 5]];

  // Pieces of the chain without interruption, as [first, end).
  function pieces(trace) {
    const starts = [0, ...trace.breaks, trace.letters.length];
    return starts.slice(0, -1).map((start, i) => [start, starts[i + 1]]).filter(([a, b]) => b > a);
  }

  // The way of the ribbon: a place and the direction of its width for each residue (Carson & Bugg 1986).
  function guide(trace, first, end) {
    const places = [], sides = [];
    let previous = [0, 0, 1];
    for (let i = first; i < end; i++) {
      const here = alpha(trace, i);
      const isStrand = trace.ss[i] === "E" && i > first && i + 1 < end;
      places.push(isStrand // pleats are smoothed away
        ? scale(add(add(alpha(trace, i - 1), alpha(trace, i + 1)), scale(here, 2)), 0.25) : here);
      const next = i + 1 < end ? sub(alpha(trace, i + 1), here)
        : i > first ? sub(here, alpha(trace, i - 1)) : [1, 0, 0];
      const plane = cross(next, sub(oxygen(trace, i), here));
      let side = unit(cross(plane, next), previous);
      if (dot(side, previous) < 0) side = scale(side, -1);
      sides.push(side);
      previous = side;
    }
    return { places, sides: sides.map((side, i) => unit(
      add(side, scale(add(sides[Math.max(0, i - 1)], sides[Math.min(sides.length - 1, i + 1)]), 0.5)),
      side)) };
  }

  // Catmull-Rom spline through a list, at a fractional index.
  function spline(list, u) {
    const i = Math.min(Math.floor(u), list.length - 1), t = u - i;
    const at = (k) => list[Math.min(Math.max(k, 0), list.length - 1)];
    const [a, b, c, d] = [at(i - 1), at(i), at(i + 1), at(i + 2)];
    return [0, 1, 2].map((k) => 0.5 * (2 * b[k] + (c[k] - a[k]) * t
      + (2 * a[k] - 5 * b[k] + 4 * c[k] - d[k]) * t * t
      + (3 * b[k] - a[k] - 3 * c[k] + d[k]) * t * t * t));
  }

  const section = (kind) => (kind === "H" ? HELIX : kind === "E" ? STRAND : COIL);

  // Half width and thickness at a fractional residue index.
  function profile(trace, u, afterJump) {
    const i = Math.floor(u), j = Math.min(i + 1, trace.ss.length - 1), t = u - i;
    const isTip = trace.ss[i] === "E" && trace.ss[j] === "E" && trace.ss[j + 1] !== "E";
    if (isTip && (t > 0 || afterJump)) return [ARROW * (1 - t) + COIL[0] * t, STRAND[1]];
    const [a, b] = [section(trace.ss[i]), section(trace.ss[j])];
    // After an arrow the coil begins at once.
    const isAfterTip = trace.ss[i] === "E" && trace.ss[j] !== "E" && trace.ss[i - 1] === "E";
    const s = isAfterTip ? 1 : t * t * (3 - 2 * t);
    return [a[0] + (b[0] - a[0]) * s, a[1] + (b[1] - a[1]) * s];
  }

  // Triangles: positions, normals, the residue of each vertex, and indices. A slim cartoon lies inside a full one.
  function build(trace, isSlim) {
    const slimness = isSlim ? 0.6 : 1;
    const positions = [], normals = [], residues = [], indices = [];
    const ring = (centre, side, up, [w, h], residue) => {
      const width = w * slimness, height = h * slimness;
      for (let k = 0; k < SIDES; k++) {
        const angle = (2 * Math.PI * k) / SIDES;
        const c = Math.cos(angle), s = Math.sin(angle);
        positions.push(...add(centre, add(scale(side, width * c), scale(up, height * s))));
        normals.push(...unit(add(scale(side, c / width), scale(up, s / height)), up));
        residues.push(residue);
      }
    };
    const join = (a, b) => {
      for (let k = 0; k < SIDES; k++) {
        const l = (k + 1) % SIDES;
        indices.push(a + k, b + k, a + l, a + l, b + k, b + l);
      }
    };
    const cap = (start, centre, direction, residue) => {
      const middle = positions.length / 3;
      positions.push(...centre);
      normals.push(...direction);
      residues.push(residue);
      for (let k = 0; k < SIDES; k++) indices.push(middle, start + k, start + ((k + 1) % SIDES));
    };
    const ball = (centre, radius, residue) => {
      const first = positions.length / 3, circles = 8;
      for (let circle = 0; circle <= circles; circle++) {
        const height = Math.cos(Math.PI * circle / circles);
        const wide = Math.sqrt(Math.max(0, 1 - height * height));
        for (let k = 0; k < SIDES; k++) {
          const angle = (2 * Math.PI * k) / SIDES;
          const normal = [wide * Math.cos(angle), wide * Math.sin(angle), height];
          positions.push(...add(centre, scale(normal, radius)));
          normals.push(...normal);
          residues.push(residue);
        }
        if (circle > 0) join(first + (circle - 1) * SIDES, first + circle * SIDES);
      }
    };
    for (const [first, end] of pieces(trace)) {
      if (end - first === 1) { // a tube without length
        ball(alpha(trace, first), 0.8 * slimness, first);
        continue;
      }
      const { places, sides } = guide(trace, first, end);
      const rings = (places.length - 1) * STEPS;
      let last = -1;
      let tangent = [1, 0, 0];
      const frame = (u) => {
        const centre = spline(places, u);
        tangent = unit(sub(spline(places, Math.min(u + 0.05, places.length - 1)),
          spline(places, Math.max(u - 0.05, 0))), tangent);
        const rough = spline(sides, u);
        const up = unit(cross(tangent, rough), [0, 1, 0]);
        return { centre, side: cross(up, tangent), up };
      };
      const put = (u, afterJump) => {
        const { centre, side, up } = frame(u);
        const start = positions.length / 3;
        const residue = first + Math.min(Math.round(u), places.length - 1);
        ring(centre, side, up, profile(trace, first + u, afterJump), residue);
        if (last >= 0) join(last, start);
        last = start;
        return start;
      };
      for (let step = 0; step <= rings; step++) {
        const u = step / STEPS;
        const start = put(u, false);
        if (step === 0) cap(start, spline(places, 0), scale(unit(tangent, [1, 0, 0]), -1), first);
        const i = first + u;
        const jumps = Number.isInteger(u) && trace.ss[i] === "E" && trace.ss[i + 1] === "E"
          && trace.ss[i + 2] !== "E" && i + 1 < end;
        if (jumps) put(u, true);
      }
      cap(last, spline(places, places.length - 1), tangent, end - 1);
    }
    return {
      positions: new Float32Array(positions), normals: new Float32Array(normals),
      residues: new Float32Array(residues), indices: new Uint32Array(indices),
    };
  }

  // Centre and radius of the C-alphas.
  function bounds(trace) {
    const count = trace.letters.length;
    let centre = [0, 0, 0];
    for (let i = 0; i < count; i++) centre = add(centre, scale(alpha(trace, i), 1 / count));
    let radius = 4;
    for (let i = 0; i < count; i++) {
      radius = Math.max(radius, Math.hypot(...sub(alpha(trace, i), centre)) + 3);
    }
    return { centre, radius };
  }

  // The direction in which the C-alphas spread most, at right angles to the given ones; by power iteration.
  function mainAxis(trace, centre, others) {
    let axis = [0.6, 0.5, 0.62];
    for (let round = 0; round < 30; round++) {
      let sum = [0, 0, 0];
      for (let i = 0; i < trace.letters.length; i++) {
        const place = sub(alpha(trace, i), centre);
        sum = add(sum, scale(place, dot(place, axis)));
      }
      for (const other of others) sum = sub(sum, scale(other, dot(sum, other)));
      axis = unit(sum, axis);
    }
    for (const other of others) axis = sub(axis, scale(other, dot(axis, other)));
    return unit(axis, [0, 1, 0]);
  }

  // Rows of the rotation that lays the longest axis across and the second upward.
  function orientation(trace) {
    const { centre } = bounds(trace);
    const x = mainAxis(trace, centre, []);
    const y = mainAxis(trace, centre, [x]);
    return [x, y, cross(x, y)];
  }

  // Middle and half extents of the C-alphas on the screen, after a rotation about a centre.
  function extents(traces, centre, rotation) {
    const low = [Infinity, Infinity], high = [-Infinity, -Infinity];
    for (const trace of traces) {
      for (let i = 0; i < trace.letters.length; i++) {
        const place = sub(alpha(trace, i), centre);
        for (const k of [0, 1]) {
          const value = dot(place, rotation.slice(3 * k, 3 * k + 3));
          low[k] = Math.min(low[k], value);
          high[k] = Math.max(high[k], value);
        }
      }
    }
    return {
      middle: [0, 1].map((k) => (low[k] + high[k]) / 2),
      half: [0, 1].map((k) => (high[k] - low[k]) / 2 + 2.5),
    };
  }

  return { build, bounds, extents, orientation };
})();
