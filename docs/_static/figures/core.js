/* What every interactive figure shares: numpy's random numbers, controls, panels, axes, and the
 * state of the figure in the address of the page. A classic script without dependencies: it runs
 * from a file, and under the policy of the site. docs/how_to/add_an_interactive_figure.md tells
 * how to use it. */
(() => {
  "use strict";

  /* Random numbers */

  const M64 = (1n << 64n) - 1n, M128 = (1n << 128n) - 1n;
  const MULTIPLIER = 0x2360ed051fc65da44385df649fccf645n;

  /* Return the 256 bits that numpy.random.SeedSequence(seed) gives to PCG64, as two whole numbers.
   * The algorithm is that of Melissa O'Neill's seed_seq, in the version of NumPy (BSD-3-Clause). */
  function seedSequence(seed) {
    const words = [];
    let left = BigInt(seed);
    do { words.push(Number(left & 0xffffffffn)); left >>= 32n; } while (left > 0n);
    const fold = (v) => (v ^ (v >>> 16)) >>> 0;
    let key = 0x43b0d7e5;
    const hash = (v) => {
      v = (v ^ key) >>> 0;
      key = Math.imul(key, 0x931e8875) >>> 0;
      return fold(Math.imul(v, key) >>> 0);
    };
    const mix = (a, b) => fold((Math.imul(0xca01f9dd, a) - Math.imul(0x4973f715, b)) >>> 0);
    const pool = [0, 1, 2, 3].map((i) => hash(words[i] ?? 0));
    for (let i = 0; i < 4; i++)
      for (let j = 0; j < 4; j++) if (i !== j) pool[j] = mix(pool[j], hash(pool[i]));
    for (const word of words.slice(4)) for (let j = 0; j < 4; j++) pool[j] = mix(pool[j], hash(word));
    key = 0x8b51f9dd;
    const out = [0, 1, 2, 3, 0, 1, 2, 3].map((i) => {
      const v = (pool[i] ^ key) >>> 0;
      key = Math.imul(key, 0x58f38ded) >>> 0;
      return BigInt(fold(Math.imul(v, key) >>> 0));
    });
    const whole = (k) => out[2 * k] | (out[2 * k + 1] << 32n);
    return [(whole(0) << 64n) | whole(1), (whole(2) << 64n) | whole(3)];
  }

  /* numpy.random.default_rng(seed): bits, random and uniform give the same numbers, bit for bit.
   * The generator is PCG64 (XSL-RR) by Melissa O'Neill, MIT license or Apache 2.0. */
  class Rng {
    constructor(seed) {
      const [state, stream] = seedSequence(seed);
      this.add = ((stream << 1n) | 1n) & M128;
      this.state = (((this.add + state) & M128) * MULTIPLIER + this.add) & M128;
    }
    /* The next 64 random bits. */
    bits() {
      this.state = (this.state * MULTIPLIER + this.add) & M128;
      const x = ((this.state >> 64n) ^ this.state) & M64, turn = this.state >> 122n;
      return ((x >> turn) | (x << (64n - turn))) & M64;
    }
    random() { return Number(this.bits() >> 11n) / 9007199254740992; }
    uniform(low, high) { return low + (high - low) * this.random(); }
  }

  /* Words and shapes */

  const minus = (text) => text.replace(/-/g, "−");
  /* A number as text with some digits, and a true minus. */
  function number(x, digits = 3) {
    if (x === 0) return "0";
    const tiny = Math.abs(x) < 1e-3 || Math.abs(x) >= 1e5;
    return minus(tiny ? x.toExponential(1) : String(Number(x.toPrecision(digits))));
  }
  const linear = (a, b, c, d) => (x) => c + ((x - a) / (b - a)) * (d - c);
  const range = (first, last, by = 1) =>
    Array.from({ length: Math.round((last - first) / by) + 1 }, (_, i) => Number((first + i * by).toPrecision(12)));
  /* About four round numbers between two others. */
  function ticks(low, high) {
    const rough = (high - low) / 4, ten = 10 ** Math.floor(Math.log10(rough));
    const by = [1, 2, 5, 10].find((k) => k * ten >= rough) * ten;
    return range(Math.ceil(low / by) * by, Math.floor(high / by) * by, by);
  }
  /* The path through points, given as [[x, y], ...]. */
  const line = (points) =>
    points.map(([x, y], i) => `${i ? "L" : "M"}${x.toFixed(1)},${y.toFixed(1)}`).join("");

  function fill(element, attributes, children) {
    for (const [name, value] of Object.entries(attributes))
      if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
      else if (value !== null && value !== false) element.setAttribute(name, value === true ? "" : value);
    element.append(...children.flat());
    return element;
  }
  const svg = (name, attributes = {}, ...children) =>
    fill(document.createElementNS("http://www.w3.org/2000/svg", name), attributes, children);
  const html = (name, attributes = {}, ...children) =>
    fill(document.createElement(name), attributes, children);
  const set = (element, attributes) => fill(element, attributes, []);

  /* The first spot where a word is within the box and on none of the taken places; else the one
   * that lies on fewest. A place is [left, top, right, bottom]; a spot is [x, y, anchor]. */
  function placed(word, spots, taken, box) {
    const wide = 7.3 * word.length;
    const tried = spots.map(([x, y, anchor]) => {
      const left = anchor === "end" ? x - wide : anchor === "middle" ? x - wide / 2 : x;
      const at = [left - 2, y - 12, left + wide + 2, y + 4];
      const out = at[0] < box[0] || at[1] < box[1] || at[2] > box[2] || at[3] > box[3];
      const hits = taken.filter((one) => at[0] < one[2] && at[2] > one[0] && at[1] < one[3] && at[3] > one[1]);
      return { x, y, anchor, at, cost: hits.length + (out ? 1e6 : 0) };
    });
    const best = tried.reduce((a, b) => (b.cost < a.cost ? b : a));
    taken.push(best.at);
    return svg("text", { x: best.x, y: best.y, "text-anchor": best.anchor ?? "start", class: "word" }, word);
  }

  /* A figure */

  const kinds = {}, live = {};
  let names = 0;
  const fresh = () => `figure-${++names}`;

  class Figure {
    constructor(root, stage) {
      const data = root.querySelector("script[type='application/json']");
      this.root = root;
      this.data = data ? JSON.parse(data.textContent) : {};
      this.state = {};
      this.keys = {}; /* for each key how its value is read, and how its control shows it */
      this.panels = [];
      this.draw = () => {};
      this.pending = new Set();
      this.controls = html("div", { class: "controls" });
      this.grid = html("div", { class: "panels" });
      this.status = html("p", { class: "status", role: "status" });
      this.numbers = html("table");
      this.code = html("code");
      this.more = html("details", {}, html("summary", {}, "This run in numbers and in Python"),
        html("div", { class: "scrolls", tabindex: 0, role: "region", "aria-label": "This run in numbers" }, this.numbers),
        html("pre", { tabindex: 0, role: "region", "aria-label": "This run in Python" }, this.code));
      this.box = html("div", { class: "live" }, this.controls, this.grid, this.status, this.more);
      stage.append(this.box);
    }

    /* State */

    /* Keep a value under a key: read turns the text of an address into a value, or undefined. */
    keep(key, value, read, show = () => {}) {
      this.keys[key] = { read, show, first: value };
      this.state[key] = value;
    }
    /* A whole number in the state that has no control, such as a seed. */
    whole(key, value, least, most) {
      this.keep(key, value, (text) => {
        const x = /^\d+$/.test(text) ? Number(text) : NaN;
        return x >= least && x <= most ? x : undefined;
      });
    }
    /* Change some values, show them in the controls, and draw at the next frame. */
    set(values) {
      for (const [key, value] of Object.entries(values)) {
        this.state[key] = value;
        this.keys[key].show(value);
        this.pending.add(key);
      }
      this.later();
    }
    /* The same, because a reader moved a control: the address follows. */
    moved(values) {
      this.set(values);
      clearTimeout(this.writing);
      this.writing = setTimeout(() => this.write(), 250);
    }
    later() {
      if (this.queued) return;
      this.queued = requestAnimationFrame(() => this.now());
    }
    now() {
      this.queued = 0;
      const changed = this.pending;
      this.pending = new Set();
      this.draw(changed);
    }
    /* The state as the address has it, such as "start=noise&eps=1e-9". */
    address() {
      return Object.keys(this.keys).map((key) => `${key}=${this.state[key]}`).join("&");
    }
    write() {
      clearTimeout(this.writing);
      this.writing = 0;
      history.replaceState(null, "", `#${this.root.id}?${this.address()}`);
    }
    /* What a text such as "start=noise&eps=1e-9" sets; what it does not name is as at first. */
    read(text) {
      const asked = new URLSearchParams(text), values = {};
      for (const [key, { read, first }] of Object.entries(this.keys))
        values[key] = (asked.has(key) ? read(asked.get(key)) : undefined) ?? first;
      return values;
    }

    /* Controls: native ones, so that keys and speech come with them */

    slider(key, label, { values, value, text = (v) => number(v), said = text, also = {}, into = this.controls }) {
      const id = fresh(), shown = html("span", { class: "value", "aria-hidden": "true" });
      const input = html("input", { type: "range", id, min: 0, max: values.length - 1 });
      const near = (x) => values.reduce((best, v, i) => (Math.abs(v - x) < Math.abs(values[best] - x) ? i : best), 0);
      const show = (v) => {
        input.value = near(v);
        shown.textContent = text(v);
        input.setAttribute("aria-valuetext", said(v));
      };
      input.addEventListener("input", () => this.moved({ [key]: values[Number(input.value)], ...also }));
      this.keep(key, value, (words) => (words.trim() && isFinite(words) ? values[near(Number(words))] : undefined), show);
      into.append(html("div", { class: "row" }, html("label", { for: id }, label), input, shown));
      show(value);
      return input;
    }
    radios(key, legend, options, value, into = this.controls) {
      const name = fresh(), inputs = {};
      const box = html("fieldset", { class: "radios" }, html("legend", {}, legend));
      for (const [option, words] of Object.entries(options)) {
        inputs[option] = html("input", { type: "radio", name, value: option, onchange: () => this.moved({ [key]: option }) });
        box.append(html("label", {}, inputs[option], ` ${words}`));
      }
      const show = (v) => { inputs[v].checked = true; };
      this.keep(key, value, (words) => (Object.hasOwn(options, words) ? words : undefined), show);
      into.append(box);
      show(value);
      return box;
    }
    /* A button that walks through the values of a key, in eight seconds from the first to the last.
     * Who asked for less motion moves by a twentieth; what else moves the key ends it. */
    play(key, values, into = this.controls) {
      const calm = matchMedia("(prefers-reduced-motion: reduce)").matches, last = values.length - 1;
      let begun, from, at;
      const walk = (to) => this.moved({ [key]: (at = values[Math.min(last, Math.round(to))]) });
      const go = (now) => {
        if (this.state[key] !== at || at === values[last]) begun = 0;
        button.textContent = calm ? "Step forward" : begun ? "Pause" : "Play";
        if (!begun) return;
        walk(from + Math.max(1, (last * (now - begun)) / 8000));
        requestAnimationFrame(go);
      };
      const button = this.button("", () => {
        if (begun) { begun = 0; return; }
        from = values.indexOf(this.state[key]);
        if (from === last) from = -1;
        walk(from + (calm ? last / 20 : 1));
        if (!calm) go((begun = performance.now()));
      }, into);
      go();
    }
    button(words, act, into = this.controls) {
      const button = html("button", { type: "button", onclick: act }, words);
      into.append(button);
      return button;
    }

    /* Panels: drawings in which one unit is one pixel of the page, at every width */

    panel(title, note, height, { heat = false } = {}) {
      const drawing = svg("svg", { role: "img" });
      const panel = { svg: drawing, height, note: html("small", {}, note ?? ""), width: 0, tall: 0 };
      const stack = html("div", { class: "stack" }, drawing);
      if (heat) {
        panel.canvas = html("canvas", { "aria-hidden": "true" });
        stack.prepend(panel.canvas);
      }
      panel.box = html("div", { class: "panel" }, html("p", { class: "title" }, title, panel.note), stack);
      this.grid.append(panel.box);
      this.panels.push(panel);
      return panel;
    }
    /* Give each panel the size it has on the page; true if one has changed. */
    fit() {
      let changed = false;
      for (const panel of this.panels) {
        const wide = Math.floor(panel.box.getBoundingClientRect().width);
        if (!wide || wide === panel.width) continue;
        panel.width = wide;
        panel.tall = Math.round(panel.height(wide));
        set(panel.svg, { viewBox: `0 0 ${wide} ${panel.tall}`, width: wide, height: panel.tall });
        changed = true;
      }
      return changed;
    }
    /* Draw frame, ticks and names into a panel that was emptied; return its scales, a group that
     * is cut at the frame, and one above it. */
    axes(panel, { x, y, xticks = x, yticks = y, xname = "", yname = "", xtext = number, ytext = number, grid = false, left = 34 }) {
      const box = [left, yname ? 22 : 10, panel.width - 10, panel.tall - (xname ? 36 : 22)];
      const [l, t, r, b] = box, at = linear(x[0], x[1], l, r), up = linear(y[0], y[1], b, t), id = fresh();
      const inside = svg("g", { "clip-path": `url(#${id})` }), above = svg("g");
      const lines = svg("g", { class: "axis" });
      for (const v of xticks) {
        if (grid !== "y" && grid) lines.append(svg("line", { x1: at(v), x2: at(v), y1: t, y2: b }));
        const anchor = at(v) > r - 8 ? "end" : at(v) < l + 8 && left < 20 ? "start" : "middle";
        lines.append(svg("text", { x: anchor === "end" ? r + 6 : at(v), y: b + 15, "text-anchor": anchor }, xtext(v)));
      }
      for (const v of yticks) {
        if (grid) lines.append(svg("line", { x1: l, x2: r, y1: up(v), y2: up(v) }));
        lines.append(svg("text", { x: l - 5, y: up(v) + 4, "text-anchor": "end" }, ytext(v)));
      }
      if (xname) lines.append(svg("text", { x: r, y: b + 31, "text-anchor": "end" }, `${xname} →`));
      if (yname) lines.append(svg("text", { x: l, y: 13 }, `↑ ${yname}`));
      panel.svg.replaceChildren(
        svg("clipPath", { id }, svg("rect", { x: l, y: t, width: r - l, height: b - t })),
        svg("rect", { class: "frame", x: l, y: t, width: r - l, height: b - t }), lines, inside, above);
      if (panel.canvas) {
        const share = (pixels) => `${(100 * pixels) / panel.width}%`;
        const place = { left: share(l), width: share(r - l), top: `${t}px`, height: `${b - t}px` };
        for (const [side, size] of Object.entries(place)) panel.canvas.style[side] = size;
      }
      return { x: at, y: up, box, inside, above };
    }
    /* Draw a curve against the step, on a logarithmic scale; move(step) sets its mark. Only the
     * steps in shown are drawn, the powers of ten that every divides have names, and other is a
     * second curve, dashed. */
    curve(panel, values, { low, high, every = 1, color = 1, shown, other }) {
      const [a, b] = [low, high].map(Math.log10), last = values.length - 1, narrow = panel.width < 250;
      const plot = this.axes(panel, {
        x: [0, last], y: [a, b], xticks: [0, ...(narrow ? [] : [last / 2]), last], yticks: range(Math.ceil(a), b).filter((k) => k % every === 0), left: 50,
        grid: "y", xtext: (v) => (v === last ? `step ${v}` : String(v)), ytext: (k) => (Math.abs(k) < 4 ? String(10 ** k) : minus(`1e${k}`)),
      });
      const up = (v) => plot.y(Math.max(a, Math.log10(v)));
      const path = (of) => line(shown.map((t) => [plot.x(t), up(of[t])]));
      if (other) plot.inside.append(svg("path", { class: "ghost", d: path(other) }));
      const now = svg("line", { class: "now", y1: plot.box[1], y2: plot.box[3] });
      const dot = svg("circle", { class: `mark f${color}`, r: 5 });
      plot.inside.append(now);
      if (values[last] > 0) {
        plot.inside.append(svg("path", { class: `curve s${color}`, d: path(values) }));
        plot.above.append(dot);
      } else
        plot.above.append(svg("text", { class: "word", x: (plot.box[0] + plot.box[2]) / 2, y: (plot.box[1] + plot.box[3]) / 2, "text-anchor": "middle" }, narrow ? "exactly 0" : "exactly 0 at every step"));
      plot.move = (step) => {
        const x = plot.x(step);
        set(now, { x1: x, x2: x });
        set(dot, { cx: x, cy: up(values[step]) });
      };
      return plot;
    }
    /* What a panel shows, in words. */
    tell(panel, words) { panel.svg.setAttribute("aria-label", words); }

    /* Words */

    /* A sentence below the panels, which is spoken once the reader rests. */
    say(sentence) {
      clearTimeout(this.speaking);
      if (!this.status.textContent) this.status.textContent = sentence;
      else this.speaking = setTimeout(() => { this.status.textContent = sentence; }, 300);
    }
    /* The numbers of the run: a caption, the names of columns, and rows of text. */
    table(caption, head, rows) {
      this.numbers.replaceChildren(html("caption", {}, caption),
        html("thead", {}, html("tr", {}, head.map((words) => html("th", { scope: "col" }, words)))),
        html("tbody", {}, rows.map(([first, ...rest]) =>
          html("tr", {}, html("th", { scope: "row" }, first), rest.map((words) => html("td", {}, words))))));
    }
    /* A program that gives the same number. */
    python(code) { this.code.textContent = code; }
  }

  /* The page */

  function mount(root) {
    const make = kinds[root.dataset.figure];
    if (!make || live[root.id]) return;
    const stage = root.querySelector(".stage");
    try {
      const figure = new Figure(root, stage);
      make(figure);
      for (const [key, value] of Object.entries(figure.read(root.dataset.state ?? "")))
        figure.keys[key].first = value;
      figure.set(figure.read(stateIn(location.hash, root.id) ?? ""));
      root.dataset.ready = ""; /* the style sheet now hides the static figure */
      figure.fit();
      cancelAnimationFrame(figure.queued);
      figure.pending.add("size");
      figure.now();
      new ResizeObserver(() => {
        if (figure.fit()) { figure.pending.add("size"); figure.later(); }
      }).observe(figure.box);
      live[root.id] = figure;
      performance.mark(`ready ${root.id}`);
    } catch (fault) { /* the static figure stays */
      delete root.dataset.ready;
      stage.querySelector(".live")?.remove();
      console.error(fault);
    }
  }
  /* The state of a figure in a fragment such as "#fig-symmetry?start=half", or undefined. */
  const stateIn = (fragment, id) => {
    const [name, ...state] = fragment.slice(1).split("?");
    return name === id ? state.join("?") : undefined;
  };
  /* Show what the address asks for; without a fragment, what the page showed at first. */
  function follow() {
    for (const [id, figure] of Object.entries(live)) {
      const state = location.hash ? stateIn(location.hash, id) : "";
      if (state === undefined) continue;
      clearTimeout(figure.writing);
      figure.set(figure.read(state));
      if (location.hash.includes("?")) show(figure.root);
    }
  }
  function show(root) {
    const place = root.getBoundingClientRect();
    const seen = Math.min(place.bottom, innerHeight) - Math.max(place.top, 0);
    if (seen < 0.6 * Math.min(place.height, innerHeight)) root.scrollIntoView({ behavior: "instant" });
  }
  function start() {
    document.querySelectorAll("[data-figure]").forEach(mount);
    for (const link of document.querySelectorAll("a[data-state]")) {
      const id = link.hash.slice(1);
      if (live[id]) link.setAttribute("href", `#${id}?${link.dataset.state}`);
    }
    addEventListener("hashchange", follow);
    if (Object.keys(live).some((id) => stateIn(location.hash, id))) follow();
  }

  globalThis.figures = {
    Rng, number, minus, linear, range, ticks, line, svg, html, set, placed, live,
    define(kind, make) { kinds[kind] = make; },
  };
  /* Deferred scripts have all run when the document is ready: every kind is known then. */
  if (typeof document !== "undefined") document.addEventListener("DOMContentLoaded", start);
})();
