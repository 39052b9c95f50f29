// Which tools the operator allows, and how a tool call is identified. The schemas of their arguments
// stand apart, in tools.ts: only a model's requests need them.

import { crc32 } from "node:zlib";
import type { Settings } from "../config/settings.ts";
import type { ToolCall } from "./agent.ts";

/** The settings that decide what is allowed. */
export type ToolSettings = Pick<Settings, "AGENT_TOOLS" | "TRANSFER_TARGETS">;

/** Whether the configuration allows the tool and makes it possible. */
export function isToolAllowed(
  name: string,
  { AGENT_TOOLS, TRANSFER_TARGETS }: ToolSettings,
): name is ToolCall["name"] {
  if (!(AGENT_TOOLS as readonly string[]).includes(name) || name === "none") return false;
  return name !== "transfer_to" || Object.keys(TRANSFER_TARGETS).length > 0;
}

/**
 * A tool call's id: stable within a turn, where `turn` is the length of the history before it. It reveals
 * nothing of the arguments, which may be personal data.
 */
export function toolCallId(turn: number, call: ToolCall): string {
  return `${turn}-${call.name}-${crc32(JSON.stringify(call)).toString(16)}`;
}
