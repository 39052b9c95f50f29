// A simulated caller, and the caller's channel on the PBX.

import type { HeardFrame } from "../caller.ts";
import { FRAME_SAMPLES, type Pcm, samplesIn } from "../../media/frame.ts";
import { CAUSE, type HangupCause, SimulatedChannel } from "./pbx/channel.ts";
import { lineFilter } from "./media/line.ts";
import type { SimulatedPbx } from "./pbx/pbx.ts";
import { CallOverError, type SimulatedCaller, type SimulatedCallOptions } from "./simulator.ts";

/** A fictional number (North American 555-01xx range), so that no test contains a real one. */
const FICTIONAL_NUMBER = "5550100";
const KEYS = /^[0-9*#A-D]$/;
/** How long the caller holds a key, in ms: the PBX reports it in its event. */
const KEY_MS = 100;
const SILENCE: Pcm = new Int16Array(FRAME_SAMPLES);

interface Speech {
  readonly pcm: Pcm;
  at: number;
  startedAt: number;
  readonly spoken: PromiseWithResolvers<{ readonly startedAt: number; readonly endedAt: number }>;
}

/** Hears what the caller hears, as it happens. */
export interface CallerObserver {
  onHeard(frame: HeardFrame): void;
  onDigit(digit: string): void;
}

/** A caller on a simulated PBX, in the isolate of that PBX. */
export class InProcessCaller implements SimulatedCaller {
  readonly #pbx: SimulatedPbx;
  readonly #channel: CallerChannel;
  readonly #heard: HeardFrame[] = [];
  readonly #digits: string[] = [];
  readonly #answered = Promise.withResolvers<void>();
  readonly #ended = Promise.withResolvers<string>();
  readonly #toPbx;
  readonly #toCaller;
  readonly #echo: Echo | undefined;
  readonly #speeches: Speech[] = [];
  #clock: Disposable | undefined;
  #muted = false;
  #over: string | undefined;
  observer: CallerObserver | undefined;

  constructor(pbx: SimulatedPbx, options: SimulatedCallOptions, language: string) {
    const { codec = "ulaw", echo } = options.line ?? {};
    this.#pbx = pbx;
    this.#toPbx = lineFilter(codec);
    this.#toCaller = lineFilter(codec);
    this.#echo = echo && new Echo(echo.attenuationDb, echo.delayMs);
    this.#channel = new CallerChannel(pbx, this, options, language);
    // Nobody need await a caller who is never answered.
    this.#answered.promise.catch(() => undefined);
  }

  get answered(): Promise<void> {
    return this.#answered.promise;
  }

  get ended(): Promise<string> {
    return this.#ended.promise;
  }

  get heard(): readonly HeardFrame[] {
    return this.#heard;
  }

  get digitsHeard(): readonly string[] {
    return this.#digits;
  }

  get channelId(): string {
    return this.#channel.id;
  }

  /** The caller's channel, for the PBX to move about. */
  get channel(): SimulatedChannel {
    return this.#channel;
  }

  say(pcm: Pcm): Promise<{ readonly startedAt: number; readonly endedAt: number }> {
    if (this.#over !== undefined) {
      return Promise.reject(new CallOverError(`Nothing can be said: ${this.#over}`));
    }
    const spoken: Speech["spoken"] = Promise.withResolvers();
    if (pcm.length === 0) {
      const now = performance.now();
      return Promise.resolve({ startedAt: now, endedAt: now });
    }
    this.#speeches.push({ pcm, at: 0, startedAt: 0, spoken });
    return spoken.promise;
  }

  async press(digit: string): Promise<void> {
    if (!KEYS.test(digit)) {
      throw new RangeError(`There is no key ${JSON.stringify(digit)}: press 0-9, *, #, A-D.`);
    }
    await this.answered;
    if (this.#over !== undefined) throw new CallOverError(`No key can be pressed: ${this.#over}`);
    this.#pbx.digit(this.#channel, digit, KEY_MS);
  }

  mute(muted: boolean): void {
    this.#muted = muted;
  }

  hangUp(): Promise<void> {
    this.#finish("the caller hung up");
    this.#pbx.hangUp(this.#channel, CAUSE.normal, {});
    return Promise.resolve();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.hangUp();
  }

  /** The PBX has answered: audio flows both ways from now on. */
  onAnswer(): void {
    this.#clock = this.#pbx.clock.subscribe(() => this.#tick());
    this.#answered.resolve();
  }

  /** The caller hears a frame. */
  onFrame(frame: Pcm): void {
    const pcm = this.#toCaller(frame);
    const heard = { at: performance.now(), pcm };
    this.#heard.push(heard);
    this.observer?.onHeard(heard);
    this.#echo?.hear(pcm);
  }

  onDigit(digit: string): void {
    this.#digits.push(digit);
    this.observer?.onDigit(digit);
  }

  onRelease(cause: HangupCause | undefined): void {
    this.#finish(cause ? `the PBX hung up: ${cause.text} (${cause.code})` : "the PBX died");
  }

  #finish(reason: string): void {
    if (this.#over !== undefined) return;
    this.#over = reason;
    this.#clock?.[Symbol.dispose]();
    const over = new CallOverError(`The call ended: ${reason}`);
    for (const { spoken } of this.#speeches.splice(0)) spoken.reject(over);
    this.#answered.reject(over);
    this.#ended.resolve(reason);
  }

  #tick(): void {
    const frame = this.#nextFrame();
    if (!this.#muted) this.#pbx.voice(this.#channel, this.#toPbx(this.#echo?.mix(frame) ?? frame));
  }

  #nextFrame(): Pcm {
    const speech = this.#speeches[0];
    if (!speech) return SILENCE;
    const now = performance.now();
    if (speech.at === 0) speech.startedAt = now;
    const frame = new Int16Array(FRAME_SAMPLES);
    frame.set(speech.pcm.subarray(speech.at, speech.at + FRAME_SAMPLES));
    speech.at += FRAME_SAMPLES;
    if (speech.at >= speech.pcm.length) {
      this.#speeches.shift();
      speech.spoken.resolve({ startedAt: speech.startedAt, endedAt: now });
    }
    return frame;
  }
}

/** The caller's channel: the caller hears what the PBX sends it. */
class CallerChannel extends SimulatedChannel {
  readonly #pbx: SimulatedPbx;
  readonly #caller: InProcessCaller;

  constructor(
    pbx: SimulatedPbx,
    caller: InProcessCaller,
    options: SimulatedCallOptions,
    language: string,
  ) {
    const id = pbx.newChannelId();
    super({
      id,
      name: `PJSIP/caller-${id.split(".")[1]!.padStart(8, "0")}`,
      state: "Ring",
      dialplan: {
        context: "voxbot",
        exten: options.extension ?? "s",
        priority: 1,
        app_name: "",
        app_data: "",
      },
      callerNumber: options.callerNumber ?? FICTIONAL_NUMBER,
      protocolId: crypto.randomUUID(),
      language,
    });
    this.#pbx = pbx;
    this.#caller = caller;
  }

  override hear(frame: Pcm): void {
    if (this.state === "Up") this.#caller.onFrame(frame);
  }

  override hearDigit(digit: string): void {
    this.#caller.onDigit(digit);
  }

  override answer(): void {
    this.#caller.onAnswer();
  }

  override release(cause: HangupCause | undefined): void {
    this.#caller.onRelease(cause);
  }
}

/** The part of the caller's loudspeaker that the caller's microphone picks up. */
class Echo {
  readonly #gain: number;
  readonly #heard: Pcm[] = [];
  /** The samples between loudspeaker and microphone. */
  #path: Float32Array;

  constructor(attenuationDb: number, delayMs: number) {
    this.#gain = 10 ** (-attenuationDb / 20);
    this.#path = new Float32Array(samplesIn(delayMs));
  }

  hear(frame: Pcm): void {
    this.#heard.push(frame);
  }

  /** Adds the current echo to the caller's frame; called once every 20 ms. */
  mix(frame: Pcm): Pcm {
    const path = new Float32Array(this.#path.length + FRAME_SAMPLES);
    path.set(this.#path);
    const heard = this.#heard.shift() ?? SILENCE;
    for (let i = 0; i < heard.length; i++) path[this.#path.length + i] = heard[i]! * this.#gain;
    this.#path = path.slice(FRAME_SAMPLES);
    return frame.map((sample, i) =>
      Math.max(-32768, Math.min(32767, Math.round(sample + path[i]!)))
    );
  }
}
