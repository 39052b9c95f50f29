import assert from "node:assert/strict";
import { fewFilesFor } from "./open_files.ts";

Deno.test("an operator hears that the limit of open files is too low for MAX_CALLS, and what to set", () => {
  const found = fewFilesFor(100, 1024);
  assert.match(found!.what, /1024, and MAX_CALLS=100 may need 2064/);
  assert.match(found!.cure, /LimitNOFILE=65536.*MAX_CALLS to 48/);
  assert.equal(fewFilesFor(48, 1024), undefined);
  assert.match(fewFilesFor(1, 10)!.cure, /MAX_CALLS to 1$/);
  assert.equal(fewFilesFor(100, Number("unlimited")), undefined);
});
