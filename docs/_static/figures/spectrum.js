/* The spectrum: eigenvalues of X Xᵀ / n of one random matrix, the law of Marchenko and Pastur, and
 * the eigenvalue that a constant, added to every entry, drives out of the bulk. */
(() => {
  "use strict";
  const { Rng, number, range, line, svg, placed } = figures;
  const COLUMNS = 160;

  /* NumPy's standard normal numbers: the ziggurat of Marsaglia and Tsang (2000) with 256 layers, on
   * the same random bits. Its tables follow from where the tail begins and the area of a layer. */
  const TAIL = 3.654152885361009, AREA = 0.004928673233974655, bell = (x) => Math.exp(-0.5 * x * x);
  const inner = new Float64Array(256), width = new Float64Array(256), height = new Float64Array(256);
  for (let k = 255, x = TAIL; k > 0; k--) {
    const next = k > 1 ? Math.sqrt(-2 * Math.log(AREA / x + bell(x))) : 0;
    [inner[k], width[k], height[k]] = [next / x, x, bell(x)];
    x = next;
  }
  [inner[0], width[0], height[0]] = [TAIL * bell(TAIL) / AREA, AREA / bell(TAIL), 1];
  function normal(rng) {
    for (;;) {
      const random = rng.bits(), low = Number(random & 0xffffffffn), k = low & 255;
      const whole = (Number(random >> 32n) % 2 ** 29) * 2 ** 23 + (low >>> 9), part = whole / 2 ** 52;
      const sign = low & 256 ? -1 : 1, x = part * width[k];
      if (part < inner[k]) return sign * x;
      if (k > 0) {
        if ((height[k - 1] - height[k]) * rng.random() + height[k] < bell(x)) return sign * x;
        continue;
      }
      for (;;) {
        const past = -Math.log1p(-rng.random()) / TAIL, y = -Math.log1p(-rng.random());
        if (2 * y > past * past) return Math.floor(whole / 256) % 2 ? -TAIL - past : TAIL + past;
      }
    }
  }

  /* Entries of mean 0 and variance 1, row by row, as NumPy draws them. */
  function entries(law, count, seed) {
    const rng = new Rng(seed), side = Math.sqrt(3);
    const one = {
      gauss: () => normal(rng),
      sign: () => (rng.random() < 0.5 ? -1 : 1),
      uniform: () => rng.uniform(-side, side),
      none: () => 0,
    }[law];
    return Float64Array.from({ length: count }, one);
  }

  /* The lower half of X Xᵀ / n, for the first rows of X with a constant added. */
  function gram(X, rows, columns, constant) {
    const Y = X.subarray(0, rows * columns).map((value) => value + constant), G = new Float64Array(rows * rows);
    for (let i = 0; i < rows; i++)
      for (let j = 0; j <= i; j++) {
        let sum = 0;
        for (let k = 0, a = i * columns, b = j * columns; k < columns; k++) sum += Y[a + k] * Y[b + k];
        G[i * rows + j] = sum / columns;
      }
    return G;
  }

  /* Eigenvalues, in order, of a symmetric n × n matrix of which the lower half is given: reflections
   * make it tridiagonal (Householder), rotations then diagonal (QL with implicit shifts). */
  function eigvalsh(matrix, n) {
    const A = Float64Array.from(matrix), main = new Float64Array(n), next = new Float64Array(n);
    const v = new Float64Array(n), w = new Float64Array(n);
    for (let k = n - 1; k > 0; k--) {
      /* a reflection of the first k coordinates that leaves of row k its entry before the diagonal */
      let square = 0;
      for (let j = 0; j < k; j++) { v[j] = A[k * n + j]; square += v[j] * v[j]; }
      main[k] = A[k * n + k];
      const last = v[k - 1], rest = square - last * last;
      if (k === 1 || rest <= 0) { next[k - 1] = last; continue; }
      next[k - 1] = last > 0 ? -Math.sqrt(square) : Math.sqrt(square);
      v[k - 1] = last - next[k - 1];
      const factor = 1 / (square - last * next[k - 1]); /* 2 / |v|² */
      let both = 0;
      for (let i = 0; i < k; i++) {
        let sum = 0;
        for (let j = 0; j <= i; j++) sum += A[i * n + j] * v[j];
        for (let j = i + 1; j < k; j++) sum += A[j * n + i] * v[j];
        w[i] = factor * sum;
        both += w[i] * v[i];
      }
      for (let i = 0; i < k; i++) w[i] -= 0.5 * factor * both * v[i];
      for (let i = 0; i < k; i++)
        for (let j = 0; j <= i; j++) A[i * n + j] -= v[i] * w[j] + w[i] * v[j];
    }
    if (n) main[0] = A[0];
    for (let first = 0; first < n; first++) {
      for (let turns = 0; turns < 60; turns++) {
        let end = first;
        while (end < n - 1 && Math.abs(next[end]) > 2 ** -53 * (Math.abs(main[end]) + Math.abs(main[end + 1]))) end++;
        if (end === first) break;
        const half = (main[first + 1] - main[first]) / (2 * next[first]);
        const root = Math.hypot(half, 1);
        let g = main[end] - main[first] + next[first] / (half + (half < 0 ? -root : root));
        let sine = 1, cosine = 1, shift = 0;
        for (let k = end - 1; k >= first; k--) {
          const f = sine * next[k], b = cosine * next[k], r = Math.hypot(f, g);
          next[k + 1] = r;
          [sine, cosine] = [f / r, g / r];
          g = main[k + 1] - shift;
          const turn = (main[k] - g) * sine + 2 * cosine * b;
          shift = sine * turn;
          main[k + 1] = g + shift;
          g = cosine * turn - b;
        }
        main[first] -= shift;
        next[first] = g;
        next[end] = 0;
      }
    }
    return main.sort();
  }

  /* The law of the bulk for rows by columns: its ends, and its density between them. */
  function bulk(ratio) {
    const root = Math.sqrt(ratio), ends = [(1 - root) ** 2, (1 + root) ** 2];
    const density = (x) => Math.sqrt(Math.max(0, (ends[1] - x) * (x - ends[0]))) / (2 * Math.PI * ratio * x);
    return { ends, density };
  }
  /* Where theory puts the eigenvalue of a constant in entries of variance 1, with its standard
   * deviation to leading order; undefined below the threshold. With the strength t = rows · constant²
   * and u, v the directions of equal entries, it solves t (uᵀ G u)(vᵀ G v) = 1, where G are the
   * resolvents of the noise; what u and v do not average out in them is the deviation. */
  function spike(rows, columns, constant) {
    const ratio = rows / columns, t = rows * constant ** 2;
    const found = { threshold: (rows * columns) ** -0.25 };
    if (t > Math.sqrt(ratio)) {
      found.place = (1 + t) * (ratio + t) / t;
      found.deviation = Math.sqrt(2 * (t * t - ratio) * (2 * t + 1 + ratio) / columns) / t;
    }
    return found;
  }
  /* The mean and deviation of the largest eigenvalue of the noise alone, by Tracy and Widom. */
  function edge(rows, columns) {
    const [a, b] = [Math.sqrt(rows - 0.5), Math.sqrt(columns - 0.5)];
    const scale = (a + b) * Math.cbrt(1 / a + 1 / b) / columns;
    return { place: (a + b) ** 2 / columns - 1.206533574582 * scale, deviation: 1.268034 * scale };
  }
  /* Python that prints the largest eigenvalue which the page shows. */
  function program({ law, ratio, mu, draw }, largest) {
    const drawn = {
      gauss: "rng.standard_normal(shape)",
      sign: "np.where(rng.random(shape) < 0.5, -1.0, 1.0)",
      uniform: "rng.uniform(-np.sqrt(3), np.sqrt(3), shape)",
      none: "np.zeros(shape)",
    }[law];
    return `import numpy as np

rng, shape = np.random.default_rng(${draw}), (${Math.round(ratio * COLUMNS)}, ${COLUMNS})
x = ${drawn} + ${mu}
values = np.linalg.eigvalsh(x @ x.T / ${COLUMNS})
print(f"{values[-1]:.6f}")  # ${Math.max(0, largest).toFixed(6)}`;
  }
  figures.spectrum = { COLUMNS, normal, entries, gram, eigvalsh, bulk, spike, edge, program };

  figures.define("spectrum", (figure) => {
    const END = 6, TOP = 1.5, STEP = 0.1;
    const laws = { gauss: "Gaussian", sign: "±1", uniform: "uniform", none: "all 0" };
    figure.radios("law", "Entries", laws, "gauss");
    figure.slider("mu", "Added constant", {
      values: range(0, 0.5, 0.01), value: 0.2, text: (v) => v.toFixed(2), said: (v) => `${v} added to every entry`,
    });
    figure.slider("ratio", "Rows per column", {
      values: range(0.05, 1, 0.05), value: 0.5, text: (v) => v.toFixed(2), said: (v) => `${Math.round(v * COLUMNS)} rows, ${COLUMNS} columns`,
    });
    figure.whole("draw", 1, 0, 1e6);
    figure.button("New draw", () => figure.moved({ draw: figure.state.draw + 1 }));
    const panel = figure.panel("Eigenvalues of one random matrix", "bars: this matrix; line: the law of Marchenko and Pastur, nothing fitted",
      (wide) => Math.max(230, Math.min(0.42 * wide, 300)));

    let X, plot;
    figure.draw = (changed) => {
      const { law, ratio, mu, draw } = figure.state, rows = Math.round(ratio * COLUMNS);
      const wanted = rows * COLUMNS, again = changed.has("law") || changed.has("draw");
      if (!X || again || X.length < wanted) X = entries(law, X ? COLUMNS * COLUMNS : wanted, draw);
      const values = eigvalsh(gram(X, rows, COLUMNS, mu), rows), largest = values[rows - 1];
      if (changed.has("size")) plot = figure.axes(panel, {
        x: [0, END], y: [0, TOP], xticks: range(0, END), yticks: [0, 0.5, 1, 1.5], xname: "eigenvalue of XXᵀ/n", yname: "density", grid: "y",
      });
      plot.inside.replaceChildren(...histogram(values));
      plot.above.replaceChildren();
      const { ends, density } = bulk(ratio), theory = spike(rows, COLUMNS, mu), alone = law === "none";
      if (!alone) {
        const points = range(0, 120).map((k) => ends[0] + (ends[1] - ends[0]) * (1 - Math.cos(Math.PI * k / 120)) / 2);
        plot.inside.append(svg("path", { class: "curve s2", d: line(points.map((v) => [plot.x(v), plot.y(Math.min(2 * TOP, v > 0 ? density(v) : 2 * TOP))])) }));
      }
      const size = alone ? { place: rows * mu ** 2, deviation: 0 } : theory;
      if (size.place) mark(largest, size);
      words({ law, ratio, mu, draw, rows, values, ends, theory, alone });
    };

    function histogram(values) {
      const counts = new Float64Array(Math.round(END / STEP));
      for (const value of values) if (value < END) counts[Math.floor(Math.max(0, value) / STEP)]++;
      const wide = plot.x(STEP) - plot.x(0);
      return [...counts].flatMap((count, k) => {
        const tall = plot.y(0) - plot.y(Math.min(TOP, count / (values.length * STEP)));
        return count ? [svg("rect", { class: "f1", x: plot.x(k * STEP) + 0.5, y: plot.y(0) - tall, width: Math.max(1, wide - 1), height: tall })] : [];
      });
    }
    /* Point at the eigenvalue of the constant, and at the range in which theory expects it. */
    function mark(value, { place, deviation }) {
      const [, top, right, bottom] = plot.box, out = value >= END, x = out ? right - 7 : plot.x(value), y = bottom - 40;
      const [low, high] = [place - deviation, place + deviation].map((one) => plot.x(Math.min(one, END)));
      if (high > low) plot.above.append(svg("path", {
        class: "curve s2", d: `M${low},${y - 9}v8m0,-4H${high}${high < right ? "m0,-4v8" : ""}`,
      }));
      plot.above.append(svg("path", { class: "f2", d: out ? `M${x - 6},${y - 11}l12,6l-12,6z` : `M${x},${bottom - 22}l-6,-11h12z` }));
      const said = deviation ? [`here ${number(value)}`, `theory ${number(place)} ± ${number(deviation, 2)}`] : [`one eigenvalue: ${number(value)}`];
      said.forEach((one, k) => plot.above.append(placed(one, [[x, y - 20 - 16 * (said.length - 1 - k), "middle"], [right - 4, y - 20 - 16 * (said.length - 1 - k), "end"]], [], [plot.box[0], top - 20, right, bottom])));
    }
    function words({ law, ratio, mu, draw, rows, values, ends, theory, alone }) {
      const largest = values[rows - 1], limit = number(theory.threshold, 3), close = edge(rows, COLUMNS);
      const constant = alone
        ? `All entries are ${mu}: ${mu ? `one eigenvalue is ${number(largest, 4)}, the others are 0. A spike without a bulk` : "all eigenvalues are 0"}.`
        : theory.place
          ? `The constant ${mu} is above the threshold ${limit}: theory puts one eigenvalue at ${number(theory.place)}, give or take ${number(theory.deviation, 2)}; here it is at ${number(largest)}. The bulk of the law ends at ${number(ends[1])}.`
          : `${mu ? `The constant ${mu} is below the threshold ${limit}` : "No constant is added"}: theory puts no eigenvalue outside the bulk, which ends at ${number(ends[1])}; here the largest is ${number(largest)}.`;
      figure.say(constant);
      figure.tell(panel, `Histogram of the ${rows} eigenvalues of a matrix with ${rows} rows and ${COLUMNS} columns${alone ? "" : ", with the curve of Marchenko and Pastur"}. ${constant}`);
      const row = (name, here, law, error) => [name, here, law, error];
      figure.table(`${rows} × ${COLUMNS} entries, ${laws[law]}, plus ${mu}`, ["Eigenvalue", "This matrix", "Theory", "Its scatter at this size"], [
        row("Largest", number(largest, 6), ...(alone ? [number(rows * mu ** 2, 6), "0"]
          : theory.place ? [number(theory.place, 6), `± ${number(theory.deviation, 2)}`]
            : [number(ends[1], 6), `${number(close.place)} ± ${number(close.deviation, 2)}`])),
        ...(rows > 1 ? [row("Second largest", number(Math.max(0, values[rows - 2]), 6), alone ? "0" : number(ends[1], 6), alone ? "0" : `${number(close.place)} ± ${number(close.deviation, 2)}`)] : []),
        row("Smallest", alone ? "0" : number(values[0], 6), alone ? "0" : number(ends[0], 6), ""),
        row("Mean", number(values.reduce((sum, value) => sum + value, 0) / rows, 6), number((alone ? 0 : 1) + mu ** 2, 6), alone ? "0" : ""),
        row("Threshold of the constant", number(mu, 2), alone ? "0" : number(theory.threshold, 6), ""),
      ]);
      figure.python(program({ law, ratio, mu, draw }, largest));
    }
  });
})();
