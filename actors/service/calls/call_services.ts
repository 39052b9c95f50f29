// What all calls of a service share.

import type { AriCommands } from "../../../asterisk/ari/mod.ts";
import type { Settings } from "../../../config/settings.ts";
import type { DailyTokens } from "../budget/daily_tokens.ts";
import type { Gate } from "../ari_gate.ts";
import type { DiskWatch } from "../disk_watch.ts";
import type { CallIsolates } from "../isolates/call_isolates.ts";
import type { Journal } from "../journal/journal.ts";
import type { MediaCommands } from "../media/call_media.ts";
import type { MediaRoute } from "../media/media_route.ts";
import type { ServiceMetrics } from "../metrics.ts";
import type { Policies } from "../policies.ts";
import type { PbxSounds } from "../exit/pbx_sounds.ts";

/** The commands that one call needs. */
export type CallCommands =
  & MediaCommands
  & Pick<
    AriCommands,
    | "answer"
    | "application"
    | "continueInDialplan"
    | "createBridge"
    | "destroyBridge"
    | "sendDtmf"
    | "variable"
  >;

/** The parts of the service that every call works with. */
export interface CallServices {
  readonly settings: Settings;
  readonly policies: Policies;
  readonly ari: Gate<CallCommands>;
  readonly route: Pick<MediaRoute, "plan">;
  readonly isolates: Pick<CallIsolates, "prompts" | "take">;
  readonly journal: Pick<Journal, "append">;
  readonly metrics: ServiceMetrics;
  readonly dayTokens: Pick<DailyTokens, "add">;
  readonly sounds: Pick<PbxSounds, "play">;
  /** Whether calls are not recorded at the moment, whatever the settings say. */
  readonly recording: Pick<DiskWatch, "paused">;
}
