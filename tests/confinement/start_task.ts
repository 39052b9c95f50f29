// `deno task start` as a shell runs it, for tests that run the service, or a probe in its place, with
// exactly its flags.

import denoJson from "../../deno.json" with { type: "json" };

/**
 * The task's command for `sh -c`, with Deno's path as `$0`. Settings come from the environment alone:
 * no test reads the operator's `.env`.
 */
export const START_TASK = denoJson.tasks.start.command
  .replaceAll("deno run", '"$0" run --quiet --no-check')
  .replaceAll(" --env-file=.env", "");
