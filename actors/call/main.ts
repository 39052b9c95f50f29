// Entry point of a call isolate: it warms up, is given one call, and ends with it. When anything
// here fails beyond its own repair it is let crash: the supervisor puts a new isolate in its place.

import { MessageChannel, type MessagePort } from "node:worker_threads";
import { createAgent, warmAgent } from "../../agent/mod.ts";
import { logger } from "../../config/logging.ts";
import { PromptsFile } from "../../config/prompts.ts";
import type { Settings } from "../../config/settings.ts";
import { connectEngine, type LocalSpeech } from "../../speech/local.ts";
import { type IsolateBody, runIsolate, type Send } from "../isolate_main.ts";
import type { FromCall, ToCall } from "../messages.ts";
import { Call } from "./call.ts";
import { PreparedSpeech } from "./prepared.ts";

const log = logger("call");

class CallIsolate implements IsolateBody<ToCall> {
  readonly #settings: Settings;
  readonly #send: Send<FromCall>;
  readonly #promptsFile: PromptsFile;
  readonly #speech: LocalSpeech;
  readonly #prepared: PreparedSpeech;
  #call?: Call;

  constructor(settings: Settings, send: Send<FromCall>, promptsFile: PromptsFile) {
    this.#settings = settings;
    this.#send = send;
    this.#promptsFile = promptsFile;
    this.#speech = connectEngine(new MessageChannel().port1, {
      voice: settings.LOCAL_TTS_VOICE,
      speed: settings.LOCAL_TTS_SPEED,
      onDegraded: (reason) => {
        log.warn("voice detection goes by loudness", { call: this.#call?.id, reason });
        send({ kind: "count", what: "vad_degraded" });
      },
      onRestored: () => {
        log.info("voice detection is back", { call: this.#call?.id });
        send({ kind: "count", what: "vad_restored" });
      },
    });
    this.#speech.close("the engine is not there yet");
    this.#prepared = new PreparedSpeech(this.#speech.tts, settings);
  }

  onMessage(message: ToCall): void {
    switch (message.kind) {
      case "engine":
        this.#equip(message.port);
        break;
      case "engine_lost":
        this.#speech.close(message.reason);
        break;
      case "assign":
        this.#send({ kind: "assigned" });
        void this.#take(message.assignment);
        break;
      default:
        this.#call?.onMessage(message);
    }
  }

  async onShutdown(): Promise<void> {
    await this.#call?.[Symbol.asyncDispose]();
    this.#speech[Symbol.dispose]();
  }

  /** The engine is there: what can be rendered before a call is. */
  #equip(port: MessagePort): void {
    this.#speech.reconnect(port);
    if (this.#call) return;
    void this.#promptsFile.current()
      .then((prompts) => this.#prepared.render(prompts))
      .then(() => this.#send({ kind: "warm" }));
  }

  async #take(assignment: Extract<ToCall, { kind: "assign" }>["assignment"]): Promise<void> {
    const prompts = await this.#promptsFile.current();
    const agent = await createAgent(this.#settings, prompts);
    this.#call = new Call({
      assignment,
      settings: this.#settings,
      prompts,
      agent,
      speech: this.#speech,
      prepared: this.#prepared,
      send: this.#send,
    });
    await this.#call.open();
    this.#send({ kind: "media_open" });
  }
}

await runIsolate<ToCall, FromCall>(async ({ settings }, send) => {
  const [promptsFile] = await Promise.all([PromptsFile.open(settings), warmAgent(settings)]);
  return new CallIsolate(settings, send, promptsFile);
});
