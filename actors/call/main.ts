// Entry point of a call isolate: it warms up, takes one call, and ends with it. What cannot repair
// itself here crashes: the supervisor puts a new isolate in its place.

import { MessageChannel, type MessagePort } from "node:worker_threads";
import { createAgent, warmAgent } from "../../agent/mod.ts";
import { prepareMedia } from "../../asterisk/transports/mod.ts";
import { logger } from "../../config/logging.ts";
import { hideValues } from "../../config/privacy/redact.ts";
import type { Prompts } from "../../config/prompts.ts";
import type { Settings } from "../../config/settings.ts";
import type { MediaAddress } from "../../media/transport.ts";
import { connectEngine, type LocalSpeech } from "../../speech/local/mod.ts";
import { createSpeech, type Speech } from "../../speech/mod.ts";
import { type IsolateBody, runIsolate, type Send } from "../otp/isolate_main.ts";
import type { CallAssignment, CallIsolateData, FromCall, ToCall } from "../messages.ts";
import { Call } from "./call.ts";
import { PreparedSpeech } from "./prepared.ts";
import { RemoteFiles } from "./remote/remote_files.ts";
import { RemoteTokens } from "./remote/remote_tokens.ts";

const log = logger("call");

/** What an isolate has before it has a call. */
interface Equipment {
  readonly settings: Settings;
  readonly send: Send<FromCall>;
  /** The prompts to render before a call comes. */
  readonly prompts: Prompts;
  /** The speech engine of this machine, which detects voices whatever the providers are. */
  readonly engine: LocalSpeech;
  readonly tokens: RemoteTokens;
  /** The services of ASR_PROVIDER and TTS_PROVIDER, including the engine's. */
  readonly speech: Speech;
}

class CallIsolateBody implements IsolateBody<ToCall> {
  readonly #has: Equipment;
  readonly #prepared: PreparedSpeech;
  /** Where the PBX has put the call's audio. */
  readonly #address = Promise.withResolvers<MediaAddress>();
  readonly #files: RemoteFiles;
  /** Models may not be asked any more today. */
  #modelsSpent = false;
  /** What is optional is left out. */
  #pressed = false;
  #assignment?: CallAssignment;
  #call?: Call;

  constructor(equipment: Equipment) {
    this.#has = equipment;
    this.#files = new RemoteFiles(equipment.send);
    this.#prepared = new PreparedSpeech(equipment.speech.tts, equipment.settings);
  }

  get callId(): string | undefined {
    return this.#assignment?.callId;
  }

  onMessage(message: ToCall): void {
    switch (message.kind) {
      case "engine":
        this.#equip(message.port);
        break;
      case "engine_lost":
        this.#has.engine.close(message.reason);
        break;
      case "service_health":
        this.#has.speech.adopt(message.event);
        break;
      case "models_spent":
        this.#modelsSpent = message.spent;
        break;
      case "pressure":
        this.#pressed = message.high;
        break;
      case "assign":
        this.#has.send({ kind: "assigned" });
        void this.#take(message.assignment);
        break;
      case "media":
        this.#address.resolve(message.address);
        break;
      case "files_done":
        this.#files.done(message.seq, message.error);
        break;
      case "token_answer":
        this.#has.tokens.answered(message.seq, message.answer);
        break;
      case "files_event":
        this.#files.onEvent(message.event);
        break;
      default:
        this.#call?.onMessage(message);
    }
  }

  async onShutdown(): Promise<void> {
    await this.#call?.[Symbol.asyncDispose]();
    await this.#has.speech.close();
    this.#has.engine[Symbol.dispose]();
  }

  /** Connects to the engine, and renders the prompts while there is no call. */
  #equip(port: MessagePort): void {
    const { engine, prompts, send } = this.#has;
    engine.reconnect(port);
    if (this.#assignment) return;
    void this.#prepared.render(prompts).then(() => send({ kind: "warm" }));
  }

  async #take(assignment: CallAssignment): Promise<void> {
    this.#assignment = assignment;
    const { settings, engine, speech, send } = this.#has;
    const agent = await createAgent(
      settings,
      assignment.prompts,
      {
        onUsage: (event) => send({ kind: "assistant", event }),
        spent: () => this.#modelsSpent,
      },
    );
    const listener = await prepareMedia(assignment.media, this.#files);
    send({ kind: "media_offer", offer: listener.offer });
    this.#call = await Call.open({
      assignment,
      settings,
      agent,
      speech: { vad: engine.vad, asr: speech.asr, tts: speech.tts },
      prepared: this.#prepared,
      pressed: () => this.#pressed,
      listener,
      address: this.#address.promise,
      send,
    });
    send({ kind: "media_open" });
  }
}

/** The engine as this isolate uses it: absent until the service sends a port to it. */
function engineOf(
  settings: Settings,
  send: Send<FromCall>,
  callId: () => string | undefined,
): LocalSpeech {
  const engine = connectEngine(new MessageChannel().port1, {
    voice: settings.LOCAL_TTS_VOICE,
    speed: settings.LOCAL_TTS_SPEED,
    onDegraded: (reason) => {
      log.warn("voice detection goes by loudness", { call: callId(), reason });
      send({ kind: "count", what: "vad_degraded" });
    },
    onRestored: () => {
      log.info("voice detection is back", { call: callId() });
      send({ kind: "count", what: "vad_restored" });
    },
  });
  engine.close("the engine is not there yet");
  return engine;
}

await runIsolate<ToCall, FromCall, CallIsolateData>(async (data, send) => {
  const { settings, secrets, prompts, callerWaits } = data;
  hideValues(secrets);
  const engine = engineOf(settings, send, () => isolate.callId);
  const tokens = new RemoteTokens(send);
  const [speech] = await Promise.all([
    createSpeech(settings, engine, {
      onEvent: (event) => send({ kind: "speech", event }),
      tokens,
    }),
    callerWaits || warmAgent(settings),
  ]);
  void speech.warm();
  const isolate = new CallIsolateBody({ settings, send, prompts, engine, tokens, speech });
  return isolate;
});
