// Shared by the stand-ins for Yandex's two services: authentication, and the record of the requests.

import * as grpc from "@grpc/grpc-js";
import type { Pcm } from "../../../media/frame.ts";
import type { Faults } from "../faults.ts";

/** One recognition session, as decoded. */
export interface SttSession {
  readonly headers: Readonly<Record<string, string>>;
  /** `session_options`. */
  // deno-lint-ignore no-explicit-any -- decoded by the .proto; tests compare whole messages
  options: any;
  samples: number;
  silenceMs: number;
  eous: number;
  /** When each audio chunk arrived, by `performance.now()`. */
  readonly chunkAt: number[];
  /** The texts of the finals. */
  readonly finals: string[];
  outcome: "open" | "finished" | "cancelled" | "failed";
}

/** One request, as decoded. */
export interface TtsRequest {
  readonly method: "UtteranceSynthesis" | "StreamSynthesis";
  readonly headers: Readonly<Record<string, string>>;
  /** The decoded messages, oldest first: one for `UtteranceSynthesis`. */
  // deno-lint-ignore no-explicit-any -- decoded by the .proto; tests compare whole messages
  readonly messages: any[];
  /** When each piece of audio was sent, by `performance.now()`. */
  readonly sentAt: number[];
  /** How it ended, once it has. */
  outcome: "open" | "finished" | "cancelled" | "failed";
}

/** The credentials that requests are checked against. */
export interface Access {
  /** Accepted `Authorization` values. */
  readonly allowed: Set<string>;
  /** Those of them that belong to a user: they need `x-folder-id`, the others must not send it. */
  readonly users: Set<string>;
  readonly folderId: string;
}

/** A part of a text and its audio, 16 kHz. */
export interface SpokenPiece {
  readonly text: string;
  readonly pcm: Pcm;
}

/** The context that the behaviours of both services share. */
export interface ServerContext {
  readonly access: Access;
  /** The speech of a text, in the pieces in which it is sent. */
  readonly pieces: (text: string) => readonly SpokenPiece[] | Promise<readonly SpokenPiece[]>;
  readonly ear: (pcm: Pcm) => string;
  readonly ttsPaceMs: number;
  readonly sttLimits: { readonly audioMs: number; readonly bytes: number; readonly idleMs: number };
  /** Every request of its kind, oldest first, as decoded. */
  readonly sttSessions: SttSession[];
  readonly ttsRequests: TtsRequest[];
  readonly sttFaults: Faults;
  readonly ttsFaults: Faults;
  openStreams: number;
}

/** Why these headers are refused, or undefined. */
export function refusalOf(
  headers: grpc.Metadata,
  access: Access,
): Partial<grpc.StatusObject> | undefined {
  const [authorization] = headers.get("authorization");
  const [folder] = headers.get("x-folder-id");
  if (typeof authorization !== "string" || !access.allowed.has(authorization)) {
    return { code: grpc.status.UNAUTHENTICATED, details: "The token or the key is invalid" };
  }
  const mustName = access.users.has(authorization);
  if (mustName && folder !== access.folderId) {
    return {
      code: grpc.status.PERMISSION_DENIED,
      details: "Permission to [resource-manager.folder] denied",
    };
  }
  if (!mustName && folder !== undefined) {
    return {
      code: grpc.status.INVALID_ARGUMENT,
      details: "Specified folder ID does not match with service account folder ID",
    };
  }
  return undefined;
}
