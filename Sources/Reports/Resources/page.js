// Ties the page together: scenes, colours, the residue that is looked at, and its mark in every plot.

(() => {
  "use strict";
  const find = (id) => document.getElementById(id);
  const { bands, isOneChain, scenes } = JSON.parse(find("scenes").textContent);
  const canvas = find("view");
  if (!canvas || !scenes.length) return;

  const floats = (text) => {
    const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
    return new Float32Array(bytes.buffer);
  };
  const unpack = (trace) => trace && { ...trace, points: floats(trace.points) };
  const rgb = (hex) => [1, 3, 5].map((start) => parseInt(hex.slice(start, start + 2), 16) / 255);

  const KINDS = { H: ["helix", "#d6336c"], E: ["strand", "#e0a800"], C: ["coil", "#2a8c82"] };
  const REFERENCE = "#b0b8c1", NOTHING = "#808080";
  const rainbow = (share) => {
    const angle = 4.1 * (1 - share);
    return [0, 2.1, 4.2].map((phase) => 0.55 + 0.4 * Math.cos(angle - phase));
  };
  const css = (color) => `rgb(${color.map((part) => Math.round(255 * part))})`;
  const bandOf = (value) => bands.find(({ least }) => value >= least) || bands[bands.length - 1];

  const tell = find("residue-text"), slider = find("residue"), menu = find("coloring");
  let scene, model, viewer;
  let chosen = -1;

  // For each way to colour: the colour of a residue, and the legend as names and what paints them.
  const schemes = {
    track: (name) => ({
      color: (i) => {
        const value = model.tracks[name][i];
        return rgb(value === null ? NOTHING : bandOf(value).color);
      },
      // The words of the bands are those of pLDDT; other scores have their limits only.
      legend: [
        ...bands.map((band) => [
          name === "pLDDT" ? `${band.name} (${band.extent})` : band.extent, band.color]),
        ...model.tracks[name].includes(null) ? [["no value", NOTHING]] : [],
      ],
    }),
    position: () => ({
      color: (i) => rainbow(i / Math.max(1, model.letters.length - 1)),
      legend: [["N-terminus", css(rainbow(0))], ["middle", css(rainbow(0.5))],
        ["C-terminus", css(rainbow(1))]],
    }),
    structure: () => ({
      color: (i) => rgb((KINDS[model.ss[i]] || KINDS.C)[1]), legend: Object.values(KINDS),
    }),
  };
  const scheme = () => {
    const [kind, name] = menu.value.split(":");
    return schemes[kind](name);
  };
  const showsReference = () => Boolean(scene.reference) && find("shows-reference").checked;

  function explain() {
    const items = [...scheme().legend, ...showsReference() ? [["reference", REFERENCE]] : []];
    find("legend").replaceChildren(...items.map(([name, paint]) => {
      const item = document.createElement("li"), swatch = document.createElement("i");
      swatch.style.background = paint;
      item.append(swatch, name);
      return item;
    }));
  }

  function open(index) {
    const keeps = isOneChain && scene;
    const label = keeps && chosen >= 0 ? model.labels[chosen] : null;
    scene = scenes[index];
    model = unpack(scene.model);
    const reference = unpack(scene.reference);
    const kept = menu.value;
    menu.replaceChildren(...[
      ...Object.keys(model.tracks).map((name) => [`track:${name}`, name]),
      ["position", "place in the chain"], ["structure", "secondary structure"],
    ].map(([value, text]) => new Option(text, value)));
    if ([...menu.options].some((option) => option.value === kept)) menu.value = kept;
    slider.max = model.letters.length;
    find("reference-choice").hidden = !reference;
    const shown = [{ trace: model, color: scheme().color }];
    if (reference) shown.push({ trace: reference, color: () => rgb(REFERENCE), isReference: true });
    viewer?.show(shown, keeps);
    viewer?.setReferenceVisible(showsReference());
    explain();
    look(label === null ? -1 : model.labels.indexOf(label));
  }

  // Where a residue stands along the axes of plots, and which one stands there: scenes lack residues without atoms, such as X.
  const placeOf = (index) => model.places ? model.places[index] : index;
  const indexAt = (place) => model.places ? model.places.indexOf(place) : place;

  function addMark(svg, ends) {
    const mark = document.createElementNS(svg.namespaceURI, "line");
    Object.entries({ ...ends, class: "mark" })
      .forEach(([name, value]) => mark.setAttribute(name, value));
    svg.append(mark);
  }

  // Marks a residue in the structure and in every plot that has the chain along an axis; with −1 none.
  function look(index) {
    chosen = index >= 0 && index < model.letters.length ? index : -1;
    viewer?.select(chosen);
    slider.value = chosen + 1;
    document.querySelectorAll("svg .mark").forEach((mark) => mark.remove());
    if (chosen < 0) {
      tell.textContent = "Choose a residue here, in the structure or in a plot.";
      slider.setAttribute("aria-valuetext", "none");
      return;
    }
    const values = Object.entries(model.tracks)
      .map(([name, track]) => track[index] === null ? "" : `${name} ${track[index]}`).filter(Boolean);
    const kind = KINDS[model.ss[index]]?.[0];
    tell.textContent = `${model.names[index] || model.letters[index]} ${model.labels[index]}: ${[...values, kind].join(", ")}`;
    slider.setAttribute("aria-valuetext", tell.textContent);
    document.querySelectorAll("svg[data-frame]").forEach((svg) => {
      const count = Number(svg.dataset.residues);
      const along = placeOf(index);
      if (!(along >= 0 && along < count)) return;
      const [x, y, width, height] = svg.dataset.frame.split(" ").map(Number);
      const place = x + width * (along + 0.5) / count;
      addMark(svg, { x1: place, x2: place, y1: y, y2: y + height });
    });
  }

  function theme() {
    const color = getComputedStyle(canvas).backgroundColor.match(/[\d.]+/g) || [255, 255, 255];
    viewer.background = color.slice(0, 3).map((part) => Number(part) / 255);
    viewer.request();
  }

  function addViewer() {
    viewer = new Viewer(canvas, look);
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
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", theme);
    // What is printed of a WebGL canvas is its last picture on the screen, which may be dark: a copy on white is printed instead.
    const copy = document.createElement("canvas");
    copy.id = "printed";
    canvas.after(copy);
    addEventListener("beforeprint", () => {
      viewer.background = [1, 1, 1];
      viewer.draw();
      Object.assign(copy, { width: canvas.width, height: canvas.height });
      copy.getContext("2d").drawImage(canvas, 0, 0);
    });
    addEventListener("afterprint", theme);
    window.reportViewer = viewer;
    theme();
  }

  try {
    addViewer();
  } catch (error) {
    find("viewer").classList.add("unavailable");
    find("view-text").textContent = `The structure cannot be drawn: ${error.message} The plots and files are complete without it.`;
  }
  const pick = find("scene");
  pick.replaceChildren(...scenes.map((item, index) => new Option(item.name, index)));
  pick.parentElement.hidden = scenes.length < 2;
  pick.addEventListener("change", () => open(Number(pick.value)));
  menu.addEventListener("change", () => {
    viewer?.recolor(scheme().color);
    explain();
  });
  find("shows-reference").addEventListener("change", () => {
    viewer?.setReferenceVisible(showsReference());
    explain();
  });
  slider.addEventListener("input", () => look(Number(slider.value) - 1));

  // Column and row of residues at the place of an event in a plot.
  function placesAt(svg, event) {
    const point = new DOMPoint(event.clientX, event.clientY)
      .matrixTransform(svg.getScreenCTM().inverse());
    const [x, y, width, height] = svg.dataset.frame.split(" ").map(Number);
    const count = Number(svg.dataset.residues);
    return [(point.x - x) / width, (point.y - y) / height].map((share) => Math.floor(share * count));
  }

  async function pixelsOf(image) {
    const picture = new Image();
    picture.src = image.getAttribute("href");
    await picture.decode();
    const { naturalWidth: width, naturalHeight: height } = picture;
    const context = Object.assign(document.createElement("canvas"), { width, height })
      .getContext("2d", { willReadFrequently: true });
    context.drawImage(picture, 0, 0);
    const bytes = context.getImageData(0, 0, width, height).data;
    return { width, colors: new Uint32Array(bytes.buffer) };
  }

  // Tells the value of a matrix that is pointed at, found by its colour in the bar; a click marks the row too.
  async function readMatrix(svg) {
    const { low, high, unit, row, column, first, residues } = svg.dataset;
    const [matrix, bar] = await Promise.all([...svg.querySelectorAll("image")].map(pixelsOf));
    // Colour i of n is that of shares from i / (n − 1) on; their middle is told.
    const steps = bar.colors.length - 1;
    const shares = new Map([...bar.colors].map((color, i) => [
      color, Math.min(1, (steps - i + 0.5) / steps)]));
    const text = document.createElement("p");
    const ask = "Point at a pair of residues to read its value.";
    text.className = "note readout";
    text.textContent = ask;
    svg.after(text);
    const isMean = matrix.width < Number(residues);
    const isInside = (places) => places.every((place) => place >= 0 && place < Number(residues));
    const tellValue = (event) => {
      const places = placesAt(svg, event);
      if (!isInside(places)) {
        text.textContent = ask;
        return;
      }
      const [across, down] = places.map((place) => Math.floor(place * matrix.width / Number(residues)));
      const share = shares.get(matrix.colors[down * matrix.width + across]);
      const value = Number(low) + share * (Number(high) - Number(low));
      const words = share === undefined ? "no value"
        : `${isMean ? "about " : ""}${value.toFixed(unit ? 1 : 2)} ${unit}`.trim();
      const [j, i] = places.map((place) => place + Number(first));
      text.textContent = `${row} ${i}, ${column} ${j}: ${words}`;
    };
    svg.addEventListener("pointermove", tellValue);
    svg.addEventListener("click", (event) => {
      tellValue(event);
      const places = placesAt(svg, event);
      if (!isInside(places)) return;
      const [x, y, width, height] = svg.dataset.frame.split(" ").map(Number);
      const level = y + height * (places[1] + 0.5) / Number(residues);
      addMark(svg, { x1: x, x2: x + width, y1: level, y2: level });
    });
  }

  document.querySelectorAll("svg[data-frame]").forEach((svg) => {
    svg.addEventListener("click", (event) => {
      const index = indexAt(placesAt(svg, event)[0]);
      look(index >= 0 && index < model.letters.length ? index : -1);
    });
    if (svg.dataset.low !== undefined && Number(svg.dataset.residues) > 0) readMatrix(svg);
  });
  open(0);
})();
