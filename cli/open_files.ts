// Are there enough open files for the calls that the settings allow?

/** Held by an idle service, with a pool of two isolates: 72 (measured); the console's connections come on top. */
const AT_REST = 64;
/** A call over websocket holds 8; a hung thread keeps 16, and files and resolvers come and go. */
const PER_CALL = 20;

/**
 * What is wrong with a hard limit of open files (`ulimit -Hn`; Deno raises the soft limit to it by
 * itself), and the cure; undefined when it is enough or unknown (NaN, as of "unlimited").
 */
export function fewFilesFor(
  maxCalls: number,
  hardLimit: number,
): { readonly what: string; readonly cure: string } | undefined {
  const needed = AT_REST + PER_CALL * maxCalls;
  if (!(hardLimit < needed)) return undefined;
  return {
    what: `the limit of open files is ${hardLimit}, and MAX_CALLS=${maxCalls} may need ${needed}`,
    cure: `set LimitNOFILE=65536 in the systemd unit (or ulimit -Hn), or MAX_CALLS to ` +
      `${Math.max(1, Math.floor((hardLimit - AT_REST) / PER_CALL))}`,
  };
}
