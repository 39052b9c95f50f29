// Chooses how a call's audio travels by what the PBX offers, and says why, for the log and `doctor`.

import type { Settings } from "../../config/settings.ts";
import type { MediaPlan } from "../../media/transport.ts";
import type { FoldersInUse } from "./files/folders.ts";
import { atLeast, type Since } from "../version.ts";

/** A way to carry a call's audio. */
export type TransportKind = MediaPlan["kind"];

/** What `GET /asterisk/info` and `GET /asterisk/modules` tell about a PBX. */
export interface PbxFacts {
  readonly version: string;
  /** The running modules, such as `chan_websocket.so`. */
  readonly modules: readonly string[];
}

/** Whether one transport can be used. */
export interface TransportVerdict {
  readonly kind: TransportKind;
  readonly usable: boolean;
  /** What speaks for it, or what prevents it. */
  readonly why: string;
  /** Modules to load for it. */
  readonly missing: readonly string[];
}

/** The transport chosen. */
export interface TransportChoice {
  /** Undefined when none of the allowed transports can be used: `why` says what to do. */
  readonly kind: TransportKind | undefined;
  readonly why: string;
  /** All transports, best first. */
  readonly verdicts: readonly TransportVerdict[];
}

/** The settings that bear on the choice. */
export type ChoiceSettings = Pick<
  Settings,
  | "MEDIA_TRANSPORT"
  | "MEDIA_HOST"
  | "ARI_HTTP_URL"
  | "ASTERISK_SOUNDS_DIR"
  | "ASTERISK_RECORDING_DIR"
>;

/** JSON control messages; older releases of chan_websocket have a different syntax. */
const WEBSOCKET_JSON: Since = ["20.18", "22.8", "23.2"];
/** `transport=tcp&encapsulation=audiosocket`. */
const AUDIOSOCKET: Since = ["18.0"];
/** Audio of other rates than 8 kHz. */
const AUDIOSOCKET_RATES: Since = ["20.17", "21.12", "22.7", "23.1"];
/** `POST /channels/externalMedia`. */
const EXTERNAL_MEDIA: Since = ["16.6"];

/** Takes the configured transport or, with `auto`, the first that works. */
export function chooseTransport(settings: ChoiceSettings, pbx: PbxFacts): TransportChoice {
  const verdicts = [
    websocket(pbx),
    audiosocket(settings, pbx),
    rtp(settings, pbx),
    files(settings, pbx),
  ];
  const wanted = settings.MEDIA_TRANSPORT;
  if (wanted !== "auto") {
    const { kind, usable, why } = verdicts.find((verdict) => verdict.kind === wanted)!;
    const set = `MEDIA_TRANSPORT=${wanted}`;
    return usable
      ? { kind, why: `${set}: ${why}`, verdicts }
      : { kind: undefined, why: `${set} cannot be used: ${why}`, verdicts };
  }
  const best = verdicts.find(({ usable }) => usable);
  const passed = verdicts.slice(0, best ? verdicts.indexOf(best) : undefined)
    .map(({ kind, why }) => `not ${kind}: ${why}`);
  const reasons = best ? [best.why, ...passed] : passed;
  return { kind: best?.kind, why: reasons.join("; "), verdicts };
}

/** The PBX's own folders (`ASTDATADIR`, `ASTSPOOLDIR`); settings override them. */
export interface PbxFolders {
  readonly dataDir: string;
  readonly spoolDir: string;
}

/** What a call isolate will prepare. */
export function planMedia(
  kind: TransportKind,
  settings: Settings,
  pbx: PbxFacts,
  folders: PbxFolders,
): MediaPlan {
  const { MEDIA_HOST: host, RTP_PORT_MIN, RTP_PORT_MAX } = settings;
  switch (kind) {
    case "websocket":
      return { kind };
    case "audiosocket": {
      const wideband = atLeast(pbx.version, AUDIOSOCKET_RATES) && has(pbx, "codec_resample.so");
      return { kind, host, format: wideband ? "slin16" : "slin" };
    }
    case "rtp":
      return { kind, host, ports: [RTP_PORT_MIN, RTP_PORT_MAX], format: "ulaw" };
    case "files":
      return { kind, ...filesFolders(settings, folders), retries: settings.PLAYBACK_RETRY_COUNT };
  }
}

/** The settings for the folders of the files transport. */
export type FolderSettings = Pick<
  Settings,
  "ASTERISK_SOUNDS_DIR" | "ASTERISK_RECORDING_DIR" | "ASTERISK_LANG"
>;

