// Yandex SpeechKit v3 recognition. An utterance is a segment of a session. A session is kept from one
// utterance to the next, so that the first word waits for no new one, and is replaced during a long
// utterance before it reaches the service's limits, without losing a word.

import type { AsrOptions, AsrProvider, AsrUtterance } from "../../asr.ts";
import { within } from "../../../runtime/waiting.ts";
import type { SpeechEventHandler } from "../../events.ts";
import type { YandexChannel } from "../channel.ts";
import { SESSION_LIMITS, type SessionLimits, type SttOptions, SttSession } from "./stt_session.ts";
import { YandexUtterance } from "./stt_utterance.ts";

/** A session with nothing to recognise is ended after this long: idle time is billed. */
const KEPT_IDLE_MS = 20_000;

/** How long the service may take to end a session before we cancel it. */
const FAREWELL_MS = 300;

/** Settings of the recogniser. */
export interface YandexAsrOptions {
  readonly stt: Omit<SttOptions, "languageCode">;
  /** Empty: by the call's language. */
  readonly languageCode: string;
  readonly answerWithinMs: number;
  readonly limits?: SessionLimits;
  /** How often an idle session is sent silence. */
  readonly keepaliveMs?: number;
  readonly onEvent?: SpeechEventHandler;
}

const LANGUAGE_CODES = { ru: "ru-RU", en: "en-US" } as const;

/** Yandex's recogniser, for one call. */
export class YandexAsr implements AsrProvider, AsyncDisposable {
  readonly name = "yandex";
  readonly #channel: YandexChannel;
  readonly #options: YandexAsrOptions;
  readonly #limits: SessionLimits;
  #kept: { readonly session: SttSession; readonly languageCode: string } | undefined;
  #keptTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(channel: YandexChannel, options: YandexAsrOptions) {
    this.#channel = channel;
    this.#options = options;
    this.#limits = options.limits ?? SESSION_LIMITS;
  }

  open(options: AsrOptions): AsrUtterance {
    const languageCode = this.#options.languageCode || LANGUAGE_CODES[options.language];
    return new YandexUtterance({
      take: () => this.#take(languageCode),
      giveBack: (session) => this.#keep(session, languageCode),
      options,
      limits: this.#limits,
      external: this.#options.stt.eou === "external",
      refinements: this.#options.stt.normalization,
      onRotation: (seam) => this.#options.onEvent?.({ kind: "rotation", service: "yandex", seam }),
    });
  }

  /** Ends the kept session in order, or cancels it if the service does not end it in time. */
  async [Symbol.asyncDispose](): Promise<void> {
    clearTimeout(this.#keptTimer);
    const session = this.#kept?.session;
    this.#kept = undefined;
    if (!session) return;
    const failure = () => new Error("the session did not end");
    await within(session.ended(), FAREWELL_MS, failure).catch(() => session.cancel());
  }

  #take(languageCode: string): SttSession {
    clearTimeout(this.#keptTimer);
    const kept = this.#kept;
    this.#kept = undefined;
    // At least half of its life is left, so the new utterance will hardly need a rotation.
    if (kept?.languageCode === languageCode && this.#reusable(kept.session)) return kept.session;
    kept?.session.end();
    const { stt, answerWithinMs, keepaliveMs } = this.#options;
    return new SttSession(this.#channel, { ...stt, languageCode }, answerWithinMs, keepaliveMs);
  }

  #keep(session: SttSession, languageCode: string): void {
    if (!this.#reusable(session) || this.#kept) return session.end();
    this.#kept = { session, languageCode };
    this.#keptTimer = setTimeout(() => {
      this.#kept = undefined;
      session.end();
    }, KEPT_IDLE_MS);
  }

  #reusable(session: SttSession): boolean {
    return session.open && session.audioMs < this.#limits.pauseMs / 2 &&
      session.bytes < this.#limits.pauseBytes / 2;
  }
}
