import assert from "node:assert/strict";
import { editDistance } from "./edit_distance.ts";

Deno.test("the edit distance counts insertions, deletions and replacements", () => {
  assert.equal(editDistance("", ""), 0);
  assert.equal(editDistance("ARI_USER", "ARI_USERNAME"), 4);
  assert.equal(editDistance("kitten", "sitting"), 3);
  assert.equal(editDistance(["a", "b"], ["b"]), 1);
});
