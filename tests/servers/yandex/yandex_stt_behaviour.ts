// Streaming recognition as SpeechKit v3 does it.

import { setImmediate } from "node:timers";
import * as grpc from "@grpc/grpc-js";
import { concatPcm, durationMs, levelDbfs, type Pcm, pcmFromBytes } from "../../../media/frame.ts";
import type { Fault } from "../faults.ts";
import { refusalOf, type ServerContext, type SttSession } from "./yandex_context.ts";

interface Message {
  readonly session_options?: {
    readonly recognition_model?: {
      readonly audio_format?: {
        readonly raw_audio?: {
          readonly audio_encoding?: string;
          readonly sample_rate_hertz?: number;
        };
      };
      readonly text_normalization?: { readonly text_normalization?: string };
    };
    readonly eou_classifier?: {
      readonly external_classifier?: object;
      readonly default_classifier?: { readonly type?: string };
    };
  };
  readonly chunk?: { readonly data?: Uint8Array };
  readonly silence_chunk?: { readonly duration_ms?: number };
  readonly eou?: object;
}

type Call = grpc.ServerDuplexStream<Message, object>;

/** A partial follows after this much more audio and this share of the utterance, so long utterances get fewer. */
const PARTIAL_EVERY_MS = 200;
const PARTIAL_EVERY_SHARE = 0.1;
/** The silence after which the stand-in for Yandex's own detector ends an utterance. */
const OWN_EOU_MS = { DEFAULT: 800, HIGH: 400 };
const QUIET_DBFS = -50;

export function recognizeStreaming(context: ServerContext) {
  return (call: Call) => new Recognition(context, call).start();
}

class Recognition {
  readonly #record: SttSession;
  readonly #fault: Fault | undefined;
  #utterance: Pcm[] = [];
  #utteranceMs = 0;
  #sincePartialMs = 0;
  #trailingSilenceMs = 0;
  #heardSpeech = false;
  #finalIndex = 0;
  #bytes = 0;
  #sent = 0;
  #delayed: object[] = [];
  #delay: ReturnType<typeof setTimeout> | undefined;
  #ending = false;
  #idle: ReturnType<typeof setTimeout> | undefined;

  constructor(readonly context: ServerContext, readonly call: Call) {
    this.#record = {
      headers: call.metadata.getMap() as Record<string, string>,
      options: undefined,
      samples: 0,
      silenceMs: 0,
      eous: 0,
      chunkAt: [],
      finals: [],
      outcome: "open",
    };
    context.sttSessions.push(this.#record);
    context.openStreams++;
    this.#fault = context.sttFaults.take();
  }

