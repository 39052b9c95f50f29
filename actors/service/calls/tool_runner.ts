// Carries out the tool calls of one call, each once, whichever isolate asks and however often.

import { logger } from "../../../config/logging.ts";
import type { Settings } from "../../../config/settings.ts";
import type { AriCommands } from "../../../asterisk/ari/mod.ts";
import type { Gate } from "../ari_gate.ts";
import type { Destination } from "../exit/destination.ts";
import type { CallEvent, CallRecord, ToolRecord, ToolResult } from "../../call_record.ts";

const log = logger("tools");

/** What a tool runner works with. */
export interface ToolRunnerOptions {
  readonly record: CallRecord;
  readonly settings: Pick<Settings, "TRANSFER_TARGETS">;
  readonly ari: Pick<Gate<Pick<AriCommands, "sendDtmf">>, "runOnce">;
  note(event: CallEvent): void;
  /** Sends the caller away. @throws {AriError} when the PBX refuses. */
  sendCaller(destination: Destination): Promise<void>;
}

/** Carries out one call's tool calls. */
export class ToolRunner {
  readonly #options: ToolRunnerOptions;
  readonly #running = new Map<string, Promise<ToolResult>>();

  constructor(options: ToolRunnerOptions) {
    this.#options = options;
  }

  /**
   * Carries out a tool call of the record, unless it was done before. Never rejects.
   */
  run(id: string): Promise<ToolResult> {
    const running = this.#running.get(id) ?? this.#run(id);
    this.#running.set(id, running);
    return running;
  }

  async #run(id: string): Promise<ToolResult> {
    const { record, note } = this.#options;
    const tool = record.tools.find((one) => one.id === id);
    if (!tool) {
      log.error("tool call is not in the call's record", { call: record.id });
      return "failed";
    }
    if (tool.result) return tool.result;
    const result = await this.#attempt(tool);
    if (tool.result !== result) note({ kind: "tool_done", id, result });
    log.info("tool call carried out", { call: record.id, tool: tool.call.name, result });
    return result;
  }

  async #attempt(tool: ToolRecord): Promise<ToolResult> {
    const { record } = this.#options;
    try {
      await this.#carryOut(tool);
      return "done";
    } catch (error) {
      log.error("tool could not be carried out", {
        call: record.id,
        channel: record.channelId,
        tool: tool.call.name,
        error,
      });
      return "failed";
    }
  }

  /** @throws {AriError | TransferError} */
  async #carryOut({ id, call }: ToolRecord): Promise<void> {
    const { record, ari, settings, note, sendCaller } = this.#options;
    switch (call.name) {
      case "take_contact":
        return;
      case "send_dtmf":
        // Keys pressed twice do more harm than none: noted as done before the result is known.
        note({ kind: "tool_done", id, result: "done" });
        return await ari.runOnce((commands) => commands.sendDtmf(record.channelId, call.digits));
      case "hang_up":
        return await sendCaller({ to: "hangup" });
      case "transfer_to": {
        // The configuration decides, not the isolate, whose key may be any word: "constructor" is
        // found in every object.
        const targets = settings.TRANSFER_TARGETS;
        const extension = Object.hasOwn(targets, call.key) ? targets[call.key] : undefined;
        if (extension === undefined) throw new TransferError(call.key);
        return await sendCaller({ to: "transfer", extension });
      }
    }
  }
}

/** The configuration allows no transfer to this target. */
class TransferError extends Error {
  override readonly name = "TransferError";

  constructor(key: string) {
    super(`no transfer to ${JSON.stringify(key)}: TRANSFER_TARGETS does not name it`);
  }
}
