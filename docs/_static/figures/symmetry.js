/* The symmetry playground: two inputs, four tanh units and one output learn to say whether two
 * numbers have the same sign, by gradient descent from a start that the reader chooses. */
(() => {
  "use strict";
  const { Rng, number, minus, range, ticks, line, svg, set, placed } = figures;

  /* Numbers: the same operations in the same order for every unit, so that equal units stay equal
   * to the last bit. The 17 parameters are w₁, w₂, b and a of each unit, then the output's bias. */

  const UNITS = 4, SIZE = 4 * UNITS + 1, STEPS = 2000, RATE = 0.2, EACH = 8, SPREAD = 0.8;
  const HADAMARD = [1, 1, 1, 1, 1, -1, 1, -1, 1, 1, -1, -1, 1, -1, -1, 1];

  function data() {
    const rng = new Rng(10);
    const x = [[-1, -1], [-1, 1], [1, -1], [1, 1]].flatMap((corner) =>
      Array.from({ length: EACH }, () => corner.map((c) => c + rng.uniform(-SPREAD, SPREAD))));
    return { x, y: x.map(([a, b]) => Math.sign(a * b)) };
  }

  function start(kind, eps, seed) {
    const rng = new Rng(seed), theta = new Float64Array(SIZE);
    for (let k = 0; k < 4 * UNITS; k++) {
      const z = rng.uniform(-1, 1);
      theta[k] = { zero: 0, half: 0.5, noise: 0.5 + eps * z, random: z, hadamard: HADAMARD[k] / 2 }[kind];
    }
    theta[SIZE - 1] = kind === "half" || kind === "noise" ? 0.5 : 0;
    return theta;
  }

  /* Return the parameters, the loss and the largest gap between two units at every step. */
  function train(first, { x, y }, rate = RATE, steps = STEPS) {
    const n = y.length, path = new Float64Array((steps + 1) * SIZE);
    const loss = new Float64Array(steps + 1), gap = new Float64Array(steps + 1);
    const theta = Float64Array.from(first), slope = new Float64Array(SIZE), h = new Float64Array(UNITS);
    for (let t = 0; t <= steps; t++) {
      path.set(theta, t * SIZE);
      for (let k = 0; k < 4; k++) {
        const own = [theta[k], theta[k + 4], theta[k + 8], theta[k + 12]];
        gap[t] = Math.max(gap[t], Math.max(...own) - Math.min(...own));
      }
      slope.fill(0);
      let sum = 0;
      for (let i = 0; i < n; i++) {
        const [u, v] = x[i];
        let f = theta[SIZE - 1];
        for (let j = 0, q = 0; j < UNITS; j++, q += 4) {
          h[j] = Math.tanh(theta[q] * u + theta[q + 1] * v + theta[q + 2]);
          f += theta[q + 3] * h[j];
        }
        const d = f - y[i];
        sum += d * d;
        for (let j = 0, q = 0; j < UNITS; j++, q += 4) {
          const e = d * theta[q + 3] * (1 - h[j] * h[j]);
          slope[q] += e * u; slope[q + 1] += e * v; slope[q + 2] += e; slope[q + 3] += d * h[j];
        }
        slope[SIZE - 1] += d;
      }
      loss[t] = sum / n;
      for (let k = 0; k < SIZE; k++) theta[k] -= (2 * rate / n) * slope[k];
    }
    return { path, loss, gap, at: (t) => path.subarray(t * SIZE, (t + 1) * SIZE) };
  }

  function output(theta, u, v) {
    let f = theta[SIZE - 1];
    for (let q = 0; q < 4 * UNITS; q += 4)
      f += theta[q + 3] * Math.tanh(theta[q] * u + theta[q + 1] * v + theta[q + 2]);
    return f;
  }

  /* Units that compute the same function, up to a tolerance; tanh is odd, so up to a sign too. */
  function classes(theta, tolerance = 0.05) {
    const near = (i, j, sign) =>
      [0, 1, 2, 3].every((k) => Math.abs(theta[4 * i + k] - sign * theta[4 * j + k]) < tolerance);
    const found = [];
    for (let j = 0; j < UNITS; j++) {
      const mine = found.find(([i]) => near(i, j, 1) || near(i, j, -1));
      if (mine) mine.push(j); else found.push([j]);
    }
    return found;
  }

  /* The program that gives the same loss. Its sums run in another order: a rounding of 1e-16 grows
   * with the noise, so that of the loss about 16 + log10(eps) digits agree. */
  function program(state, loss) {
    const eps = state.eps === 0 ? "0" : String(state.eps);
    const drawn = state.start === "noise" || state.start === "random";
    const weights = {
      zero: "np.zeros((4, 4))", half: "np.full((4, 4), 0.5)", noise: `0.5 + ${eps} * draw`,
      random: "draw", hadamard: "hadamard(4) / 2",
    }[state.start];
    const noisy = state.start === "noise" && state.eps > 0 && state.eps < 1e-3;
    const digits = noisy ? Math.floor(14 + Math.log10(state.eps)) : 10;
    const answer = digits >= 2
      ? `# ${Number(loss.toPrecision(digits))}`
      : "# the noise is as small as rounding: each machine has its own answer";
    return [
      "import numpy as np",
      ...(state.start === "hadamard" ? ["from symlib.designs import hadamard"] : []),
      "from symlib.network import Layer, Network",
      "from symlib.training import descend",
      "",
      `corners = np.repeat([[-1, -1], [-1, 1], [1, -1], [1, 1]], ${EACH}, axis=0)`,
      `x = corners + np.random.default_rng(10).uniform(-${SPREAD}, ${SPREAD}, corners.shape)`,
      "y = np.sign(x[:, :1] * x[:, 1:])",
      ...(drawn ? [`draw = np.random.default_rng(${state.seed}).uniform(-1, 1, (4, 4))`] : []),
      `units = ${weights}  # a row for each unit: two weights in, bias, weight out`,
      `bias = np.full(1, ${state.start === "half" || state.start === "noise" ? "0.5" : "0.0"})`,
      "layers = [Layer(units[:, :2], units[:, 2]), Layer(units[:, 3:].T, bias)]",
      'network = Network(layers, "tanh", same_order=True)',
      `run = descend(network, x, y, steps=${state.step + 1}, rate=${RATE})`,
      `print(run.losses[-1])  ${answer}`,
    ].join("\n");
  }

  figures.symmetry = { data, start, train, classes, program };

  /* The figure */

  const REACH = 2, CELLS = 36;
  const MARKS = [ /* color is never the only sign of a unit */
    (r) => `M${-r},0A${r},${r} 0 1 1 ${r},0A${r},${r} 0 1 1 ${-r},0Z`,
    (r) => `M${-r},${-r}H${r}V${r}H${-r}Z`,
    (r) => `M0,${-1.3 * r}L${1.3 * r},0L0,${1.3 * r}L${-1.3 * r},0Z`,
    (r) => `M0,${-1.2 * r}L${1.2 * r},${0.9 * r}H${-1.2 * r}Z`,
  ];
  const DASHES = ["none", "9 4", "2 4", "12 3 2 3"];
  const units = (cluster) =>
    cluster.length === UNITS ? "all four units" : `unit${cluster.length > 1 ? "s" : ""} ${cluster.map((i) => i + 1).join(", ")}`;

  figures.define("symmetry", (figure) => {
    const sample = data(), { state } = figure;
    const tied = train(start("half", 0, 1), sample);

    figure.radios("start", "Start", {
      zero: "all 0", half: "all 0.5", noise: "0.5 + ε · noise", random: "random", hadamard: "Hadamard",
    }, "noise");
    figure.slider("eps", "Size ε of the noise", {
      values: [0, ...range(-16, 0).map((k) => Number(`1e${k}`))], value: 1e-6, also: { start: "noise" },
      text: (v) => (v === 0 ? "exactly 0" : v < 0.01 ? minus(v.toExponential(0)) : String(v)),
      said: (v) => (v === 0 ? "exactly zero" : v === 1 ? "one" : `ten to the power minus ${Math.round(-Math.log10(v))}`),
    });
    figure.whole("seed", 1, 0, 1e9);
    const draw = figure.button("", () =>
      figure.moved({ seed: state.seed + 1, ...(state.start === "random" ? {} : { start: "noise" }) }));
    figure.play("step", range(0, STEPS));
    figure.slider("step", "Training step", {
      values: range(0, STEPS), value: STEPS, text: (v) => `${v} of ${STEPS}`, said: (v) => `step ${v} of ${STEPS}`,
    });

    const plane = figure.panel("Where the units switch", "● wanted +1 (blue), × −1 (orange); thick: output 0", (w) => w, { heat: true });
    const weights = figure.panel("Their incoming weights", "the path so far; faint: the path to come", (w) => w);
    const loss = figure.panel("Loss", "dashed: all 0.5", () => 150);
    const gap = figure.panel("Largest gap between two units", "", () => 150);
    plane.canvas.width = plane.canvas.height = CELLS;
    const heat = plane.canvas.getContext("2d"), image = heat.createImageData(CELLS, CELLS);
    const grid = new Float64Array((CELLS + 1) ** 2);
    let run = tied, at = {};

    figure.draw = (changed) => {
      const again = ["start", "eps", "seed"].some((key) => changed.has(key));
      if (again) run = train(start(state.start, state.eps, state.seed), sample);
      draw.textContent = `New draw (seed ${state.seed})`;
      if (changed.has("size")) at.plane = inputs();
      if (again || changed.has("size")) {
        at.weights = paths();
        const shown = [...range(0, 40), ...range(48, STEPS, 8)];
        at.loss = figure.curve(loss, run.loss, { low: 1e-3, high: 10, shown, other: tied.loss });
        at.gap = figure.curve(gap, run.gap, { low: 1e-17, high: 10, every: 5, color: 2, shown });
      }
      const theta = run.at(state.step);
      drawInputs(theta);
      drawWeights(theta);
      at.loss.move(state.step);
      at.gap.move(state.step);
      words(theta);
    };

    /* The plane of the inputs */

    function inputs() {
      const plot = figure.axes(plane, { x: [-REACH, REACH], y: [-REACH, REACH], xticks: [-2, 0, 2], yticks: [-2, 0, 2], xname: "input 1", yname: "input 2", left: 24 });
      plot.lines = DASHES.map((dash, i) =>
        svg("path", { class: `curve s${i + 1}`, "stroke-dasharray": dash, "stroke-width": 3.8 - 0.6 * i }));
      plot.zero = svg("path", { class: "curve ink", "stroke-width": 3 });
      plot.inside.append(plot.zero, ...plot.lines, ...sample.x.map(([u, v], i) => {
        const [a, b] = [plot.x(u), plot.y(v)];
        return sample.y[i] > 0
          ? svg("circle", { class: "inkfill", cx: a, cy: b, r: 3.4 })
          : svg("path", { class: "curve ink", "stroke-width": 2, d: `M${a - 3.2},${b - 3.2}l6.4,6.4m0,-6.4l-6.4,6.4` });
      }));
      return plot;
    }
    function drawInputs(theta) {
      const plot = at.plane, side = CELLS + 1, place = (k) => -REACH + (2 * REACH * k) / CELLS;
      for (let r = 0; r < side; r++) for (let c = 0; c < side; c++) grid[r * side + c] = output(theta, place(c), place(r));
      let zero = "";
      for (let r = 0; r < CELLS; r++) for (let c = 0; c < CELLS; c++) {
        const q = r * side + c, f = [grid[q], grid[q + 1], grid[q + side + 1], grid[q + side]];
        const mean = (f[0] + f[1] + f[2] + f[3]) / 4;
        image.data.set([...(mean > 0 ? [27, 120, 189] : [213, 94, 0]), 100 * Math.min(1, Math.abs(mean))], 4 * ((CELLS - 1 - r) * CELLS + c));
        /* the zero line crosses the sides of a cell whose ends differ in sign */
        const corners = [[c, r], [c + 1, r], [c + 1, r + 1], [c, r + 1]], ends = [];
        for (let s = 0; s < 4; s++) {
          const z = (s + 1) % 4;
          if (f[s] > 0 === f[z] > 0) continue;
          const share = f[s] / (f[s] - f[z]);
          ends.push([0, 1].map((k) => place(corners[s][k] + share * (corners[z][k] - corners[s][k]))));
        }
        for (let s = 0; s + 1 < ends.length; s += 2) zero += line(ends.slice(s, s + 2).map(([u, v]) => [plot.x(u), plot.y(v)]));
      }
      heat.putImageData(image, 0, 0);
      set(plot.zero, { d: zero });
      plot.above.replaceChildren();
      const taken = sample.x.map(([u, v]) => around(plot.x(u), plot.y(v), 5));
      for (const cluster of classes(theta)) for (const [rank, j] of cluster.entries()) {
        const [u, v, b] = theta.subarray(4 * j, 4 * j + 3), square = u * u + v * v;
        if (square < 1e-12) { plot.lines[j].removeAttribute("d"); continue; }
        const along = (s) => [plot.x((-u * b) / square - (v * s) / Math.sqrt(square)), plot.y((-v * b) / square + (u * s) / Math.sqrt(square))];
        set(plot.lines[j], { d: line([along(-9), along(9)]) });
        if (rank) continue;
        const spots = range(-3, 3, 0.25).map(along).flatMap(([a, c]) => [[a + 5, c - 5], [a - 5, c - 5, "end"]]);
        if (spots.some(([a, c]) => a > plot.box[0] && a < plot.box[2] - 12 && c > plot.box[1] + 14 && c < plot.box[3] - 4))
          plot.above.append(placed(cluster.map((i) => i + 1).join(", "), spots, taken, plot.box));
      }
    }

    /* The plane of the weights */

    function paths() {
      const all = [0, 1].map((k) => Array.from({ length: STEPS / 4 + 1 }, (_, t) => range(0, 3).map((j) => run.path[4 * t * SIZE + 4 * j + k])).flat());
      const ends = all.map((one) => [Math.min(...one), Math.max(...one)]);
      const half = Math.max(0.5, ...ends.map(([low, high]) => 0.6 * (high - low)));
      const [x, y] = ends.map(([low, high]) => [(low + high) / 2 - half, (low + high) / 2 + half]);
      const plot = figure.axes(weights, { x, y, xticks: ticks(...x), yticks: ticks(...y), xname: "weight on input 1", yname: "weight on input 2", grid: true });
      const trail = (j, t) => {
        const by = Math.max(1, Math.ceil(t / 250)), points = [];
        for (let k = 0; k <= t; k += k + by > t && k < t ? t - k : by)
          points.push([plot.x(run.path[k * SIZE + 4 * j]), plot.y(run.path[k * SIZE + 4 * j + 1])]);
        return points;
      };
      const strokes = range(0, UNITS - 1).map((j) => ({
        whole: svg("path", { class: `curve faint s${j + 1}`, "stroke-width": 1.4, d: line(trail(j, STEPS)) }),
        past: svg("path", { class: `curve s${j + 1}`, "stroke-width": 4.9 - 1.1 * j }),
        mark: svg("path", { class: `mark f${j + 1}`, d: MARKS[j](9 - 1.7 * j) }),
      }));
      for (const part of ["whole", "past", "mark"]) plot.inside.append(...strokes.map((one) => one[part]));
      return Object.assign(plot, { trail, strokes });
    }
    function drawWeights(theta) {
      const plot = at.weights, taken = [], spot = [];
      plot.strokes.forEach(({ past, mark }, j) => {
        const points = plot.trail(j, state.step), [a, b] = points.at(-1);
        set(past, { d: line(points) });
        set(mark, { transform: `translate(${a.toFixed(1)},${b.toFixed(1)})` });
        spot.push([a, b]);
        taken.push(around(a, b, 10), ...points.filter((_, k) => k % 3 === 0).map(([c, d]) => around(c, d, 3)),
          ...plot.trail(j, STEPS).filter((_, k) => k % 6 === 0).map(([c, d]) => around(c, d, 2)));
      });
      plot.above.replaceChildren();
      const left = new Set(range(0, UNITS - 1));
      for (const i of left) {
        const cluster = [...left].filter((j) => Math.hypot(spot[i][0] - spot[j][0], spot[i][1] - spot[j][1]) < 20);
        cluster.forEach((j) => left.delete(j));
        const [a, b] = spot[i], spots = [];
        for (const far of [13, 22, 34, 48]) spots.push([a + far, b + 4], [a - far, b + 4, "end"], [a, b - far, "middle"],
          [a, b + far + 9, "middle"], [a + far, b - far], [a - far, b - far, "end"], [a + far, b + far], [a - far, b + far, "end"]);
        plot.above.append(placed(units(cluster), spots, taken, plot.box));
      }
    }

    /* Words and numbers */

    function words(theta) {
      const t = state.step, different = classes(theta).length;
      const wrong = sample.x.filter(([u, v], i) => output(theta, u, v) > 0 !== sample.y[i] > 0).length;
      const between = run.gap[t] ? number(run.gap[t], 2) : "exactly 0";
      const apart = different > 1 ? `There are ${different} different units.` : "The four units are one, or nearly.";
      figure.tell(plane, `The plane of the inputs, with 32 points in four corners. ${wrong} of them are on the wrong side of the output's zero line. ${apart}`);
      figure.tell(weights, `The plane of the incoming weights. ${range(0, 3).map((j) => `Unit ${j + 1} is at ${number(theta[4 * j], 2)}, ${number(theta[4 * j + 1], 2)}`).join("; ")}.`);
      figure.tell(loss, `The loss at each step: ${number(run.loss[t])} now, ${number(run.loss[STEPS])} at the end.`);
      figure.tell(gap, `The largest gap between two units at each step: ${between} now.`);
      figure.say(`Step ${t}: loss ${number(run.loss[t])}, ${wrong} of ${sample.y.length} points wrong, gap ${between}. ${apart}`);
      const rows = [...new Set([0, 50, 100, 200, 500, 1000, STEPS, t])].sort((a, b) => a - b);
      figure.table("This run", ["Step", "Loss", "Largest gap", "Different units"],
        rows.map((s) => [String(s), number(run.loss[s], 4), number(run.gap[s], 2), String(classes(run.at(s)).length)]));
      figure.python(program(state, run.loss[t]));
    }
    const around = (x, y, r) => [x - r, y - r, x + r, y + r];
  });
})();
