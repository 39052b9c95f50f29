// What each command says of itself.

/** The help texts by command. */
export const HELP = {
  start: `Usage: deno task start [--policies]

Answers calls until SIGTERM. Settings come from the environment or .env: see docs/settings.md.
  --policies   show every deadline of a call and what follows it, and exit`,
  demo: `Usage: deno task demo [--json]

Plays a whole call against the built-in PBX simulator, with no account and no PBX: a synthetic
caller asks three questions and talks over the bot once.
  --json       print the result as one line of JSON instead`,
  doctor: `Usage: deno task doctor

Checks the settings, the PBX, the speech services, the assistant and this machine, and says how to
fix each fault. Exit code: 0 nothing failed, 1 something did.`,
  kb: `Usage: deno task kb <command>

  build             put the knowledge bases into Chroma (CHROMA_URL); unchanged chunks are not
                    embedded again, and calls use the old build until the new one is complete
  status            what the files hold, and whether Chroma holds the same
  search "question" what a caller's question finds, and in which base

Exit code: 0 done, 1 failed or out of date, 2 wrong usage or settings.`,
  forget: `Usage: deno task forget <call id | number>

Deletes a call, or all calls of a caller's number, from the journal, the recordings and the cached
phrases, and rewrites the journal so that no byte is left. The service may run meanwhile; a call
that is up is not deleted. A number is compared by its last ten digits.

Exit code: 0 nothing is left, 1 something is (the lines say what), or nothing was found, 2 wrong
usage or settings.`,
} as const;

/** A command of the command line. */
export type Command = keyof typeof HELP;
