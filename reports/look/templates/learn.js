"use strict";
// Descent on L = lowest + e·He/2 with e = (W, b) − minimum, from (0, 0), with momentum; the loss above the minimum.
function descend(bowl, rate, momentum, epochs) {
  const [ww, wb, bb] = bowl.curvature;
  let w = -bowl.minimum[0], b = -bowl.minimum[1], vw = 0, vb = 0; // the error e, and the velocity
  const path = [], excess = [];
  for (let epoch = 0; epoch <= epochs; epoch++) {
    path.push([w + bowl.minimum[0], b + bowl.minimum[1]]);
    excess.push((ww * w * w + 2 * wb * w * b + bb * b * b) / 2);
    vw = momentum * vw + ww * w + wb * b;
    vb = momentum * vb + wb * w + bb * b;
    w -= rate * vw;
    b -= rate * vb;
  }
  return { path, excess };
}

// What an epoch leaves, in the long run, of the error along an eigenvector: the larger root of z² − (1 + β − ηλ) z + β.
function factor(rate, momentum, eigenvalue) {
  const middle = (1 + momentum - rate * eigenvalue) / 2, inside = middle * middle - momentum;
  return inside < 0 ? Math.sqrt(momentum) : Math.abs(middle) + Math.sqrt(inside);
}

// A number as the page writes it: 0.123, 34.22, 3.7e7.
function brief(value) {
  if (!Number.isFinite(value)) return "∞";
  if (value === 0) return "0";
  const size = Math.abs(value);
  return size >= 1e-3 && size < 1e5 ? String(Number(value.toPrecision(4))) : value.toExponential(1).replace("+", "");
}

function verdict(bowl, percent, momentum) {
  const rate = percent / 100 * bowl.limit, most = Math.round(100 * (1 + momentum));
  const left = Math.max(factor(rate, momentum, bowl.largest), factor(rate, momentum, bowl.smallest));
  const where = `${Math.round(100 * percent / most)} % of the limit`;
  if (percent < most) return `${where}. It converges: in the long run, an epoch leaves ${brief(left)} of the error.`;
  if (percent > most) return `${where}. It diverges: in the long run, an epoch makes the error ${brief(left)} times as large.`;
  return `${where}. The steepest part of the error goes to and fro, and does not shrink.`;
}

