/* Order and chaos: lengths and correlations of inputs through depth. Lines are the maps of infinitely
 * wide layers, as symlib.propagation has them; points are one random network. */
(() => {
  "use strict";
  const { Rng, number, minus, range, ticks, line, svg, placed } = figures;

  /* Means over a normal number z: sums over points 1/10 apart, which for tanh(√q z) are exact to
   * exp(-π² 10 / √q). tanh is odd, so that points above 0 are enough, with twice the weight. */
  const POINTS = range(0.05, 11.95, 0.1);
  const WEIGHTS = POINTS.map((z) => 0.2 * Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI));
  /* 150 orthonormal Hermite polynomials, of odd order, times the weights. */
  const HERMITE = (() => {
    const rows = [];
    let before = POINTS.map(() => 0), now = POINTS.map(() => 1);
    for (let k = 0; k < 300; k++) {
      if (k % 2) rows.push(now.map((h, j) => h * WEIGHTS[j]));
      [before, now] = [now, now.map((h, j) => (POINTS[j] * h - Math.sqrt(k) * before[j]) / Math.sqrt(k + 1))];
    }
    return rows;
  })();
  const dot = (a, b) => a.reduce((sum, v, j) => sum + v * b[j], 0);

  /* For sums of length q: means of φ² and φ'², and product(c), that of φ φ for the correlation c. */
  const ACTIVATIONS = {
    tanh(q) {
      const values = POINTS.map((z) => Math.tanh(Math.sqrt(q) * z));
      const square = dot(WEIGHTS, values.map((t) => t * t));
      const slope = dot(WEIGHTS, values.map((t) => (1 - t * t) ** 2));
      let parts; /* Mehler's formula: a power of c times the square of each coefficient */
      const product = (c) => {
        parts ??= HERMITE.map((row) => dot(row, values) ** 2);
        const rest = square - parts.reduce((a, b) => a + b);
        return c * parts.reduceRight((sum, part) => sum * c * c + part, rest);
      };
      return { square, slope, product };
    },
    relu(q) {
      const product = (c) => {
        const angle = Math.acos(c);
        return (q / 2) * (c + (Math.sin(angle) - angle * c) / Math.PI);
      };
      return { square: q / 2, slope: 1 / 2, product };
    },
  };
  const PHI = { tanh: Math.tanh, relu: (z) => Math.max(z, 0) };

  /* The map of the correlation at a length: what a layer makes of it. */
  function layer({ phi, weights, biases }, q) {
    const { square, product } = ACTIVATIONS[phi](q), next = weights * square + biases;
    return { next, map: (c) => Math.min(1, (weights * product(c) + biases) / next) };
  }
  /* Lengths, and correlations of pairs, from layer to layer; the first length is 1. */
  function follow(state, starts) {
    const lengths = [1], paths = starts.map((c) => [c]), maps = [];
    for (let l = 0; l < state.depth; l++) {
      const { next, map } = layer(state, lengths[l]);
      maps.push(map);
      lengths.push(next);
      for (const path of paths) path.push(map(path[l]));
    }
    return { lengths, paths, maps };
  }

  /* Where a decreasing function has its zero. */
  function zero(f, low, high) {
    for (let i = 0; i < 90; i++) {
      const middle = (low + high) / 2;
      if (f(middle) > 0) low = middle;
      else high = middle;
    }
    return (low + high) / 2;
  }
  const NEAR = 1e-5; /* χ₁ this close to 1 is the border */
  /* Where depth leads: the length, the correlation (NaN where it depends on the start), and χ₁. */
  function end({ phi, weights, biases }) {
    if (phi === "relu") {
      const slope = weights / 2, kept = slope === 1 && !biases;
      return { length: kept ? 1 : slope < 1 ? biases / (1 - slope) : Infinity, correlation: 1, slope };
    }
    if (!biases && weights <= 1) return { length: 0, correlation: NaN, slope: weights };
    const change = (log) => (weights * ACTIVATIONS.tanh(Math.exp(log)).square + biases) / Math.exp(log) - 1;
    const length = Math.exp(zero(change, -12, Math.log(weights + biases)));
    const slope = weights * ACTIVATIONS.tanh(length).slope, { map } = layer({ phi, weights, biases }, length);
    if (slope < 1 + NEAR) return { length, correlation: 1, slope };
    return { length, correlation: biases ? zero((c) => map(c) - c, 0, 1 - 1e-9) : 0, slope };
  }
  /* The weight variance at which tanh is on the border, to six digits. */
  function border(biases) {
    if (!biases) return 1;
    const q = zero((q) => {
      const { square, slope } = ACTIVATIONS.tanh(q);
      return biases - q + square / slope;
    }, 0, 20);
    return Number((1 / ACTIVATIONS.tanh(q).slope).toFixed(6));
  }

  /* One network of finite width. Given the layer before, the sums of two inputs at a unit are
   * normal with covariances that are known. The first input is that of both pairs, and the normal
   * numbers are kept, so that all settings share them. */
  const WIDTH = 500, kept = { seed: -1 };
  function normals(seed, depth) {
    if (kept.seed !== seed) Object.assign(kept, { seed, rng: new Rng(seed), layers: [] });
    const { rng, layers } = kept;
    while (layers.length < depth)
      layers.push(Array.from({ length: WIDTH }, () => {
        const far = Math.sqrt(-2 * Math.log(1 - rng.random())), turn = 2 * Math.PI * rng.random();
        return [far * Math.cos(turn), far * Math.sin(turn)];
      }));
    return layers;
  }
  function network({ phi, weights, biases, depth, draw }, starts) {
    const layers = normals(draw, depth), f = PHI[phi], lengths = [1], paths = starts.map((c) => [c]);
    let others = starts.map(() => 1);
    for (let l = 0; l < depth; l++) {
      const root = Math.sqrt(lengths[l]), first = layers[l].map(([z]) => f(root * z));
      const mean = (values) => (weights * values) / WIDTH + biases;
      const next = mean(dot(first, first));
      others = others.map((length, i) => {
        const c = paths[i][l], r = Math.sqrt(length), s = Math.sqrt(1 - c * c);
        const second = layers[l].map(([z, rest]) => f(r * (c * z + s * rest)));
        const far = mean(dot(second, second));
        paths[i].push(Math.min(1, mean(dot(first, second)) / Math.sqrt(next * far)));
        return far;
      });
      lengths.push(next);
    }
    return { lengths, paths };
  }
  /* A correlation as text, also very close to 1. */
  const shown = (c) => (c < 1 && c > 0.9995 ? `1 − ${number(1 - c, 2)}` : number(c));
  /* What holds in infinitely wide layers, in words: of pairs, and of lengths. */
  function regime(state) {
    const { biases, weights } = state, { length, correlation, slope } = end(state), relu = state.phi === "relu";
    const chi = `χ₁ = ${number(slope, 4)}`, settles = `The length settles at ${number(length)}.`;
    if (relu && !biases)
      return ["no chaos: without biases all scales of the weights take a pair the same way, and all pairs merge",
        slope === 1 ? "Each length is kept." : `Each layer multiplies the length by ${number(slope, 4)}.`];
    if (relu && slope >= 1)
      return [`no chaos, although ${chi}: the length grows without end, the biases no longer count, and all pairs merge`,
        slope > 1 ? `Each layer multiplies the length by more than ${number(slope, 4)}.` : `Each layer adds ${biases} to the length.`];
    if (!length)
      return weights === 1
        ? [`end of the border, ${chi}: a correlation hardly moves, and rests where its start decides`, "The length fades like 1/(2 depth)."]
        : ["neither order nor chaos: signals fade to where tanh is a straight line, and a correlation rests where its start decides", "The length fades to 0."];
    if (Math.abs(slope - 1) <= NEAR) return [`border, ${chi}: all pairs merge, but 1 − c only falls like 1/depth`, settles];
    if (slope < 1) return [`order, ${chi}: all pairs merge`, settles];
    return [`chaos, ${chi}: all pairs end at the correlation ${shown(correlation)}; closer ones part, others approach`, settles];
  }
  const power = (x) => (isFinite(x) ? x.toExponential(3).replace(/([+-])(\d)$/, "$10$2") : "inf");
  const four = (x) => (isNaN(x) ? "nan" : x.toFixed(4));
  /* Python that prints where the lines end, and where they would. */
  function program(state, starts) {
    const { paths, lengths } = follow(state, starts), { length, correlation, slope } = end(state);
    return `import numpy as np
from symlib.propagation import correlation_map, fixed_point, length_map

network = {"weight_variance": ${state.weights}, "bias_variance": ${state.biases}, "activation": "${state.phi}"}
c, q = np.array([${starts.join(", ")}]), 1.0
for _ in range(${state.depth}):
    c, q = correlation_map(c, q, **network), length_map(q, **network)
print(*(f"{one:.4f}" for one in c))  # ${paths.map((path) => four(path.at(-1))).join(" ")}
print(f"{q:.3e}")  # ${power(lengths.at(-1))}
end = fixed_point(**network)
print(f"{end.length:.3e} {end.correlation:.4f} {end.slope:.4f}")  # ${power(length)} ${four(correlation)} ${four(slope)}`;
  }
  figures.chaos = { follow, end, border, network, regime, program };

  const OTHER = 0.2; /* the correlation with which the second pair begins */
  const BIASES = [0, 0.01, 0.05, 0.1, 0.2, 0.5, 1];

  figures.define("chaos", (figure) => {
    const variances = [...range(0.2, 4, 0.1), ...range(4.5, 8, 0.5), ...BIASES.slice(1).map(border)].sort((a, b) => a - b);
    figure.radios("phi", "Activation", { tanh: "tanh", relu: "ReLU" }, "tanh");
    figure.slider("weights", "Weights σ²", { values: variances, value: 4, text: (v) => number(v, 4) });
    figure.slider("biases", "Biases σ²", { values: BIASES, value: 0.05 });
    figure.slider("start", "Start", {
      values: [-0.9, -0.5, 0, 0.5, 0.8, 0.9, 0.95, 0.99, 0.999, 0.9999, 0.99999, 0.999999], value: 0.99,
      text: (v) => minus(`c = ${v}`), said: (v) => `correlation ${v}, ${number((Math.acos(v) * 180) / Math.PI, 2)} degrees apart`,
    });
    figure.slider("depth", "Depth", { values: range(5, 50, 5), value: 20, text: (v) => `${v} layers` });
    figure.whole("draw", 1, 0, 1e6);
    figure.button("New draw", () => figure.moved({ draw: figure.state.draw + 1 }));
    const left = figure.panel("One layer", "line: the first layer; dotted: the last; stairs: layer after layer", (wide) => Math.min(wide, 340));
    const right = figure.panel("Correlation", `lines: infinite width; dots and squares: one network of width ${WIDTH}`, () => 190);
    const below = figure.panel("Length", "mean square of the sums of a unit", () => 130);
    const styles = ["s2", "s3", "s1"], dashes = [null, "7 3"];

    figure.draw = () => {
      const { state } = figure, { depth } = state, starts = [OTHER, state.start];
      const theory = follow(state, starts), found = network(state, starts);
      const every = Math.ceil(depth / 10), some = range(0, Math.floor(depth / every) * every, every);
      const least = Math.min(...[theory, found].flatMap(({ paths }) => paths.flat()));
      const low = least < -0.1 ? -1 : least < 0 ? -0.2 : 0, unit = [low, 1], round = [-1, 0, 0.5, 1].filter((v) => v >= low);
      const stairs = figure.axes(left, { x: unit, y: unit, xticks: round, yticks: round, xname: "correlation before", yname: "after", left: 44 });
      const deep = { x: [0, depth], xticks: ticks(0, depth), left: 44 };
      const paths = figure.axes(right, { ...deep, y: unit, yticks: round, yname: "correlation" });
      const logs = theory.lengths.concat(found.lengths).map(Math.log10);
      const tall = [Math.min(-1, Math.floor(Math.min(...logs))), Math.max(1, Math.ceil(Math.max(...logs)))];
      const lengths = figure.axes(below, {
        ...deep, y: tall, yticks: tall[1] - tall[0] > 4 ? tall : [tall[0], 0, tall[1]], xname: "layer", yname: "length",
        ytext: (k) => (Math.abs(k) < 4 ? String(10 ** k) : minus(`1e${k}`)),
      });
      const curve = (style, points, dash) => svg("path", { class: style, d: line(points), "stroke-dasharray": dash });
      const mark = (start, x, y) => (start === 1
        ? svg("rect", { class: "f3", x: x - 3.2, y: y - 3.2, width: 6.4, height: 6.4 })
        : svg("circle", { class: start ? "f1" : "f2", cx: x, cy: y, r: 3.6 }));

      const to = ([x, y]) => [stairs.x(x), stairs.y(y)], grid = range(0, 40).map((i) => 1 - (1 - low) * (1 - i / 40) ** 1.5);
      const drawn = (map) => grid.map((c) => to([c, map(c)]));
      stairs.inside.append(curve("ghost", [[low, low], [1, 1]].map(to)),
        curve("curve s1", drawn(theory.maps.at(-1)), "2 3"), curve("curve s1", drawn(theory.maps[0])),
        ...theory.paths.map((path, start) => curve(`curve ${styles[start]}`,
          path.flatMap((c, l) => [to([c, c]), ...(l < depth ? [to([c, path[l + 1]])] : [])]), dashes[start])));
      stairs.above.append(...starts.map((c, start) => mark(start, ...to([c, c]))));

      /* Draw a line and points; return the places that they take. */
      const show = (plot, path, points, start) => {
        const taken = [];
        plot.inside.append(curve(`curve ${styles[start]}`, path.map((v, l) => [plot.x(l), plot.y(v)]), dashes[start]));
        for (const l of range(0, depth, 0.5)) {
          const x = plot.x(l), y = plot.y((path[Math.floor(l)] + path[Math.ceil(l)]) / 2);
          taken.push([x - 4, y - 3, x + 4, y + 3]);
        }
        for (const l of some) {
          const x = plot.x(l), y = plot.y(points[l]);
          taken.push([x - 8, y - 6, x + 8, y + 6], [x - 8, y - 6, x + 8, y + 6]); /* worse than a line */
          plot.above.append(mark(start, x, y));
        }
        return taken;
      };
      /* Draw where depth leads, and say it. */
      const goal = (plot, words, value, taken) => {
        const [l, , r] = plot.box, y = plot.y(value ?? 0), spots = [];
        if (value !== undefined) {
          plot.inside.prepend(curve("ghost", [[l, y], [r, y]]));
          taken.push([l, y - 2, r, y + 2]);
        }
        for (const far of range(0, 148, 14).flatMap((d) => [-10 - d, 18 + d]))
          spots.push([r - 6, y + far, "end"], [l + 6, y + far, "start"]);
        plot.above.append(placed(words, spots, taken, plot.box));
      };
      const taken = theory.paths.flatMap((path, start) => show(paths, path, found.paths[start], start));
      const { length, correlation } = end(state), log = (values) => values.map(Math.log10);
      if (!isNaN(correlation)) goal(paths, correlation === 1 ? "all become one" : `all end at ${shown(correlation)}`, correlation, taken);
      const full = show(lengths, log(theory.lengths), log(found.lengths), 2);
      if (length > 0 && isFinite(length)) goal(lengths, length === 1 ? "is kept" : `settles at ${number(length)}`, Math.log10(length), full);
      else goal(lengths, length ? "grows without end" : "fades to 0", undefined, full);

      const setting = `${state.phi.replace("relu", "ReLU")}, weights ${number(state.weights, 4)}, biases ${state.biases}`;
      const [pairs, why] = regime(state), ends = theory.paths.map((path) => shown(path[depth]));
      const seen = found.paths.map((path) => shown(path[depth]));
      const ways = minus(`from ${starts[0]} to ${ends[0]} and from ${starts[1]} to ${ends[1]}`);
      figure.say(`${setting}, infinite width: ${pairs}. ${why} In ${depth} layers correlations went ${ways}; in the network to ${seen[0]} and ${seen[1]}.`);
      figure.tell(left, `Maps of the correlation in the first layer and in the last, with stairs ${ways}. ${setting}: ${pairs}.`);
      figure.tell(right, `Correlation through ${depth} layers: ${ways}; in the network to ${seen[0]} and ${seen[1]}.`);
      figure.tell(below, `Length through ${depth} layers: from 1 to ${number(theory.lengths[depth])}, in the network to ${number(found.lengths[depth])}. ${why}`);
      figure.table(`${setting}; infinite width, and a network of width ${WIDTH}`,
        ["Layer", `From ${starts[0]}`, "network", `From ${starts[1]}`, "network", "Length", "network"],
        some.map((l) => [String(l), ...[0, 1].flatMap((start) => [theory.paths[start][l], found.paths[start][l]].map(four)),
          number(theory.lengths[l], 4), number(found.lengths[l], 4)]));
      figure.python(program(state, starts));
    };
  });
})();