/** The folders of the files transport: as configured, otherwise the PBX's own. */
export function filesFolders(settings: FolderSettings, pbx: PbxFolders): FoldersInUse {
  return {
    soundsDir: settings.ASTERISK_SOUNDS_DIR || `${pbx.dataDir}/sounds`,
    language: settings.ASTERISK_LANG,
    recordingDir: settings.ASTERISK_RECORDING_DIR || `${pbx.spoolDir}/recording`,
  };
}

/** The channel function that lists the codecs of the caller's line, best first, such as `(alaw|ulaw)`. */
export const NATIVE_FORMATS = "CHANNEL(audionativeformat)";

/**
 * The plan for one caller: RTP in the codec of their own line, so that nothing is transcoded.
 *
 * @param formats the value of `NATIVE_FORMATS` for the caller's channel; undefined when unknown.
 */
export function inCallersCodec(plan: MediaPlan, formats: string | undefined): MediaPlan {
  if (plan.kind !== "rtp") return plan;
  const [codec] = /\b[au]law\b/.exec(formats ?? "") ?? [];
  return { ...plan, format: codec === "alaw" ? "alaw" : "ulaw" };
}

function websocket(pbx: PbxFacts): TransportVerdict {
  return verdict("websocket", pbx, {
    modules: ["chan_websocket.so", "codec_resample.so"],
    since: WEBSOCKET_JSON,
    why: "the PBX has chan_websocket, and owns the playout clock",
  });
}

function audiosocket(settings: ChoiceSettings, pbx: PbxFacts): TransportVerdict {
  return verdict("audiosocket", pbx, {
    modules: ["chan_audiosocket.so", "res_audiosocket.so"],
    since: AUDIOSOCKET,
    obstacle: outOfReach(settings),
    why: "the PBX has chan_audiosocket",
  });
}

function rtp(settings: ChoiceSettings, pbx: PbxFacts): TransportVerdict {
  return verdict("rtp", pbx, {
    modules: ["chan_rtp.so", "res_rtp_asterisk.so"],
    since: EXTERNAL_MEDIA,
    obstacle: outOfReach(settings),
    why: "the PBX has chan_rtp",
  });
}

function files(settings: ChoiceSettings, pbx: PbxFacts): TransportVerdict {
  return verdict("files", pbx, {
    modules: [
      "res_stasis_playback.so",
      "res_stasis_recording.so",
      "res_stasis_snoop.so",
      "format_wav.so",
      "format_sln.so",
      "codec_resample.so",
    ],
    since: ["13.0"],
    obstacle: foldersApart(settings),
    why: "the PBX can play and record files",
  });
}

interface Needs {
  readonly modules: readonly string[];
  readonly since: Since;
  /** What else prevents it. */
  readonly obstacle?: string | undefined;
  /** What speaks for it. */
  readonly why: string;
}

function verdict(kind: TransportKind, pbx: PbxFacts, needs: Needs): TransportVerdict {
  const missing = needs.modules.filter((module) => !has(pbx, module));
  const tooOld = !atLeast(pbx.version, needs.since, true) &&
    `the PBX is ${pbx.version}, but ${needs.since.join(", ")} or later is needed`;
  const against = missing.length > 0
    ? `the PBX does not run ${missing.join(", ")}`
    : tooOld || needs.obstacle;
  return { kind, usable: !against, why: against || needs.why, missing };
}

function has(pbx: PbxFacts, module: string): boolean {
  return pbx.modules.includes(module);
}

/** The PBX connects to us, which over loopback works only from this machine. */
function outOfReach({ ARI_HTTP_URL, MEDIA_HOST }: ChoiceSettings): string | undefined {
  if (onThisMachine(ARI_HTTP_URL) || !isLoopback(MEDIA_HOST)) return undefined;
  return `the PBX is on another machine and MEDIA_HOST is ${MEDIA_HOST}: set it to an address of ` +
    "this machine that the PBX reaches";
}

function foldersApart(settings: ChoiceSettings): string | undefined {
  const shared = settings.ASTERISK_SOUNDS_DIR !== "" && settings.ASTERISK_RECORDING_DIR !== "";
  if (shared || onThisMachine(settings.ARI_HTTP_URL)) return undefined;
  return "the PBX is on another machine: share its folders and set ASTERISK_SOUNDS_DIR and " +
    "ASTERISK_RECORDING_DIR";
}

function onThisMachine(url: string): boolean {
  return isLoopback(new URL(url).hostname.replace(/^\[|\]$/g, ""));
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127\./.test(host);
}
