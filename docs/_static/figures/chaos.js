/* Order and chaos: what a layer does to the correlation of two inputs, and what many layers do.
 * Nothing is computed here: the library computed every number when the site was built. */
(() => {
  "use strict";
  const { number, range, ticks, line, svg, placed } = figures;

  /* Numbers from whole ten-thousandths that are differences of differences along the last axis. */
  function unpack(values) {
    if (Array.isArray(values[0])) return values.map(unpack);
    let step = 0, sum = 0;
    return values.map((value) => { step += value; sum += step; return sum / 1e4; });
  }
  /* All numbers of the data, as they were. */
  function read(data) {
    const [grid, slope, end, map, theory, off] = ["grid", "slope", "end", "map", "theory", "off"]
      .map((key) => (key === "grid" ? data.grid.map((value) => value / 1e4) : unpack(data[key])));
    const networks = off.map((layers, start) => [theory[start][0],
      ...layers.map((one, i) => one.map((value, k) => value + theory[start][2 * i + 2][k]))]);
    return { grid, slope, end, map, theory, networks }; /* networks: of every second layer */
  }
  /* Python that prints what the correlations have become at the end, and what they would become. */
  function program(data, k) {
    const { theory, end, slope } = read(data), last = theory.map((layers) => layers.at(-1)[k].toFixed(4));
    return `import numpy as np
from symlib.propagation import correlation_map, fixed_point

network = {"weight_variance": ${data.sigma[k]}**2, "bias_variance": ${data.bias}, "activation": "tanh"}
end = fixed_point(**network)
c = np.array([${data.start.join(", ")}])
for _ in range(${theory[0].length - 1}):
    c = correlation_map(c, end.length, **network)
print(*(f"{one:.4f}" for one in c))  # ${last.join(" ")}
print(f"{end.correlation:.4f} {end.slope:.4f}")  # ${end[k].toFixed(4)} ${slope[k].toFixed(4)}`;
  }
  figures.chaos = { read, program };

  figures.define("chaos", (figure) => {
    const { data } = figure, { grid, slope, end, map, theory, networks } = read(data);
    const depth = theory[0].length - 1, styles = ["s2", "s3"], fills = ["f2", "f3"], dashes = [null, "7 3"];
    const four = (v) => v.toFixed(4);
    figure.slider("sigma", "Scale σ of the weights", {
      values: data.sigma, value: data.sigma[0], text: (v) => v.toFixed(1), said: (v) => `sigma ${v.toFixed(1)}`,
    });
    const square = (wide) => Math.min(wide, 340);
    const left = figure.panel("One layer", "line: correlation after a layer; stairs: layer after layer", square);
    const right = figure.panel("Through the layers", `lines: theory; dots and squares: ${data.networks} networks`, square);

    let stairs, paths;
    figure.draw = (changed) => {
      const k = data.sigma.indexOf(figure.state.sigma);
      if (changed.has("size")) {
        const unit = { y: [0, 1], yticks: [0, 0.5, 1] };
        stairs = figure.axes(left, { ...unit, x: [0, 1], xticks: [0, 0.5, 1], xname: "correlation before", yname: "after" });
        paths = figure.axes(right, { ...unit, x: [0, depth], xticks: ticks(0, depth), xname: "layer", yname: "correlation" });
      }
      const to = ([x, y]) => [stairs.x(x), stairs.y(y)];
      const curve = (style, points, dash) => svg("path", { class: `curve ${style}`, d: line(points), "stroke-dasharray": dash });
      stairs.inside.replaceChildren(
        svg("path", { class: "ghost", d: line([[0, 0], [1, 1]].map(to)) }),
        curve("s1", grid.map((c, i) => to([c, map[i][k]]))),
        ...theory.map((layers, start) => curve(styles[start], layers.flatMap((c, layer) => {
          const next = layers[layer + 1];
          return [to([c[k], c[k]]), ...(next ? [to([c[k], next[k]])] : [])];
        }), dashes[start])));
      paths.inside.replaceChildren(
        svg("path", { class: "ghost", d: line([[0, end[k]], [depth, end[k]]].map(([x, y]) => [paths.x(x), paths.y(y)])) }),
        ...theory.map((layers, start) => curve(styles[start], layers.map((c, layer) => [paths.x(layer), paths.y(c[k])]), dashes[start])));
      const dot = (start, x, y) => (start
        ? svg("rect", { class: fills[start], x: x - 3.2, y: y - 3.2, width: 6.4, height: 6.4 })
        : svg("circle", { class: fills[start], cx: x, cy: y, r: 3.6 }));
      const taken = [], spots = [];
      stairs.above.replaceChildren(...theory.map((layers, start) => dot(start, ...to([layers[0][k], layers[0][k]]))));
      paths.above.replaceChildren(...networks.flatMap((layers, start) => layers.map((c, i) => {
        const [x, y] = [paths.x(2 * i), paths.y(c[k])];
        taken.push([x - 8, y - 6, x + 8, y + 6]);
        return dot(start, x, y);
      })));
      const y = paths.y(end[k]);
      taken.push([paths.box[0], y - 2, paths.box[2], y + 2]);
      for (const far of [-10, 18, -24, 32, ...range(-40, -152, -14)])
        for (const [side, anchor] of [[2, "end"], [0, "start"]]) spots.push([paths.box[side] + 6 - 6 * side, y + far, anchor]);
      paths.above.append(placed(end[k] === 1 ? "all become one" : `all end at ${number(end[k])}`, spots, taken, paths.box));
      words(k);
    };
    function words(k) {
      const side = slope[k] < 1 ? "order" : "chaos", last = theory.map((layers) => layers[depth][k]);
      const seen = networks.map((layers) => layers.at(-1)[k]);
      const [low, high] = data.start;
      const outcome = slope[k] < 1 ? "All inputs become one." : `All pairs end at the correlation ${number(end[k])}, however alike they were.`;
      figure.say(`σ = ${data.sigma[k].toFixed(1)}: ${side}, χ₁ = ${slope[k].toFixed(2)}. After ${depth} layers the correlation ${low} has become ${number(last[0])} and ${high} has become ${number(last[1])}; in the networks ${number(seen[0])} and ${number(seen[1])}. ${outcome}`);
      figure.tell(left, `The map of the correlation from one layer to the next for σ = ${data.sigma[k].toFixed(1)}, with stairs from ${low} and from ${high} that lead to ${number(end[k])}.`);
      figure.tell(right, `Correlation through ${depth} layers: from ${low} to ${number(last[0])} and from ${high} to ${number(last[1])}; points of networks lie on the lines of the theory.`);
      figure.table(`σ = ${data.sigma[k].toFixed(1)}; networks: means of ${data.networks} of width ${data.width}, standard errors up to ${data.error}`,
        ["Layer", `From ${low}: theory`, "networks", `From ${high}: theory`, "networks"],
        range(0, depth, 2).map((layer) => [String(layer), ...[0, 1].flatMap((start) => [theory[start][layer][k], networks[start][layer / 2][k]].map(four))]));
      figure.python(program(data, k));
    }
  });
})();
