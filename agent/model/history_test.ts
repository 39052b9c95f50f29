import assert from "node:assert/strict";
import type { DialogueTurn } from "../agent.ts";
import { estimateTokens, recentHistory } from "./history.ts";

const turn = (role: "caller" | "bot", text: string): DialogueTurn => ({ role, text });

Deno.test("the model sees the newest turns of a long conversation, within the budget", () => {
  const history = Array.from(
    { length: 100 },
    (_, i) =>
      turn(i % 2 === 0 ? "caller" : "bot", `Реплика номер ${i}, довольно длинная для телефона.`),
  );
  const kept = recentHistory(history, 200);
  assert.ok(kept.length > 2 && kept.length < 20);
  assert.deepEqual(kept.at(-1), history.at(-1));
  assert.equal(kept[0]!.role, "caller", "an answer is not shown without its question");
  const cost = kept.reduce((sum, { text }) => sum + estimateTokens(text), 0);
  assert.ok(cost <= 200);
});

Deno.test("the model sees all of a short conversation, and nothing without a budget", () => {
  const history = [turn("bot", "Здравствуйте!"), turn("caller", "Цена?"), turn("bot", "Зависит.")];
  assert.deepEqual(recentHistory(history, 1000), history);
  assert.deepEqual(recentHistory(history, 0), []);
});

Deno.test("Russian counts for more tokens than English of the same length", () => {
  assert.ok(estimateTokens("гарантия на машину") > estimateTokens("warranty of machine"));
});
