// A program that speaks the protocol of docs/protocol.md, in JavaScript:
//
//     handgrad compare --with "node program.mjs"
//
// JSON.stringify writes as many digits as a number has, so that none is lost; it writes null for what is not finite.
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";

let X, y, n, d;

function bind({ file, rows, features, dtype }) {
  const Numbers = dtype === "float32" ? Float32Array : Float64Array;
  const bytes = readFileSync(file);
  const every = new Numbers(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
  [n, d] = [rows, features];
  [X, y] = [every.subarray(0, n * d), every.subarray(n * d)];
  return { bound: true };
}

function gradient({ weights, bias, rows }) {
  const dW = new Float64Array(d);
  const count = rows ? rows.length : n;
  let [db, loss] = [0, 0];
  for (let k = 0; k < count; k++) {
    const i = rows ? rows[k] : k;
    let r = bias - y[i];
    for (let j = 0; j < d; j++) r += X[i * d + j] * weights[j];
    for (let j = 0; j < d; j++) dW[j] += X[i * d + j] * r;
    db += r;
    loss += r * r;
  }
  return { weights: Array.from(dW, (sum) => (2 / count) * sum), bias: (2 / count) * db, loss: loss / count };
}

function run({ weights, bias, learning_rate, epochs }) {
  const began = performance.now();
  for (let epoch = 0; epoch < epochs; epoch++) {
    const step = gradient({ weights, bias });
    weights = weights.map((weight, j) => weight - learning_rate * step.weights[j]);
    bias -= learning_rate * step.bias;
  }
  return { weights, bias, seconds: (performance.now() - began) / 1000 };
}

const answers = { bind, gradient, run, hello: () => ({ protocol: 1, can: ["gradient", "run", "rows"] }) };
for await (const line of createInterface({ input: process.stdin })) {
  const request = JSON.parse(line);
  if (request.do === "quit") break;
  const answer = answers[request.do] ?? (() => ({ error: `what is asked is not known: ${request.do}` }));
  console.log(JSON.stringify(answer(request)));
}
