/* A tie is about sums: two layers of four tanh units, with constant weights around the weight
 * between them, which the reader chooses. Where its rows and its columns add up alike the units
 * stay one, however different the sixteen weights are. */
(() => {
  "use strict";
  const { Rng, number, minus, range, svg } = figures;

  /* Numbers. The 37 parameters are the incoming weights and biases of the first layer, those of the
   * second, and the outgoing weights and the bias of the output. */

  const N = 4, STEPS = 1000, RATE = 0.2, EACH = 8, SPREAD = 0.8;
  const B1 = 2 * N, W2 = B1 + N, B2 = W2 + N * N, A = B2 + N, SIZE = A + N + 1;
  const DUERER = [16, 3, 2, 13, 5, 10, 11, 8, 9, 6, 7, 12, 4, 15, 14, 1];
  const SHUFFLED = [13, 2, 9, 16, 4, 12, 8, 5, 14, 1, 15, 10, 3, 7, 11, 6];

  function data() {
    const rng = new Rng(10);
    const x = [[-1, -1], [-1, 1], [1, -1], [1, 1]].flatMap((corner) =>
      Array.from({ length: EACH }, () => corner.map((c) => c + rng.uniform(-SPREAD, SPREAD))));
    return { x, y: x.map(([a, b]) => Math.sign(a * b)) };
  }

  /* The weight between the layers, row by row. */
  function middle(kind, seed) {
    const rng = new Rng(seed), drawn = Array.from({ length: N * N }, () => rng.uniform(-1, 1));
    if (kind === "magic") return DUERER.map((v) => v / 34);
    if (kind === "shuffled") return SHUFFLED.map((v) => v / 34);
    if (kind === "identity") return drawn.map((_, k) => (k % (N + 1) === 0 ? 1 : 0));
    if (kind === "random") return drawn;
    const mean = (values) => values.reduce((a, b) => a + b, 0) / N;
    const rows = range(0, N - 1).map((j) => mean(drawn.slice(N * j, N * j + N)));
    const even = drawn.map((v, k) => v - rows[Math.floor(k / N)]);
    const columns = range(0, N - 1).map((i) => mean(range(0, N - 1).map((j) => even[N * j + i])));
    return even.map((v, k) => v - columns[k % N] + 0.25);
  }

  function start(kind, seed) {
    const theta = new Float64Array(SIZE).fill(0.5);
    theta.set(middle(kind, seed), W2);
    theta.fill(0, B2, A);
    theta[SIZE - 1] = 0;
    return theta;
  }

  /* Return the parameters, the loss and the largest gap between units of a layer at every step. */
  function train(first, { x, y }, rate = RATE, steps = STEPS) {
    const n = y.length, path = new Float64Array((steps + 1) * SIZE);
    const loss = new Float64Array(steps + 1), gap = new Float64Array(steps + 1);
    const theta = Float64Array.from(first), slope = new Float64Array(SIZE);
    const h = new Float64Array(N), g = new Float64Array(N), down = new Float64Array(N);
    for (let t = 0; t <= steps; t++) {
      path.set(theta, t * SIZE);
      slope.fill(0);
      let sum = 0;
      for (let s = 0; s < n; s++) {
        const [u, v] = x[s];
        for (let i = 0; i < N; i++) h[i] = Math.tanh(theta[2 * i] * u + theta[2 * i + 1] * v + theta[B1 + i]);
        let f = theta[SIZE - 1];
        for (let j = 0; j < N; j++) {
          let z = theta[B2 + j];
          for (let i = 0; i < N; i++) z += theta[W2 + N * j + i] * h[i];
          g[j] = Math.tanh(z);
          f += theta[A + j] * g[j];
        }
        for (const values of [h, g]) gap[t] = Math.max(gap[t], Math.max(...values) - Math.min(...values));
        const d = f - y[s];
        sum += d * d;
        slope[SIZE - 1] += d;
        down.fill(0);
        for (let j = 0; j < N; j++) {
          const e = d * theta[A + j] * (1 - g[j] * g[j]);
          slope[A + j] += d * g[j];
          slope[B2 + j] += e;
          for (let i = 0; i < N; i++) {
            slope[W2 + N * j + i] += e * h[i];
            down[i] += e * theta[W2 + N * j + i];
          }
        }
        for (let i = 0; i < N; i++) {
          const e = down[i] * (1 - h[i] * h[i]);
          slope[2 * i] += e * u; slope[2 * i + 1] += e * v; slope[B1 + i] += e;
        }
      }
      loss[t] = sum / n;
      for (let k = 0; k < SIZE; k++) theta[k] -= (2 * rate / n) * slope[k];
    }
    return { path, loss, gap, at: (t) => path.subarray(t * SIZE, (t + 1) * SIZE) };
  }

  /* The sums of the rows and of the columns of the weight between the layers. */
  function sums(theta) {
    const entry = (j, i) => theta[W2 + N * j + i], each = range(0, N - 1);
    const add = (values) => values.reduce((a, b) => a + b, 0);
    return { rows: each.map((j) => add(each.map((i) => entry(j, i)))), columns: each.map((i) => add(each.map((j) => entry(j, i)))) };
  }

  /* The program that gives the same loss. */
  function program(state, loss) {
    const rows = (values) => `np.array([${range(0, N - 1).map((j) => `[${values.slice(N * j, N * j + N).join(", ")}]`).join(", ")}])`;
    const drawn = `np.random.default_rng(${state.seed}).uniform(-1, 1, (4, 4))`;
    const weight = {
      magic: [`middle = ${rows(DUERER)} / 34`], shuffled: [`middle = ${rows(SHUFFLED)} / 34`],
      identity: ["middle = np.eye(4)"], random: [`middle = ${drawn}`],
      equal: [`middle = ${drawn}`, "middle -= middle.mean(axis=1, keepdims=True)", "middle += 0.25 - middle.mean(axis=0)"],
    }[state.middle];
    return [
      "import numpy as np",
      "from symlib.network import Layer, Network",
      "from symlib.symmetry import tied_units",
      "from symlib.training import descend",
      "",
      `corners = np.repeat([[-1, -1], [-1, 1], [1, -1], [1, 1]], ${EACH}, axis=0)`,
      `x = corners + np.random.default_rng(10).uniform(-${SPREAD}, ${SPREAD}, corners.shape)`,
      "y = np.sign(x[:, :1] * x[:, 1:])",
      ...weight,
      "first = Layer(np.full((4, 2), 0.5), np.full(4, 0.5))",
      "last = Layer(np.full((1, 4), 0.5), np.zeros(1))",
      'network = Network([first, Layer(middle, np.zeros(4)), last], "tanh")',
      "print(tied_units(network).labels)",
      `run = descend(network, x, y, steps=${state.step + 1}, rate=${RATE})`,
      `print(run.losses[-1])  # ${Number(loss.toPrecision(4))}`,
    ].join("\n");
  }

  figures.sums = { data, middle, start, train, sums, program };

  /* The figure */

  const ALIKE = 1e-3; /* sums and units closer than this are shown as one */
  const KINDS = { magic: "Dürer's magic square", shuffled: "its numbers, shuffled", identity: "identity", equal: "random, equal sums", random: "random" };

  figures.define("sums", (figure) => {
    const sample = data(), { state } = figure, magic = train(start("magic", 1), sample);
    figure.radios("middle", "Weight between the layers", KINDS, "magic");
    figure.whole("seed", 1, 0, 1e9);
    const draw = figure.button("", () =>
      figure.moved({ seed: state.seed + 1, ...(state.middle === "random" ? {} : { middle: "equal" }) }));
    figure.play("step", range(0, STEPS));
    figure.slider("step", "Training step", {
      values: range(0, STEPS), value: STEPS, text: (v) => `${v} of ${STEPS}`, said: (v) => `step ${v} of ${STEPS}`,
    });
    const square = figure.panel("The sixteen weights", "right and below: what rows and columns add up to", () => 190);
    const gap = figure.panel("Largest gap between units of a layer", "", () => 150);
    const loss = figure.panel("Loss", "dashed: the magic square", () => 150);
    let run = magic, at = {};

    figure.draw = (changed) => {
      const again = ["middle", "seed"].some((key) => changed.has(key));
      if (again) run = train(start(state.middle, state.seed), sample);
      draw.textContent = `New draw (seed ${state.seed})`;
      if (again || changed.has("size")) {
        const shown = range(0, STEPS, 4);
        at.gap = figure.curve(gap, run.gap, { low: 1e-17, high: 10, every: 5, color: 2, shown });
        at.loss = figure.curve(loss, run.loss, { low: 1e-3, high: 10, shown, other: magic.loss });
      }
      const theta = run.at(state.step);
      weights(theta);
      at.gap.move(state.step);
      at.loss.move(state.step);
      words(theta);
    };

    function weights(theta) {
      const wide = square.width, tall = square.tall, x = (k) => (wide * (k + 0.5)) / (N + 1), y = (k) => (tall * (k + 0.5)) / (N + 1);
      const two = (v) => minus(v.toFixed(2)), { rows, columns } = sums(theta);
      const cell = (words, column, row, name) => svg("text", { class: name, x: x(column), y: y(row) + 5, "text-anchor": "middle" }, words);
      square.svg.replaceChildren(
        svg("rect", { class: "frame", x: 1, y: 1, width: (wide * N) / (N + 1), height: (tall * N) / (N + 1) }),
        ...range(0, N - 1).flatMap((j) => range(0, N - 1).map((i) => cell(two(theta[W2 + N * j + i]), i, j, "word"))),
        ...rows.map((v, j) => cell(two(v), N, j, "word")), ...columns.map((v, i) => cell(two(v), i, N, "word")));
    }

    function words(theta) {
      const t = state.step, { rows, columns } = sums(theta);
      const spread = (values) => Math.max(...values) - Math.min(...values);
      const alike = Math.max(spread(rows), spread(columns)) < ALIKE;
      const added = alike ? `Each row adds up to ${number(rows[0])}, each column to ${number(columns[0])}.` : "Rows or columns add up to different sums.";
      const one = run.gap[t] < ALIKE ? "Each layer's units are one, or nearly." : "The units are different.";
      figure.tell(square, `The sixteen weights between the layers at step ${t}. ${added}`);
      figure.tell(gap, `The largest gap between two units of a layer at each step: ${number(run.gap[t], 2)} now.`);
      figure.tell(loss, `The loss at each step: ${number(run.loss[t])} now, ${number(run.loss[STEPS])} at the end.`);
      figure.say(`Step ${t}: loss ${number(run.loss[t])}, gap ${number(run.gap[t], 2)}. ${added} ${one}`);
      const shown = [...new Set([0, 50, 100, 200, 500, STEPS, t])].sort((a, b) => a - b);
      figure.table("This run", ["Step", "Loss", "Largest gap"], shown.map((s) => [String(s), number(run.loss[s], 4), number(run.gap[s], 2)]));
      figure.python(program(state, run.loss[t]));
    }
  });
})();
