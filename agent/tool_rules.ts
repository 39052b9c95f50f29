// Which tools the operator allows an assistant, and how one use of them is named. Without the
// shapes of their arguments (tools.ts), which only a model's wishes need.

import { crc32 } from "node:zlib";
import type { Settings } from "../config/settings.ts";
import type { ToolCall } from "./agent.ts";

/** The settings that say what is allowed. */
export type ToolSettings = Pick<Settings, "AGENT_TOOLS" | "TRANSFER_TARGETS">;

/** Whether configuration allows a tool of this name and makes it possible. */
export function isToolAllowed(
  name: string,
  { AGENT_TOOLS, TRANSFER_TARGETS }: ToolSettings,
): name is ToolCall["name"] {
  if (!(AGENT_TOOLS as readonly string[]).includes(name) || name === "none") return false;
  return name !== "transfer_to" || Object.keys(TRANSFER_TARGETS).length > 0;
}

/**
 * The id of a wish: the same in the same turn, `turn` being how much was said before it. It tells
 * nothing of the arguments, which may be personal data.
 */
export function toolCallId(turn: number, call: ToolCall): string {
  return `${turn}-${call.name}-${crc32(JSON.stringify(call)).toString(16)}`;
}