function startSlider(box) {
  const bowl = JSON.parse(box.dataset.bowl), epochs = Number(box.dataset.epochs);
  const [rate, momentum] = ["eta", "beta"].map((id) => document.getElementById(id));
  const SIZE = { width: 320, height: 230, left: 46, bottom: 34, top: 8, right: 14 };
  const element = (name, attributes, parent) => {
    const made = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    parent.append(made);
    return made;
  };
  const across = (share) => SIZE.left + share * (SIZE.width - SIZE.left - SIZE.right);
  const up = (share) => SIZE.height - SIZE.bottom - share * (SIZE.height - SIZE.bottom - SIZE.top);
  const kept = (value) => Math.max(-2000, Math.min(2000, Number.isFinite(value) ? value : 2000)).toFixed(2);
  const line = (points) => points.map(([x, y]) => `${kept(x)},${kept(y)}`).join(" ");

  function frame(svg, x, y) {
    svg.replaceChildren();
    const clip = element("clipPath", { id: `${svg.id}-inside` }, svg);
    const area = { x: SIZE.left, y: SIZE.top, width: across(1) - SIZE.left, height: up(0) - SIZE.top };
    element("rect", area, clip);
    element("rect", { ...area, class: "frame" }, svg);
    for (const [share, text] of x) element("text", { x: across(share), y: SIZE.height - 18, "text-anchor": "middle" }, svg).textContent = text;
    for (const [share, text] of y) element("text", { x: SIZE.left - 5, y: up(share) + 4, "text-anchor": "end" }, svg).textContent = text;
    element("text", { x: across(0.5), y: SIZE.height - 3, "text-anchor": "middle" }, svg).textContent = svg.dataset.axis;
    return element("g", { "clip-path": `url(#${svg.id}-inside)` }, svg);
  }

  function drawPlane(svg, found) {
    const [[left, right], [low, high]] = [bowl.weights, bowl.biases];
    const at = ([w, b]) => [across((w - left) / (right - left)), up((b - low) / (high - low))];
    const ticks = (from, to) => [0.1, 0.9].map((share) => [share, brief(Number((from + share * (to - from)).toPrecision(2)))]);
    const inside = frame(svg, ticks(left, right), ticks(low, high));
    const [ww, wb, bb] = bowl.curvature, turn = 0.5 * Math.atan2(2 * wb, ww - bb);
    for (let level = found.excess[0], k = 0; k < 7 && level > 0; level /= 4, k++) {
      const [u, v] = [bowl.largest, bowl.smallest].map((eigenvalue) => Math.sqrt(2 * level / eigenvalue));
      const ring = Array.from({ length: 73 }, (_, i) => {
        const [c, s] = [u * Math.cos(i * Math.PI / 36), v * Math.sin(i * Math.PI / 36)];
        return at([bowl.minimum[0] + c * Math.cos(turn) - s * Math.sin(turn), bowl.minimum[1] + c * Math.sin(turn) + s * Math.cos(turn)]);
      });
      element("polyline", { points: line(ring), class: "contour" }, inside);
    }
    element("polyline", { points: line(found.path.map(at)), class: "path" }, inside);
    for (const point of found.path.slice(0, 13)) {
      const [x, y] = at(point);
      element("circle", { cx: kept(x), cy: kept(y), r: 2.4, class: "dot" }, inside);
    }
    const [x, y] = at(bowl.minimum);
    element("path", { d: `M${x - 6} ${y}h12M${x} ${y - 6}v12`, class: "minimum" }, inside);
  }

  function drawLosses(svg, found) {
    const [bottom, top] = [-12, 6];
    const share = (value) => (Math.log10(Math.max(value / found.excess[0], 1e-30)) - bottom) / (top - bottom);
    const marks = [["1e-12", -12], ["1e-6", -6], ["1", 0], ["1e6", 6]];
    const inside = frame(svg, [[0, "0"], [0.5, String(epochs / 2)], [1, String(epochs)]],
      marks.map(([text, exponent]) => [(exponent - bottom) / (top - bottom), text]));
    const start = up(share(found.excess[0]));
    element("line", { x1: across(0), x2: across(1), y1: start, y2: start, class: "contour" }, inside);
    const points = found.excess.map((value, epoch) => [across(epoch / epochs), up(Number.isFinite(value) ? share(value) : 2)]);
    element("polyline", { points: line(points), class: "path" }, inside);
  }

  function show() {
    const beta = Number(momentum.value);
    rate.max = Math.round(130 * (1 + beta));
    const percent = Number(rate.value), eta = percent / 100 * bowl.limit;
    const found = descend(bowl, eta, beta, epochs);
    const said = verdict(bowl, percent, beta);
    document.getElementById("eta-told").textContent = `η = ${brief(eta)}`;
    document.getElementById("beta-told").textContent = `β = ${beta}`;
    rate.setAttribute("aria-valuetext", `η = ${brief(eta)}, ${said.split(".")[0]}`);
    momentum.setAttribute("aria-valuetext", `β = ${beta}`);
    document.getElementById("verdict").textContent = said;
    for (const cell of box.querySelectorAll("[data-epoch]")) {
      cell.textContent = brief(found.excess[Number(cell.dataset.epoch)]);
    }
    const [plane, losses] = ["plane", "losses"].map((id) => document.getElementById(id));
    drawPlane(plane, found);
    drawLosses(losses, found);
    const last = found.path[12].map(brief);
    plane.setAttribute("aria-label", `Path from (0, 0) on the contours: after 12 epochs at (${last.join(", ")}); the minimum is at (${bowl.minimum.map(brief).join(", ")}).`);
    losses.setAttribute("aria-label", `Loss above the minimum over ${epochs} epochs, over that of the start: at the end ${brief(found.excess[epochs] / found.excess[0])}.`);
  }

  rate.addEventListener("input", show);
  momentum.addEventListener("input", show);
  box.hidden = false;
  show();
}

// Counts the questions whose first opened answer was the right one.
function startQuestions(score, questions) {
  const first = new Map();
  for (const question of questions) {
    question.addEventListener("toggle", (event) => {
      if (!event.target.open || first.has(question)) return;
      first.set(question, "right" in event.target.dataset);
      const right = [...first.values()].filter(Boolean).length;
      for (const told of [score, question.querySelector(".tally")]) {
        told.textContent = `Questions: ${right} of ${first.size} right at the first try, ${questions.length - first.size} to go.`;
        told.hidden = false;
      }
    }, true);
  }
}

if (typeof document !== "undefined") {
  startSlider(document.getElementById("slider"));
  startQuestions(document.getElementById("score"), [...document.querySelectorAll(".question")]);
}
