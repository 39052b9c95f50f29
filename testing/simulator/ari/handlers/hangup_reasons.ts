// The reasons that ARI takes for a hang-up, and the Q.850 causes they stand for.

import { CAUSE, type HangupCause } from "../../pbx/channel.ts";
import type { Parameters } from "../operation.ts";
import { AriFailure } from "../wire.ts";

const REASONS: Readonly<Record<string, HangupCause>> = {
  normal: CAUSE.normal,
  busy: CAUSE.busy,
  congestion: { code: 34, text: "Circuit/channel congestion" },
  no_answer: CAUSE.noAnswer,
  timeout: { code: 102, text: "Recover on timer expiry" },
  rejected: { code: 21, text: "Call Rejected" },
  unallocated: { code: 1, text: "Unallocated (unassigned) number" },
  normal_unspecified: { code: 31, text: "Normal, unspecified" },
  number_incomplete: { code: 28, text: "Invalid number format" },
  codec_mismatch: { code: 58, text: "Bearer capability not available" },
  interworking: { code: 127, text: "Interworking, unspecified" },
  failure: CAUSE.networkOutOfOrder,
  answered_elsewhere: { code: 26, text: "Answered elsewhere" },
};

/** The cause that a hang-up asks for. @throws {AriFailure} 400 for an unknown reason. */
export function hangupCause(params: Parameters): HangupCause {
  const code = params.text("reason_code");
  if (code !== undefined) {
    return Object.values(REASONS).find((cause) => cause.code === Number(code)) ??
      { code: Number(code), text: "Unknown" };
  }
  const reason = REASONS[params.text("reason") ?? "normal"];
  if (!reason) throw new AriFailure(400, "Invalid reason for hangup reason provided");
  return reason;
}
