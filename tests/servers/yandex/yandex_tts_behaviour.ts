// Synthesis as SpeechKit v3 does it.

import * as grpc from "@grpc/grpc-js";
import { pcmToBytes } from "../../../media/frame.ts";
import type { Fault } from "../faults.ts";
import {
  refusalOf,
  type ServerContext,
  type SpokenPiece,
  type TtsRequest,
} from "./yandex_context.ts";

/** grpc-js reports the end of a cancelled request and its cancellation separately, in either order. */
const CANCELLED_WITHIN_MS = 50;

/** Source: SpeechKit documentation, "List of voices"; "" stands for no role named. */
const ROLES: Readonly<Record<string, readonly string[]>> = {
  jane: ["", "neutral", "good", "evil"],
  filipp: [""],
  john: [""],
};

interface Spec {
  readonly raw_audio?: { readonly audio_encoding?: string; readonly sample_rate_hertz?: number };
}

interface Message {
  readonly text?: string;
  readonly unsafe_mode?: boolean;
  readonly hints?: readonly { readonly voice?: string; readonly role?: string }[];
  readonly output_audio_spec?: Spec;
  readonly options?: {
    readonly voice?: string;
    readonly role?: string;
    readonly output_audio_spec?: Spec;
  };
  readonly synthesis_input?: { readonly text?: string };
  readonly force_synthesis?: object;
}

type Call = grpc.ServerWritableStream<Message, object> | grpc.ServerDuplexStream<Message, object>;

/** One request in progress at the server. */
class Synthesis {
  readonly record: TtsRequest;
  readonly fault: Fault | undefined;
  #sent = 0;
  #lengthMs = 0;
  #onClose: () => void = () => {};
  #queue: Promise<void> = Promise.resolve();

  constructor(readonly context: ServerContext, readonly call: Call, method: TtsRequest["method"]) {
    const headers = call.metadata.getMap() as Record<string, string>;
    this.record = { method, headers, messages: [], sentAt: [], outcome: "open" };
    context.ttsRequests.push(this.record);
    context.openStreams++;
    this.fault = context.ttsFaults.take();
    call.on("cancelled", () => this.#close("cancelled"));
    call.on("error", () => this.#close("failed"));
  }

  /** Refuses an invalid request; true when the request is accepted. */
  admits(): boolean {
    const refusal = refusalOf(this.call.metadata, this.context.access);
    if (refusal) this.fail(refusal);
    else if (this.fault?.kind === "refuse") {
      this.fail({ code: grpc.status[this.fault.code], details: this.fault.details ?? "refused" });
    } else if (this.fault?.kind === "empty") this.end();
    return this.record.outcome === "open";
  }

  fail(status: Partial<grpc.StatusObject>): void {
    this.call.emit("error", status);
  }

  /** Speaks a text in pieces, after the text being spoken. */
  speak(text: string): void {
    this.#queue = this.#queue.then(async () => {
      if (this.fault?.kind === "slow" && this.#sent === 0) await this.#pause(this.fault.ms);
      for (const piece of await this.context.pieces(text)) {
        if (this.record.outcome !== "open") return;
        if (this.#sent > 0 && this.context.ttsPaceMs > 0) await this.#pause(this.context.ttsPaceMs);
        if (this.fault?.kind === "stall" && this.#sent >= this.fault.after) return;
        if (this.fault?.kind === "cut" && this.#sent >= this.fault.after) {
          return this.fail({ code: grpc.status.UNAVAILABLE, details: "connection reset" });
        }
        this.#send(piece);
      }
    });
  }

  /** Ends in order once everything has been spoken. */
  end(): void {
    this.#queue = this.#queue.then(() => {
      if (this.fault?.kind === "stall" || this.record.outcome !== "open") return;
      this.#close("finished");
      this.call.end();
    });
  }

  /** Ends a stream whose client has finished writing. A cancelled stream ends too, and may report that first. */
  endUnlessCancelled(): void {
    this.#queue = this.#queue.then(() => this.#pause(CANCELLED_WITHIN_MS));
    this.end();
  }

  #send({ text, pcm }: SpokenPiece): void {
    if (this.record.outcome !== "open") return;
    const lengthMs = Math.round(pcm.length / 16);
    this.record.sentAt.push(performance.now());
    this.call.write({
      audio_chunk: { data: pcmToBytes(pcm) },
      text_chunk: { text },
      start_ms: this.#lengthMs,
      length_ms: lengthMs,
    });
    this.#lengthMs += lengthMs;
    this.#sent++;
  }

  /** Waits, at most until the end of the request. */
  #pause(ms: number): Promise<void> {
    if (this.record.outcome !== "open") return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#onClose = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #close(outcome: "finished" | "cancelled" | "failed"): void {
    if (this.record.outcome !== "open") return;
    this.record.outcome = outcome;
    this.context.openStreams--;
    this.#onClose();
  }
}

export function utteranceSynthesis(context: ServerContext) {
  return (call: grpc.ServerWritableStream<Message, object>) => {
    const synthesis = new Synthesis(context, call, "UtteranceSynthesis");
    const request = call.request;
    synthesis.record.messages.push(request);
    if (!synthesis.admits()) return;
    const voice = request.hints?.find((hint) => hint.voice !== undefined)?.voice;
    const role = request.hints?.find((hint) => hint.role !== undefined)?.role;
    const text = request.text ?? "";
    const wrong = wrongSettings(voice, role, request.output_audio_spec) ??
      (text.trim() === "" ? "text is empty" : undefined) ??
      // Source: "Quotas and limits", 250 characters a request outside unsafe_mode.
      (text.length > 250 && !request.unsafe_mode ? "Too long text" : undefined);
    if (wrong) return synthesis.fail({ code: grpc.status.INVALID_ARGUMENT, details: wrong });
    synthesis.speak(text);
    synthesis.end();
  };
}

export function streamSynthesis(context: ServerContext) {
  return (call: grpc.ServerDuplexStream<Message, object>) => {
    const synthesis = new Synthesis(context, call, "StreamSynthesis");
    if (!synthesis.admits()) return;
    let buffered = "";
    call.on("data", (message: Message) => {
      const first = synthesis.record.messages.length === 0;
      synthesis.record.messages.push(message);
      const wrong = first !== (message.options !== undefined)
        ? "options must be the first message, and only that"
        : first
        ? wrongSettings(
          message.options?.voice,
          message.options?.role,
          message.options?.output_audio_spec,
        )
        : undefined;
      if (wrong) return synthesis.fail({ code: grpc.status.INVALID_ARGUMENT, details: wrong });
      buffered += message.synthesis_input?.text ?? "";
      if (message.force_synthesis) {
        synthesis.speak(buffered);
        buffered = "";
      }
    });
    call.on("end", () => {
      synthesis.speak(buffered);
      synthesis.endUnlessCancelled();
    });
  };
}

function wrongSettings(voice = "marina", role = "", spec?: Spec): string | undefined {
  const roles = ROLES[voice];
  if (!roles) return `unknown voice ${voice}`;
  if (!roles.includes(role)) return `voice ${voice} has no role ${role}`;
  if (spec?.raw_audio?.audio_encoding !== "LINEAR16_PCM") {
    return "this test server speaks raw LINEAR16_PCM only; the real one would send a WAV file";
  }
  if (spec.raw_audio.sample_rate_hertz !== 16_000) return "this test server speaks 16 kHz only";
  return undefined;
}
