/* The playground of the front page: a few units with two inputs and one output learn to say whether
 * two numbers have the same sign. The reader chooses what differs between the units at the start,
 * and how they are trained. */
(() => {
  "use strict";
  const { Rng, number, minus, range, ticks, line, svg, html, set, placed } = figures;

  /* Numbers: the same operations in the same order for every unit, so that equal units stay equal
   * to the last bit. The parameters are w₁, w₂, b and a of each unit, then the output's bias. */

  const STEPS = 2000, RATE = 0.1, EACH = 8, SPREAD = 0.8, TINY = 1e-6, BATCH = 8, DROP = 0.25;
  const PARTS = { all: [0, 1, 2, 3], incoming: [0, 1], bias: [2], outgoing: [3] };

  function data() {
    const rng = new Rng(10);
    const x = [[-1, -1], [-1, 1], [1, -1], [1, 1]].flatMap((corner) =>
      Array.from({ length: EACH }, () => corner.map((c) => c + rng.uniform(-SPREAD, SPREAD))));
    return { x, y: x.map(([a, b]) => Math.sign(a * b)) };
  }

  /* The signs of unit j: columns of a Hadamard matrix of size 8. */
  const signs = (j) => [0, 1, 2, 7].map((k) => {
    let odd = 0;
    for (let bits = j & k; bits; bits &= bits - 1) odd ^= 1;
    return odd ? -1 : 1;
  });

  function start({ start: kind, part, units, seed }) {
    const rng = new Rng(seed), theta = new Float64Array(4 * units + 1).fill(0.5);
    for (let j = 0; j < units; j++) for (let k = 0; k < 4; k++) {
      const z = rng.uniform(-1, 1);
      if (PARTS[part].includes(k))
        theta[4 * j + k] = { half: 0.5, tiny: 0.5 + TINY * z, random: z, signs: signs(j)[k] / 2 }[kind];
    }
    return theta;
  }

  /* numpy.random.Generator.permutation(count): it takes the bits in halves, and keeps the second
   * half for the next time. */
  function shuffler(rng) {
    let kept;
    const half = () => {
      if (kept !== undefined) { const bits = kept; kept = undefined; return bits; }
      const bits = rng.bits();
      kept = Number(bits >> 32n);
      return Number(bits & 0xffffffffn);
    };
    return (count) => {
      const order = range(0, count - 1);
      for (let i = count - 1; i > 0; i--) {
        const mask = 2 ** (32 - Math.clz32(i)) - 1;
        let j = (half() & mask) >>> 0;
        while (j > i) j = (half() & mask) >>> 0;
        [order[i], order[j]] = [order[j], order[i]];
      }
      return order;
    };
  }

  const value = (relu, z) => (relu ? Math.max(z, 0) : Math.tanh(z));
  function output(theta, relu, u, v) {
    let f = theta.at(-1);
    for (let q = 0; q + 4 < theta.length; q += 4)
      f += theta[q + 3] * value(relu, theta[q] * u + theta[q + 1] * v + theta[q + 2]);
    return f;
  }
  const lossOf = (theta, relu, { x, y }) =>
    x.reduce((sum, [u, v], i) => sum + (output(theta, relu, u, v) - y[i]) ** 2, 0) / y.length;

  /* A run which knows its parameters, its loss on all points and the largest gap between two units
   * for the steps up to done; more(enough) goes on until the last step, or until enough() is true. */
  function begin(state, sample) {
    const { units } = state, { x, y } = sample, size = 4 * units + 1, relu = state.unit === "relu";
    const path = new Float64Array((STEPS + 1) * size);
    const run = { path, loss: [], gap: [], done: -1, more, at: (t) => path.subarray(t * size, (t + 1) * size) };
    const theta = start(state), slope = new Float64Array(size), h = new Float64Array(units), g = new Float64Array(units);
    const rng = new Rng(state.seed + 1), shuffle = shuffler(rng);
    let left = [];

    function keep() {
      const t = ++run.done;
      path.set(theta, t * size);
      run.loss.push(lossOf(theta, relu, sample));
      run.gap.push(Math.max(...range(0, 3).map((k) => {
        const own = Array.from({ length: units }, (_, j) => theta[4 * j + k]);
        return Math.max(...own) - Math.min(...own);
      })));
    }
    function step() {
      let seen = y.keys();
      if (state.batches === "on") {
        if (!left.length) left = shuffle(y.length);
        seen = left.splice(0, BATCH);
      }
      seen = [...seen];
      const n = seen.length;
      const masks = state.dropout === "on" && Array.from({ length: units * n }, () => (rng.random() >= DROP ? 1 / (1 - DROP) : 0));
      slope.fill(0);
      seen.forEach((i, s) => {
        const [u, v] = x[i];
        let f = theta[size - 1];
        for (let j = 0, q = 0; j < units; j++, q += 4) {
          const z = theta[q] * u + theta[q + 1] * v + theta[q + 2], mask = masks ? masks[j * n + s] : 1;
          h[j] = value(relu, z);
          g[j] = (relu ? Number(z > 0) : 1 - h[j] * h[j]) * mask;
          h[j] *= mask;
          f += theta[q + 3] * h[j];
        }
        const d = f - y[i];
        for (let j = 0, q = 0; j < units; j++, q += 4) {
          const e = d * theta[q + 3] * g[j];
          slope[q] += e * u; slope[q + 1] += e * v; slope[q + 2] += e; slope[q + 3] += d * h[j];
        }
        slope[size - 1] += d;
      });
      for (let k = 0; k < size; k++) theta[k] -= (2 * RATE / n) * slope[k];
    }
    function more(enough = () => false) {
      while (run.done < STEPS && !enough()) { step(); keep(); }
      return run;
    }
    keep();
    return run;
  }

  /* Units that compute the same function, up to a tolerance; tanh is odd, so up to a sign too. */
  function classes(theta, relu, tolerance = 0.05) {
    const near = (i, j, sign) =>
      range(0, 3).every((k) => Math.abs(theta[4 * i + k] - sign * theta[4 * j + k]) < tolerance);
    const found = [];
    for (let j = 0; 4 * j + 1 < theta.length; j++) {
      const mine = found.find(([i]) => near(i, j, 1) || (!relu && near(i, j, -1)));
      if (mine) mine.push(j); else found.push([j]);
    }
    return found;
  }

  /* The program that gives the same loss. Its sums run in another order: a rounding of 1e-16 grows
   * with a tiny difference, so that of the loss fewer digits agree. */
  function program(state, loss) {
    const { start: kind, units, seed } = state;
    const part = { all: ":", incoming: ":2", bias: "2", outgoing: "3" }[state.part];
    const drawn = `np.random.default_rng(${seed}).uniform(-1, 1, (${units}, 4))[:, ${part}]`;
    const change = {
      half: [], tiny: [`units[:, ${part}] += 1e-6 * ${drawn}`], random: [`units[:, ${part}] = ${drawn}`],
      signs: [`units[:, ${part}] = hadamard(8)[:${units}, [0, 1, 2, 7]][:, ${part}] / 2`],
    }[kind];
    const how = [state.batches === "on" ? `, batch=${BATCH}` : "", state.dropout === "on" ? `, dropout=${DROP}` : ""].join("");
    return [
      "import numpy as np",
      ...(kind === "signs" ? ["from symlib.designs import hadamard"] : []),
      "from symlib.network import Layer, Network, loss",
      "from symlib.training import descend",
      "",
      `corners = np.repeat([[-1, -1], [-1, 1], [1, -1], [1, 1]], ${EACH}, axis=0)`,
      `x = corners + np.random.default_rng(10).uniform(-${SPREAD}, ${SPREAD}, corners.shape)`,
      "y = np.sign(x[:, :1] * x[:, 1:])",
      `units = np.full((${units}, 4), 0.5)  # a row for each unit: two weights in, bias, weight out`,
      ...change,
      "layers = [Layer(units[:, :2], units[:, 2]), Layer(units[:, 3:].T, np.full(1, 0.5))]",
      `network = Network(layers, "${state.unit}", same_order=True)`,
      `run = descend(network, x, y, steps=${state.step}, rate=${RATE}${how}${how ? `, rng=${seed + 1}` : ""})`,
      `print(loss(run.network, x, y))  # ${Number(loss.toPrecision(kind === "tiny" ? 6 : 10))}`,
    ].join("\n");
  }

  figures.playground = { data, start, begin, shuffler, classes, program };

  /* The figure */

  const REACH = 2, CELLS = 32, SLICE = 25; /* milliseconds of work between two frames */
  const MARKS = [ /* color is never the only sign of a unit; the fifth to eighth have holes */
    (r) => `M${-r},0A${r},${r} 0 1 1 ${r},0A${r},${r} 0 1 1 ${-r},0Z`,
    (r) => `M${-r},${-r}H${r}V${r}H${-r}Z`,
    (r) => `M0,${-1.3 * r}L${1.3 * r},0L0,${1.3 * r}L${-1.3 * r},0Z`,
    (r) => `M0,${-1.2 * r}L${1.2 * r},${0.9 * r}H${-1.2 * r}Z`,
  ];
  const DASHES = [null, "9 4", "2 3", "10 3 2 3"];

  figures.define("playground", (figure) => {
    const sample = data(), { state } = figure, top = html("div", { class: "controls" });
    figure.box.prepend(top);
    figure.status.after(figure.controls);
    figure.play("step", range(0, STEPS), top);
    figure.slider("step", "Step", { values: range(0, STEPS), value: STEPS, text: String, said: (v) => `step ${v} of ${STEPS}`, into: top });
    figure.radios("start", "Start", { half: "all 0.5", tiny: "a millionth apart", random: "random", signs: "signs" }, "half");
    const parts = figure.radios("part", "What differs", { all: "everything", incoming: "weights in", bias: "biases", outgoing: "weights out" }, "all");
    parts.addEventListener("change", () => { if (state.start === "half") figure.moved({ start: "tiny" }); });
    figure.radios("unit", "Activation", { tanh: "tanh", relu: "ReLU" }, "tanh");
    figure.slider("units", "How many", { values: [2, 3, 4, 6, 8], value: 4, text: String, said: (v) => `${v} units` });
    check("batches", "mini-batches");
    check("dropout", "dropout");
    figure.whole("seed", 1, 0, 1e9);
    const draw = figure.button("", () =>
      figure.moved({ seed: state.seed + 1, ...(state.start === "half" || state.start === "signs" ? { start: "random" } : {}) }));

    const square = (wide) => Math.min(wide, 240), low = () => 112;
    const plane = figure.panel("What it answers", "blue: +1, orange: −1; ● wanted +1, × wanted −1; ring: wrong", square, { heat: true });
    const weights = figure.panel("Its units", "one mark for each, at its two weights in", square);
    const loss = figure.panel("Loss", "", low);
    const gap = figure.panel("Largest gap of units", "", low);
    plane.canvas.width = plane.canvas.height = CELLS;
    const heat = plane.canvas.getContext("2d"), image = heat.createImageData(CELLS, CELLS);
    let run, at = {};

    figure.draw = (changed) => {
      if (!run || [...changed].some((key) => key !== "step" && key !== "size")) {
        run = begin(state, sample);
        at.old = true;
      }
      at.old ||= changed.has("size");
      draw.textContent = `New draw (seed ${state.seed})`;
      at.plane ??= inputs();
      const end = performance.now() + SLICE;
      if (run.more(() => performance.now() > end).done < STEPS) { figure.later(); return; }
      if (at.old) {
        const shown = [...range(0, 40), ...range(48, STEPS, 8)];
        at = { plane: inputs(), weights: paths() };
        at.loss = figure.curve(loss, run.loss, { low: 1e-3, high: 10, shown });
        at.gap = figure.curve(gap, run.gap, { low: 1e-17, high: 10, every: 5, color: 2, shown });
      }
      const theta = run.at(state.step);
      drawInputs(theta);
      drawWeights();
      at.loss.move(state.step);
      at.gap.move(state.step);
      words(theta);
    };
    const isRelu = () => state.unit === "relu";
    const wrong = (theta) => sample.x.map(([u, v], i) => output(theta, isRelu(), u, v) > 0 !== sample.y[i] > 0);

    function check(key, label) {
      const input = html("input", { type: "checkbox", onchange: () => figure.moved({ [key]: input.checked ? "on" : "off" }) });
      figure.keep(key, "off", (words) => (/^(on|off)$/.test(words) ? words : undefined), (v) => { input.checked = v === "on"; });
      figure.controls.append(html("label", { class: "check" }, input, ` ${label}`));
    }

    /* The plane of the inputs */

    function inputs() {
      const plot = figure.axes(plane, { x: [-REACH, REACH], y: [-REACH, REACH], xticks: [-2, 0, 2], yticks: [-2, 0, 2], xname: "input 1", yname: "input 2", left: 24 });
      plot.rings = sample.x.map(([u, v]) => svg("circle", { class: "curve ink", "stroke-width": 1.4, cx: plot.x(u), cy: plot.y(v), r: 6.5 }));
      plot.inside.append(...plot.rings, ...sample.x.map(([u, v], i) => {
        const [a, b] = [plot.x(u), plot.y(v)];
        return sample.y[i] > 0
          ? svg("circle", { class: "inkfill", cx: a, cy: b, r: 3 })
          : svg("path", { class: "curve ink", "stroke-width": 1.8, d: `M${a - 2.8},${b - 2.8}l5.6,5.6m0,-5.6l-5.6,5.6` });
      }));
      return plot;
    }
    function drawInputs(theta) {
      const middle = (k) => -REACH + (2 * REACH * (k + 0.5)) / CELLS;
      for (let r = 0; r < CELLS; r++) for (let c = 0; c < CELLS; c++) {
        const f = output(theta, isRelu(), middle(c), middle(r));
        image.data.set([...(f > 0 ? [27, 120, 189] : [213, 94, 0]), 130 * Math.min(1, Math.abs(f))], 4 * ((CELLS - 1 - r) * CELLS + c));
      }
      heat.putImageData(image, 0, 0);
      wrong(theta).forEach((yes, i) => set(at.plane.rings[i], { r: yes ? 6.5 : 0 }));
    }

    /* The plane of the weights */

    function paths() {
      const { units } = state, each = range(0, units - 1), size = 4 * units + 1;
      const all = [0, 1].map((k) => range(0, STEPS, 8).flatMap((t) => each.map((j) => run.path[t * size + 4 * j + k])));
      const ends = all.map((one) => [Math.min(...one), Math.max(...one)]);
      const half = Math.max(0.5, ...ends.map(([from, to]) => 0.6 * (to - from)));
      const [x, y] = ends.map(([from, to]) => [(from + to) / 2 - half, (from + to) / 2 + half]);
      const plot = figure.axes(weights, { x, y, xticks: ticks(...x), yticks: ticks(...y), xname: "from input 1", yname: "from input 2", grid: true });
      const trail = (j, last) => {
        const by = Math.max(1, Math.ceil(last / 200)), steps = [...range(0, last, by), last];
        return steps.filter((t) => t <= last).map((t) => [plot.x(run.path[t * size + 4 * j]), plot.y(run.path[t * size + 4 * j + 1])]);
      };
      const strokes = each.map((j) => {
        const one = { class: `curve s${(j % 4) + 1}`, "stroke-dasharray": DASHES[j % 4] }, color = (j % 4) + 1;
        return {
          whole: svg("path", { class: `curve faint s${color}`, "stroke-width": 1.2, d: line(trail(j, STEPS)) }),
          past: svg("path", { ...one, "stroke-width": 4.6 - (3.2 * j) / units }),
          mark: svg("path", { class: j < 4 ? `mark f${color}` : `curve s${color}`, d: MARKS[j % 4](9 - (6 * j) / units) }),
        };
      });
      for (const part of ["whole", "past", "mark"]) plot.inside.append(...strokes.map((one) => one[part]));
      return Object.assign(plot, { trail, strokes });
    }
    function drawWeights() {
      const plot = at.weights, taken = [], spot = [], around = (x, y, r) => [x - r, y - r, x + r, y + r];
      plot.strokes.forEach(({ past, mark }, j) => {
        const points = plot.trail(j, state.step), [a, b] = points.at(-1);
        set(past, { d: line(points) });
        set(mark, { transform: `translate(${a.toFixed(1)},${b.toFixed(1)})` });
        spot.push([a, b]);
        taken.push(around(a, b, 9), ...points.filter((_, k) => k % 4 === 0).map(([c, d]) => around(c, d, 3)));
      });
      plot.above.replaceChildren();
      const left = new Set(spot.keys());
      for (const i of left) {
        const cluster = [...left].filter((j) => Math.hypot(spot[i][0] - spot[j][0], spot[i][1] - spot[j][1]) < 16);
        cluster.forEach((j) => left.delete(j));
        const [a, b] = spot[i], spots = [];
        for (const far of [12, 20, 32, 46]) spots.push([a + far, b + 4], [a - far, b + 4, "end"], [a, b - far, "middle"],
          [a, b + far + 9, "middle"], [a + far, b - far], [a - far, b - far, "end"], [a + far, b + far], [a - far, b + far, "end"]);
        const name = cluster.length === state.units ? `all ${state.units}` : cluster.map((j) => j + 1).join(", ");
        plot.above.append(placed(name, spots, taken, plot.box));
      }
    }

    /* Words and numbers */

    const size = (x) => (x === 0 ? "exactly 0" : number(x, 2));
    function words(theta) {
      const t = state.step, different = classes(theta, isRelu()).length, faults = wrong(theta).filter(Boolean).length;
      const apart = run.gap[t] === 0 ? `All ${state.units} units are equal to the last bit: one unit, ${state.units} times.`
        : different === 1 ? `All ${state.units} units are still nearly one: they differ by ${size(run.gap[t])} at most.`
          : `There are ${different} different units.`;
      const places = range(0, state.units - 1).map((j) => `${j + 1} at ${number(theta[4 * j], 2)}, ${number(theta[4 * j + 1], 2)}`);
      figure.tell(plane, `The plane of the two inputs with 32 points in four corners; the network gives ${faults} of them the wrong sign.`);
      figure.tell(weights, `The plane of the two incoming weights, with a mark for each unit: ${places.join("; ")}.`);
      figure.tell(loss, `The loss at each step: ${number(run.loss[t])} now, ${number(run.loss[STEPS])} at the end.`);
      figure.tell(gap, `The largest gap between two units at each step: ${size(run.gap[t])} now.`);
      figure.say(`Step ${t}: loss ${number(run.loss[t])}, ${faults} of ${sample.y.length} points wrong. ${apart}`);
      const rows = [...new Set([0, 50, 100, 200, 500, STEPS, t])].sort((a, b) => a - b);
      figure.table("This run", ["Step", "Loss", "Largest gap", "Different units"],
        rows.map((s) => [String(s), number(run.loss[s], 4), number(run.gap[s], 2), String(classes(run.at(s), isRelu()).length)]));
      figure.python(program(state, run.loss[t]));
    }
  });
})();
