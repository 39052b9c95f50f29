// The speech engine as one call uses it: voice activity, recognition and a voice, over a MessagePort
// whose other end the engine serves. Loads no native code.

import type { MessagePort } from "node:worker_threads";
import type { AsrProvider } from "../asr.ts";
import { LocalAsr } from "./asr.ts";
import { EngineLink } from "./link.ts";
import { LocalTts } from "./tts.ts";
import { type DegradedHandlers, LocalVad } from "./vad.ts";
import type { TtsProvider } from "../tts.ts";
import type { VadStream } from "../vad.ts";

export { LinkError } from "./link.ts";

/** How a call uses the engine. Times are in milliseconds. */
export interface LocalSpeechOptions extends Partial<DegradedHandlers> {
  /** espeak-ng voice (LOCAL_TTS_VOICE); empty: the language's default. */
  readonly voice?: string;
  /** Speaking rate (LOCAL_TTS_SPEED). */
  readonly speed?: number;
  /** VAD falls back to loudness when a window is unanswered for this long. Default 250. */
  readonly vadDeadlineMs?: number;
  /** The longest wait for a text, a new engine's start included. Default 8000. */
  readonly asrDeadlineMs?: number;
  /** The longest wait for a phrase's audio, a new engine's start included. Default 8000. */
  readonly ttsDeadlineMs?: number;
  /** The least time between two partial texts. Default 500. */
  readonly partialEveryMs?: number;
}

/** What the engine gives one call. */
export interface LocalSpeech extends Disposable {
  readonly vad: VadStream;
  readonly asr: AsrProvider;
  readonly tts: TtsProvider;
  /**
   * The engine has died: VAD falls back to loudness. Pending requests go to the next engine if that
   * comes within their deadline, else they fail with `AsrError` or `TtsError`.
   */
  close(reason: string): void;
  /** Switches to a new engine, which serves the other end of `port`. */
  reconnect(port: MessagePort): void;
}

/** Connects a call to the engine that serves the other end of `port`. Dispose when the call ends. */
export function connectEngine(port: MessagePort, options: LocalSpeechOptions = {}): LocalSpeech {
  const link = new EngineLink({
    onAudio: (audio) => tts.receive(audio),
    onGone: (reason) => vad.gone(reason),
  });
  const tts = new LocalTts(link, {
    voice: options.voice ?? "",
    speed: options.speed ?? 1,
    deadlineMs: options.ttsDeadlineMs ?? 8000,
  });
  const asr = new LocalAsr(link, {
    deadlineMs: options.asrDeadlineMs ?? 8000,
    partialEveryMs: options.partialEveryMs ?? 500,
  });
  const vad = new LocalVad(link, options.vadDeadlineMs ?? 250, {
    onDegraded: (reason) => options.onDegraded?.(reason),
    onRestored: () => options.onRestored?.(),
  });
  link.connect(port);
  return {
    vad,
    asr,
    tts,
    close: (reason) => link.close(reason),
    reconnect: (next) => {
      link.connect(next);
      vad.reconnected();
    },
    [Symbol.dispose]: () => link[Symbol.dispose](),
  };
}
