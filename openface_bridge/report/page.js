// The page's own script: filter, magnifier, moments of a fit, and the viewer of response maps.
// Everything else on the page does without it.
"use strict";
(() => {
  const SVG = "http://www.w3.org/2000/svg";
  const LOST = -32768;
  const byId = (id) => document.getElementById(id);

  // ---- Packed data: base64 of little-endian numbers ----
  const bytes = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  const int8 = (text) => new Int8Array(bytes(text).buffer);
  const int16 = (text) => new Int16Array(bytes(text).buffer);
  const float32 = (text) => new Float32Array(bytes(text).buffer);
  const colours = JSON.parse(byId("colours").textContent);
  const table = { values: bytes(colours.values), differences: bytes(colours.differences) };

  // ---- Words ----
  const round = (value, digits = 3) => {
    if (value === null || !Number.isFinite(value)) return "∞";
    if (value === 0) return "0";
    const size = Math.abs(value);
    if (size >= 1e-4 && size < 1e4) return Number(value.toPrecision(digits)).toString().replace("-", "−");
    const [mantissa, power] = value.toExponential(digits - 1).split("e");
    const raised = power.replace("+", "").replace(/[-\d]/g, (c) => "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"["-0123456789".indexOf(c)]);
    return `${mantissa.replace("-", "−")}×10${raised}`;
  };
  const pair = (x, y) => `(${x.toFixed(3)}, ${y.toFixed(3)})`.replaceAll("-", "−");

  const make = (name, attributes, parent) => {
    const element = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    parent?.append(element);
    return element;
  };

  // ---- Filter ----
  const only = byId("only-failures");
  function filter() {
    const all = document.querySelectorAll("article, .subject");
    let shown = 0;
    for (const each of document.querySelectorAll("[data-passed]")) {
      each.hidden = only.checked && each.dataset.passed === "yes";
      if (each.matches("article, .subject") && !each.hidden) shown += 1;
    }
    byId("nothing").hidden = shown > 0 || all.length === 0;
    byId("shown").textContent = only.checked ? `${shown} of ${all.length} shown` : "";
  }
  only.addEventListener("change", filter);

  // ---- Deep links: what is linked to is shown, whatever is filtered or folded ----
  function follow() {
    const target = byId(decodeURIComponent(location.hash.slice(1)));
    if (!target) return;
    if (target.closest("[data-passed]")?.hidden) { only.checked = false; filter(); }
    for (let each = target; each; each = each.parentElement) if (each.localName === "details") each.open = true;
    target.scrollIntoView();
  }

  // ---- The picture ----
  function setUpFace(article, viewer) {
    const face = article.querySelector("[data-face]");
    const marks = [...face.querySelectorAll(".landmark")];
    const times = face.querySelector("[data-times]");
    for (const choice of face.querySelectorAll("[data-magnify]"))
      choice.addEventListener("change", () => {
        face.style.setProperty("--magnify", choice.value);
        times.textContent = `×${choice.value}`;
      });
    for (const mark of marks) mark.addEventListener("click", () => viewer().choose(Number(mark.dataset.landmark)));
    const moment = face.querySelector("[data-moment]");
    let shapes = null;
    moment.addEventListener("input", () => {
      const data = viewer().data;
      shapes ??= float32(data.shapes);
      face.querySelector("[data-moment-name]").textContent = data.moments[moment.value];
      for (const mark of marks) {
        const at = 4 * (moment.value * data.landmarks + Number(mark.dataset.landmark));
        const [x, y, dx, dy] = shapes.slice(at, at + 4);
        const known = [x, y].every(Number.isFinite);
        const both = known && Number.isFinite(dx) && Number.isFinite(dy);
        mark.style.visibility = known ? "" : "hidden";
        mark.querySelector(".candidate").style.visibility = both ? "" : "hidden";
        for (const [name, value] of Object.entries({ x, y, dx, dy })) mark.style.setProperty(`--${name}`, `${value || 0}px`);
        const line = mark.querySelector(".error");
        line.setAttribute("x2", both ? dx : 0);
        line.setAttribute("y2", both ? dy : 0);
      }
    });
  }

  // ---- Maps ----
  function image(values, side, low, high, lut) {
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = side;
    const context = canvas.getContext("2d");
    const pixels = context.createImageData(side, side);
    const span = high - low || 1;
    values.forEach((value, i) => {
      const level = 3 * Math.max(0, Math.min(255, Math.round(((value - low) / span) * 255)));
      pixels.data.set([lut[level], lut[level + 1], lut[level + 2], 255], 4 * i);
    });
    context.putImageData(pixels, 0, 0);
    return canvas.toDataURL();
  }

  const gradient = (lut) => `linear-gradient(to right, ${[0, 32, 64, 96, 128, 160, 192, 224, 255].map((k) => `rgb(${lut[3 * k]} ${lut[3 * k + 1]} ${lut[3 * k + 2]})`).join(", ")})`;

  class Viewer {
    constructor(article) {
      this.article = article;
      this.section = article.querySelector("[data-maps]");
      this.data = JSON.parse(article.querySelector("[data-fit]").textContent);
      const { shifts } = this.data;
      const unpacked = (name) => int16(shifts[name] ?? shifts.reference); // left out where it is the same
      this.shifts = { reference: unpacked("reference"), forced: unpacked("forced"), free: unpacked("free") };
      this.chosen = Object.fromEntries([...this.section.querySelectorAll("[data-choose]")].map((each) => [each.dataset.choose, each]));
      const { start } = this.data;
      this.chosen.landmark.selectedIndex = start.landmark;
      this.chosen.scale.value = start.scale;
      for (const [name, element] of Object.entries(this.chosen))
        element.addEventListener("input", () => { if (name === "scale") this.rescale(); this.draw(); });
      for (const button of this.section.querySelectorAll("[data-step]"))
        button.addEventListener("click", () => this.choose(this.landmark + Number(button.dataset.step)));
      this.strip = this.section.querySelector("[data-strip]");
      this.strip.addEventListener("click", (event) => {
        const box = this.strip.getBoundingClientRect();
        this.choose(Math.floor(((event.clientX - box.left) / box.width) * this.data.landmarks));
      });
      this.rescale(start.step);
      this.draw();
    }

    get landmark() { return this.chosen.landmark.selectedIndex; }
    get inputs() { return this.chosen.inputs.value; }

    choose(landmark) {
      const n = this.data.landmarks;
      this.chosen.landmark.selectedIndex = (landmark + n) % n;
      this.draw();
    }

    // Another scale has other maps and other iterations.
    rescale(step = null) {
      this.scale = this.data.scales.find((each) => String(each.scale) === this.chosen.scale.value);
      this.steps = this.data.shifts.steps.map((each, index) => [...each, index]).filter((each) => each[0] === this.scale.scale);
      const at = step ? this.steps.findIndex(([, phase, index]) => phase === step[0] && index === step[1]) : 0;
      this.chosen.iteration.max = this.steps.length - 1;
      this.chosen.iteration.value = Math.max(0, at);
    }

    // One landmark's maps: the reference's, and the candidate's as reference plus difference.
    maps() {
      const { scale, landmark: k } = this;
      const count = scale.side ** 2;
      scale.levels ??= bytes(scale.maps);
      const unit = (scale.high[k] - scale.low[k]) / 255;
      const reference = Array.from(scale.levels.subarray(k * count, (k + 1) * count), (level) => scale.low[k] + unit * level);
      const other = scale[this.inputs];
      if (!other) return { reference, candidate: null, difference: null };
      if (other.maps) other.levels ??= int8(other.maps);
      const step = (other.apart[k] ?? 0) / 127;
      const difference = other.levels ? Array.from(other.levels.subarray(k * count, (k + 1) * count), (level) => step * level) : reference.map(() => 0);
      return { reference, candidate: reference.map((value, i) => value + difference[i]), difference, other };
    }

    shift(engine, step) {
      const at = 4 * (step * this.data.landmarks + this.landmark);
      const found = this.shifts[engine].subarray(at, at + 4);
      return found.includes(LOST) ? null : Array.from(found, (value) => value / 1000);
    }

    draw() {
      const { scale, landmark: k, inputs } = this;
      const { reference, candidate, difference, other } = this.maps();
      const own = this.chosen.own.checked;
      const low = [scale.low[k], other?.low[k] ?? scale.low[k]];
      const high = [scale.high[k], other?.high[k] ?? scale.high[k]];
      const range = (i) => (own ? [low[i], high[i]] : [Math.min(...low), Math.max(...high)]);
      this.panel("reference", reference, range(0), table.values, ["reference"]);
      this.panel("candidate", candidate, range(1), table.values, [inputs]);
      const most = other?.apart[k] ?? 0;
      this.panel("difference", difference, [-most || -1, most || 1], table.differences, ["reference", inputs], most === 0);
      this.drawStrip();
      this.read(other, most);
      for (const each of this.article.querySelectorAll(".landmark"))
        each.classList.toggle("chosen", Number(each.dataset.landmark) === k);
    }

    panel(name, values, [low, high], lut, engines, blank = false) {
      const figure = this.section.querySelector(`[data-panel=${name}]`);
      const svg = figure.querySelector("svg");
      const { side } = this.scale;
      svg.replaceChildren();
      svg.setAttribute("viewBox", `-0.5 -0.5 ${side} ${side}`);
      if (values) make("image", { href: image(values, side, low, high, lut), x: -0.5, y: -0.5, width: side, height: side }, svg);
      for (const engine of engines) this.overlay(svg, engine, name === "difference");
      const ramp = figure.querySelector(".ramp");
      ramp.style.visibility = values ? "" : "hidden";
      ramp.children[0].textContent = blank ? "no difference" : round(low, name === "difference" ? 2 : 3);
      ramp.children[1].style.background = blank ? "none" : gradient(lut);
      ramp.children[2].textContent = blank ? "" : round(high, name === "difference" ? 2 : 3);
    }

    // Where the landmark is, the kernel around it, and where the map pulls it.
    overlay(svg, engine, both) {
      const unit = this.scale.side / 100;
      const colour = engine === "reference" ? "#35b1ff" : "#ff8a3d";
      const stroke = both ? colour : "#fff";
      const drawn = (shape, attributes, width) => {
        make(shape, { ...attributes, class: "drawn halo", "stroke-width": width * unit + 0.9 * unit }, svg);
        make(shape, { ...attributes, class: "drawn", stroke, "stroke-width": width * unit }, svg);
      };
      const way = this.steps.map(([, , , index]) => this.shift(engine, index)).filter(Boolean);
      if (way.length > 1) make("polyline", { points: way.map(([x, y]) => `${x},${y}`).join(" "), class: "drawn", stroke, "stroke-width": 0.5 * unit, opacity: 0.8 }, svg);
      const found = this.shift(engine, this.steps[this.chosen.iteration.value][3]);
      if (!found) return;
      const [x, y, dx, dy] = found;
      const cell = (value) => Math.round(10 * Math.max(0, Math.min(this.scale.side - 0.1, value))) / 10;
      const sigma = this.scale.sigma[engine];
      if (sigma) make("circle", { cx: cell(x), cy: cell(y), r: sigma, class: "drawn", stroke, "stroke-width": 0.6 * unit, "stroke-dasharray": `${2 * unit} ${1.5 * unit}`, opacity: 0.9 }, svg);
      drawn("rect", { x: cell(x) - 0.05 - unit, y: cell(y) - 0.05 - unit, width: 0.1 + 2 * unit, height: 0.1 + 2 * unit }, 0.7);
      const length = Math.hypot(dx, dy);
      if (length < 1e-6) return;
      const head = Math.min(4 * unit, length);
      const [ux, uy] = [dx / length, dy / length];
      const [ex, ey] = [x + dx, y + dy];
      const wing = (sign) => `${ex - head * (ux * 0.85 + sign * uy * 0.5)},${ey - head * (uy * 0.85 - sign * ux * 0.5)}`;
      drawn("path", { d: `M${x},${y}L${ex},${ey}M${wing(1)}L${ex},${ey}L${wing(-1)}` }, 1.1);
    }

    // All landmarks of the scale, by the size of their maps' difference in parts of the maximum.
    drawStrip() {
      const other = this.scale[this.inputs];
      this.strip.replaceChildren();
      this.strip.setAttribute("viewBox", `0 0 ${this.data.landmarks} 1`);
      for (let k = 0; k < this.data.landmarks; k += 1) {
        const part = other ? (other.apart[k] ?? 1) / (this.scale.high[k] || 1) : 0;
        const shade = part > 0 ? Math.max(0.06, Math.min(1, (Math.log10(part) + 8) / 8)) : 0;
        make("rect", { x: k, y: 0, width: 1.02, height: 1, fill: "var(--candidate)", opacity: shade }, this.strip);
      }
      make("rect", { x: this.landmark, y: 0.04, width: 1, height: 0.92, fill: "none", stroke: "var(--ink)", "stroke-width": 2, "vector-effect": "non-scaling-stroke" }, this.strip);
    }

    read(other, most) {
      const { scale, landmark: k, inputs } = this;
      const step = this.steps[this.chosen.iteration.value];
      const told = [`Landmark ${k}, scale ${scale.scale}: the reference's map reaches from ${round(scale.low[k])} to ${round(scale.high[k])}`];
      if (!other) told.push("; the candidate has no map of this size here.");
      else {
        told.push(`, the candidate's from ${round(other.low[k])} to ${round(other.high[k])}. `);
        const part = most / scale.high[k];
        if (other.apart[k] === null) told.push("The candidate's map is not finite.");
        else if (most === 0) told.push("No bit differs.");
        else if (scale.high[k] > 0) told.push(`Largest difference ${round(most)}: ${round(100 * part)} % of the reference's maximum, ${round(part * 2 ** 23)} ulp${inputs === "forced" ? ` (rounding explains ${this.data.mapBound})` : ""}.`);
      }
      const at = (name, engine) => {
        const found = this.shift(engine, step[3]);
        return found ? `${name} ${pair(found[2], found[3])} from ${pair(found[0], found[1])}` : `${name} none`;
      };
      told.push(` Mean shift in map px: ${at("reference", "reference")}, ${at("candidate", inputs)}.`);
      this.section.querySelector("[data-reading]").textContent = told.join("");
      this.section.querySelector("[data-iteration-name]").textContent = `${step[1]} ${step[2]}`;
    }
  }

  // Viewers are made when they come into sight, or are needed.
  const viewers = new Map();
  const viewerOf = (article) => viewers.get(article) ?? viewers.set(article, new Viewer(article)).get(article);
  const seen = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries)
      if (isIntersecting) { viewerOf(target.closest("article")); seen.unobserve(target); }
  }, { rootMargin: "400px" });
  for (const article of document.querySelectorAll("article")) {
    setUpFace(article, () => viewerOf(article));
    seen.observe(article.querySelector("[data-maps]"));
  }

  // ---- Paper ----
  addEventListener("beforeprint", () => {
    for (const article of document.querySelectorAll("article:not([hidden])")) viewerOf(article);
    for (const each of document.querySelectorAll("details:not([open])")) { each.open = true; each.dataset.folded = ""; }
  });
  addEventListener("afterprint", () => {
    for (const each of document.querySelectorAll("details[data-folded]")) { each.open = false; delete each.dataset.folded; }
  });

  addEventListener("hashchange", follow);
  filter();
  follow();
})();
