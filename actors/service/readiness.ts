// Whether the service can take calls, in the words that `/ready` shows the operator.

import type { AriConnection } from "../../asterisk/ari/mod.ts";
import type { DailyTokens } from "./budget/daily_tokens.ts";
import type { Switchboard } from "./switchboard/switchboard.ts";
import type { DiskWatch } from "./disk_watch.ts";
import type { Journal } from "./journal/journal.ts";
import type { MediaRoute } from "./media/media_route.ts";

/** What calls need. */
export interface ReadinessOptions {
  readonly connection: Pick<AriConnection, "up">;
  readonly switchboard: Pick<Switchboard, "draining" | "overload" | "replacedAt">;
  readonly route: Pick<MediaRoute, "problem">;
  readonly journal: Pick<Journal, "problem">;
  readonly disk: Pick<DiskWatch, "problem">;
  readonly dayTokens: Pick<DailyTokens, "problem">;
}

/** Whether calls are taken; `reason` says what is missing, or what the service is ready for. */
export function readiness(
  { connection, switchboard, route, journal, disk, dayTokens }: ReadinessOptions,
): { readonly ready: boolean; readonly reason: string } {
  if (switchboard.replacedAt !== undefined) {
    const since = new Date(switchboard.replacedAt).toISOString();
    return {
      ready: false,
      reason: `another client has had our Stasis application since ${since} (ARI does not tell ` +
        "which): stop it and start this service again, or give it another ARI_APP_NAME",
    };
  }
  if (!connection.up) return { ready: false, reason: "not connected to the PBX (ARI)" };
  if (route.problem !== undefined) return { ready: false, reason: route.problem };
  if (switchboard.draining) return { ready: false, reason: "draining: no new calls are taken" };
  const problems = [switchboard.overload, journal.problem, disk.problem, dayTokens.problem]
    .filter((problem) => problem !== undefined);
  const but = problems.length > 0 ? `; but ${problems.join("; ")}` : "";
  return { ready: true, reason: `connected to the PBX${but}` };
}