  start(): void {
    this.call.on("cancelled", () => this.#close("cancelled"));
    this.call.on("error", () => this.#close("failed"));
    const refusal = refusalOf(this.call.metadata, this.context.access);
    if (refusal) return this.#fail(refusal);
    if (this.#fault?.kind === "refuse") {
      const { code, details = "refused" } = this.#fault;
      return this.#fail({ code: grpc.status[code], details });
    }
    this.#armIdle();
    this.call.on("data", (message: Message) => this.#take(message));
    // A cancelled stream ends first and reports the cancellation a moment later.
    this.call.on("end", () => setImmediate(() => this.#finish()));
    if (this.#fault?.kind === "empty") this.#end();
  }

  get #audioMs(): number {
    return durationMs(this.#record.samples) + this.#record.silenceMs;
  }

  #take(message: Message): void {
    if (this.#record.outcome !== "open") return;
    this.#armIdle();
    if (message.session_options) return this.#begin(message.session_options);
    if (!this.#record.options) {
      return this.#fail({ code: grpc.status.INVALID_ARGUMENT, details: "no session_options" });
    }
    if (message.chunk) this.#hear(pcmFromBytes(message.chunk.data ?? new Uint8Array(0)));
    if (message.silence_chunk) this.#hearSilence(message.silence_chunk.duration_ms ?? 0);
    if (message.eou) {
      this.#record.eous++;
      // Source: stt.proto, "Works only with external EOU detector".
      if (this.#record.options.eou_classifier?.external_classifier) this.#endOfUtterance();
    }
    // Source: "Streaming recognition restrictions".
    const { audioMs, bytes } = this.context.sttLimits;
    if (this.#audioMs > audioMs || this.#bytes > bytes) {
      this.#fail({ code: grpc.status.ABORTED, details: "session limit reached" });
    }
  }

  #begin(options: NonNullable<Message["session_options"]>): void {
    const raw = options.recognition_model?.audio_format?.raw_audio;
    if (this.#record.options) {
      return this.#fail({ code: grpc.status.INVALID_ARGUMENT, details: "second session_options" });
    }
    if (raw?.audio_encoding !== "LINEAR16_PCM" || raw.sample_rate_hertz !== 16_000) {
      return this.#fail({ code: grpc.status.INVALID_ARGUMENT, details: "audio_format" });
    }
    this.#record.options = options;
    this.#send({ status_code: { code_type: "WORKING" } });
  }

  #hear(pcm: Pcm): void {
    this.#record.samples += pcm.length;
    this.#record.chunkAt.push(performance.now());
    this.#bytes += pcm.byteLength;
    this.#utterance.push(pcm);
    const ms = durationMs(pcm.length);
    if (levelDbfs(pcm) > QUIET_DBFS) {
      this.#heardSpeech = true;
      this.#trailingSilenceMs = 0;
    } else this.#trailingSilenceMs += ms;
    this.#afterAudio(ms);
  }

  #hearSilence(ms: number): void {
    this.#record.silenceMs += ms;
    this.#utterance.push(new Int16Array(Math.round(ms * 16)));
    this.#trailingSilenceMs += ms;
    this.#afterAudio(ms);
  }

  #afterAudio(ms: number): void {
    const own = this.#record.options.eou_classifier?.default_classifier;
    if (own && this.#heardSpeech) {
      const needed = own.type === "HIGH" ? OWN_EOU_MS.HIGH : OWN_EOU_MS.DEFAULT;
      if (this.#trailingSilenceMs >= needed) return this.#endOfUtterance();
    }
    this.#sincePartialMs += ms;
    this.#utteranceMs += ms;
    const due = Math.max(PARTIAL_EVERY_MS, this.#utteranceMs * PARTIAL_EVERY_SHARE);
    if (this.#sincePartialMs < due) return;
    this.#sincePartialMs = 0;
    this.#send({ partial: { alternatives: this.#alternatives() } });
  }

  /** The order of the events is the documentation's: final, refinement, eou_update. */
  #endOfUtterance(): void {
    const alternatives = this.#alternatives();
    this.#utterance = [];
    this.#utteranceMs = 0;
    this.#heardSpeech = false;
    this.#sincePartialMs = 0;
    const text = alternatives[0]?.text ?? "";
    if (text !== "") {
      this.#record.finals.push(text);
      this.#finalIndex++;
      this.#send({ final: { alternatives } });
      const { text_normalization } = this.#record.options.recognition_model;
      if (text_normalization?.text_normalization === "TEXT_NORMALIZATION_ENABLED") {
        this.#send({
          final_refinement: {
            final_index: this.#finalIndex,
            normalized_text: { alternatives: [{ text: text[0]!.toUpperCase() + text.slice(1) }] },
          },
        });
      }
    }
    this.#send({ eou_update: { time_ms: Math.round(this.#audioMs) } });
  }

  #alternatives(): { text: string }[] {
    const text = this.context.ear(concatPcm(this.#utterance));
    return text === "" ? [] : [{ text }];
  }

  /** The client has finished. Source: "Detecting the end of utterance", the end of a session is one. */
  #finish(): void {
    if (this.#record.outcome !== "open" || this.#fault?.kind === "stall") return;
    if (this.#utterance.length > 0) this.#endOfUtterance();
    this.#end();
  }

  #end(): void {
    if (this.#delay !== undefined) {
      this.#ending = true;
      return;
    }
    this.#close("finished");
    this.call.end();
  }

  #send(event: object): void {
    if (this.#record.outcome !== "open") return;
    const fault = this.#fault;
    if (fault?.kind === "stall" && this.#sent >= fault.after) return;
    if (fault?.kind === "cut" && this.#sent >= fault.after) {
      return this.#fail({ code: grpc.status.UNAVAILABLE, details: "connection reset" });
    }
    this.#sent++;
    if (fault?.kind === "slow") {
      this.#delayed.push(this.#response(event));
      this.#delay ??= setTimeout(() => this.#sendDelayed(), fault.ms);
    } else this.call.write(this.#response(event));
  }

  #sendDelayed(): void {
    this.#delay = undefined;
    for (const response of this.#delayed.splice(0)) this.call.write(response);
    if (this.#ending) this.#end();
  }

  #response(event: object): object {
    return {
      ...event,
      session_uuid: { uuid: "test" },
      audio_cursors: {
        received_data_ms: Math.round(this.#audioMs),
        final_index: this.#finalIndex,
      },
    };
  }

  #fail(status: Partial<grpc.StatusObject>): void {
    this.#close("failed");
    this.call.emit("error", status);
  }

  /** Source: "Streaming speech recognition": ended after 5 s without a message. */
  #armIdle(): void {
    clearTimeout(this.#idle);
    this.#idle = setTimeout(
      () => this.#fail({ code: grpc.status.ABORTED, details: "no messages" }),
      this.context.sttLimits.idleMs,
    );
  }

  #close(outcome: "finished" | "cancelled" | "failed"): void {
    if (this.#record.outcome !== "open") return;
    clearTimeout(this.#idle);
    clearTimeout(this.#delay);
    this.#record.outcome = outcome;
    this.context.openStreams--;
  }
}
