import assert from "node:assert/strict";
import { contourOf, fit } from "./contour.ts";

const phrase = contourOf(Array.from({ length: 60 }, (_, i) => -30 + 20 * Math.sin(i * i / 20)));
const other = contourOf(Array.from({ length: 60 }, (_, i) => -30 + 20 * Math.sin(i / 3)));

Deno.test("a contour is loudness between the first and the last sound", () => {
  assert.deepEqual(contourOf([-90, -50, -20, -35, -20, -90]), Float32Array.of(1, 0.5, 1));
  assert.equal(contourOf([]).length, 0);
});

Deno.test("a phrase fits itself, its beginning and itself with lost and added time; another does not", () => {
  const whole = fit(phrase, phrase, 0);
  assert.equal(whole.end, 1);
  assert.ok(whole.cost < 0.01);
  const half = fit(phrase.slice(0, 30), phrase, 0);
  assert.ok(half.cost < 0.01);
  assert.ok(Math.abs(half.end - 30 / phrase.length) < 0.02);
  const late = [...phrase.slice(0, 20), 0, 0, 0, ...phrase.slice(23)];
  assert.ok(fit(Float32Array.from(late), phrase, 0).cost < 0.06);
  assert.ok(fit(phrase.slice(8), phrase, 0.25).cost < 0.01);
  assert.ok(fit(other, phrase, 0.25).cost > 0.1);
});

Deno.test("nothing fits nothing", () => {
  assert.equal(fit(new Float32Array(0), phrase, 0).cost, Infinity);
  assert.equal(fit(phrase, new Float32Array(0), 0).cost, Infinity);
});
