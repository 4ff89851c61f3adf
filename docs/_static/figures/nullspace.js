/* The null-space walk: a digit goes towards another one along directions that a layer does not see. */
(() => {
  "use strict";
  const { Rng, number, range, svg } = figures;
  const PIXELS = 64;

  /* The weight of a layer: for each unit a row of 64 numbers. */
  function layer(kind, units, seed) {
    const rng = new Rng(seed);
    const odd = (bits) => { let ones = 0; for (; bits; bits &= bits - 1) ones ^= 1; return ones; };
    const entry = {
      half: () => 0.5,
      hadamard: (unit, pixel) => (odd(unit & pixel) ? -0.5 : 0.5),
      random: () => rng.uniform(-1, 1),
    }[kind];
    return Array.from({ length: units }, (_, unit) =>
      Float64Array.from({ length: PIXELS }, (_, pixel) => entry(unit, pixel)));
  }
  const dot = (a, b) => a.reduce((sum, value, k) => sum + value * b[k], 0);
  const norm = (a) => Math.sqrt(dot(a, a));
  /* What is left of x without its parts along orthonormal vectors; twice, as once leaves rounding. */
  function beside(vectors, x) {
    const rest = Float64Array.from(x);
    for (let twice = 0; twice < 2; twice++)
      for (const vector of vectors) {
        const part = dot(vector, rest);
        for (let k = 0; k < PIXELS; k++) rest[k] -= part * vector[k];
      }
    return rest;
  }
  /* Orthonormal vectors that span the rows: as many as the rank. */
  function rowSpace(rows) {
    const found = [];
    for (const row of rows) {
      const rest = beside(found, row), size = norm(rest);
      if (size > 1e-10 * norm(row)) found.push(rest.map((value) => value / size));
    }
    return found;
  }
  /* The walk: all of the way from one image to another that the layer does not see. */
  function walk(rows, from, to) {
    const space = rowSpace(rows), way = to.map((value, k) => value - from[k]);
    const lost = space.length < PIXELS ? beside(space, way) : new Float64Array(PIXELS);
    return { rank: space.length, lost, reach: norm(lost) / norm(way) };
  }
  const part = (share, reach) => `${(share * reach).toFixed(1)} %`;
  /* Python that prints the part of the way which the page shows. */
  function program({ layer: kind, units, walk: share, draw }, samples, reach) {
    const weight = {
      half: `np.full((${units}, 64), 0.5)`,
      random: `np.random.default_rng(${draw}).uniform(-1, 1, (${units}, 64))`,
      hadamard: `hadamard(64)[:${units}] / 2`,
    }[kind];
    return `import numpy as np
from sklearn.datasets import load_digits
${kind === "hadamard" ? "from symlib.designs import hadamard\n" : ""}from symlib.nullspace import metamer

three, eight = load_digits().data[[${samples.join(", ")}]] / 16
weight = ${weight}
way = metamer(weight, [three], [eight])[0] - three
moved = three + ${share / 100} * way
print(f"{np.linalg.norm(moved - three) / np.linalg.norm(eight - three):.1%}")  # ${part(share, reach).replace(" ", "")}
print(np.abs(weight @ moved - weight @ three).max())  # rounding`;
  }
  figures.nullspace = { layer, walk, program };

  figures.define("nullspace", (figure) => {
    const [from, to] = figure.data.images.map((image) => image.map((value) => value / 16));
    const names = ["a 3", "the 3, moved", "an 8"];
    const words = { half: "all 0.5", random: "random", hadamard: "Hadamard rows" };
    figure.radios("layer", "Weights", words, "random");
    figure.slider("units", "Units", {
      values: range(1, PIXELS), value: 8, said: (v) => `${v} unit${v > 1 ? "s" : ""} for 64 pixels`,
    });
    figure.slider("walk", "Walk", {
      values: range(0, 100), value: 100, text: (v) => `${v} %`, said: (v) => `${v} % of the invisible way`,
    });
    figure.whole("draw", 1, 0, 1e6);
    figure.button("New random weights", () => figure.moved({ layer: "random", draw: figure.state.draw + 1 }));
    figure.play("walk", range(0, 100));
    const pictures = figure.panel("The images", "", (wide) => cell(wide) * 8 + 24);
    const outputs = figure.panel("What the layer passes on", "", () => 200);
    outputs.note.append(
      key("f1"), " the 3\u2003", key("s2 soft f2"), " the 3, moved\u2003", key("ghost", "M0,6h14"), " the 8");

    function key(style, path = "M2,1h10v10h-10z") {
      return svg("svg", { class: "key", width: 14, height: 12, "aria-hidden": "true" }, svg("path", { class: style, d: path }));
    }
    const cell = (wide) => Math.max(4, Math.floor((Math.min(wide, 560) - 28) / 24));

    let rows, found, before, goal, plot;
    figure.draw = (changed) => {
      const { layer: kind, units, walk: share, draw } = figure.state;
      if (["layer", "units", "draw"].some((one) => changed.has(one)) || !rows) {
        rows = layer(kind, units, draw);
        found = walk(rows, from, to);
        [before, goal] = [from, to].map((image) => rows.map((row) => dot(row, image)));
      }
      const image = from.map((value, k) => value + (share / 100) * found.lost[k]);
      const after = rows.map((row) => dot(row, image));
      const change = Math.max(...after.map((value, unit) => Math.abs(value - before[unit])));
      const clipped = paint([from, image, to]);
      const top = [2, 5, 10].find((one) => one >= Math.max(...[...before, ...goal].map(Math.abs))) ?? 20;
      plot = figure.axes(outputs, {
        x: [0.5, units + 0.5], y: [-top, top], xticks: units > 1 ? [1, units] : [1], yticks: [-top, 0, top],
        grid: "y", xname: "unit", left: 30,
      });
      bars(after);

      const way = part(share, found.reach);
      const seen = `${units} unit${units > 1 ? "s" : ""} (${words[kind]}) of rank ${found.rank}: ${PIXELS - found.rank} of 64 directions are invisible.`;
      const beyond = clipped ? `${clipped} pixel${clipped > 1 ? "s" : ""} clipped: below blank (−), above ink (+)` : "no pixel is clipped";
      pictures.note.textContent = beyond;
      figure.say(`${seen} The 3 went ${way} of the way to the 8, and no output changed${change ? ` by more than ${number(change, 1)} (rounding)` : ""}.`);
      figure.tell(pictures, `Three images of 8 by 8 pixels: a 3, the same 3 moved ${way} of the way to an 8, and the 8. In the moved one, ${beyond}.`);
      figure.tell(outputs, `Outputs of ${units} units. Those of the 3 and of the moved 3 differ by ${number(change, 1)} at most, those of the 3 and of the 8 by ${number(Math.max(...goal.map((v, unit) => Math.abs(v - before[unit]))), 2)}.`);
      figure.table(`Rank ${found.rank}; ${way} of the way`, ["Unit", "Output for the 3", "for the moved 3", "for the 8"],
        before.map((value, unit) => [`${unit + 1}`, ...[value, after[unit], goal[unit]].map((v) => number(v, 6))]));
      figure.python(program(figure.state, figure.data.samples, found.reach));
    };

    /* Paint the images; return in how many pixels the second one leaves the range of gray. */
    function paint(images) {
      const size = cell(pictures.width), gap = Math.floor((Math.min(pictures.width, 560) - 24 * size) / 2);
      const shapes = [], marks = [];
      images.forEach((image, which) => {
        const left = which * (8 * size + gap);
        image.forEach((value, k) => {
          const x = left + (k % 8) * size, y = (k >> 3) * size, gray = Math.max(0, Math.min(1, value));
          shapes.push(svg("rect", {
            x, y, width: size, height: size, class: "inkfill", "fill-opacity": gray.toFixed(3), "shape-rendering": "crispEdges",
          }));
          if (Math.abs(value - gray) < 1e-9) return;
          const [cx, cy, arm] = [x + size / 2, y + size / 2, size / 4];
          marks.push(svg("path", { class: "curve s2", "stroke-width": 1.6, d: `M${cx - arm},${cy}h${2 * arm}${value > 1 ? `M${cx},${cy - arm}v${2 * arm}` : ""}` }));
        });
        shapes.push(svg("rect", { class: "frame", x: left + 0.5, y: 0.5, width: 8 * size - 1, height: 8 * size - 1 }),
          svg("text", { x: left + 4 * size, y: 8 * size + 17, "text-anchor": "middle" }, names[which]));
      });
      pictures.svg.replaceChildren(...shapes, ...marks);
      return marks.length;
    }
    function bars(after) {
      const wide = plot.x(2) - plot.x(1), bar = Math.min(20, 0.38 * wide), zero = plot.y(0);
      const second = bar < 4 ? "f2" : "s2 soft f2";
      plot.inside.replaceChildren(svg("line", { class: "now", x1: plot.box[0], x2: plot.box[2], y1: zero, y2: zero }));
      before.forEach((value, unit) => {
        const x = plot.x(unit + 1), box = (v, left, style) => svg("rect", {
          class: style, x: left, y: Math.min(plot.y(v), zero), width: bar, height: Math.abs(plot.y(v) - zero) });
        plot.inside.append(box(value, x - bar, "f1"), box(after[unit], x, second),
          svg("path", { class: "ghost", d: `M${x - bar - 1},${plot.y(goal[unit])}h${2 * bar + 2}` }));
      });
    }
  });
})();
