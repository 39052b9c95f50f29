import assert from "node:assert/strict";
import { measureRetrieval } from "../bench/retrieval.ts";

for (const language of ["ru", "en"] as const) {
  Deno.test(`lexical search finds the passage of nine paraphrased questions in ten (${language})`, async () => {
    const figures = await measureRetrieval(language);
    assert.ok(figures.questions >= 30);
    assert.ok(figures.lexicalRecallAt3 >= 0.9, `recall@3 ${figures.lexicalRecallAt3}`);
    assert.ok(figures.routingRight >= 0.95, `routing ${figures.routingRight}`);
    assert.ok(figures.extractiveRight >= 0.75, `extractive ${figures.extractiveRight}`);
    assert.ok(figures.honest >= 0.8, `honest ${figures.honest}`);
  });
}
