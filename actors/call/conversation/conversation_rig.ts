// A conversation without a PBX, a model or a clock, for its tests.

import assert from "node:assert/strict";
import type { Agent, AgentEvent, AgentRequest } from "../../../agent/agent.ts";
import { PromptsFile } from "../../../config/prompts.ts";
import { settingsWith } from "../../../config/read_settings.ts";
import type { AudioOutput } from "../../../media/audio_output.ts";
import { FRAME_SAMPLES, type Pcm, samplesIn } from "../../../media/frame.ts";
import type { AsrProvider } from "../../../speech/asr.ts";
import { type TtsProvider } from "../../../speech/tts.ts";
import { type CallEvent, type CallRecord, newCallRecord, type Phase } from "../../call_record.ts";
import type { EarlyStartOutcome } from "../../messages.ts";
import { NEXT } from "./call_state.ts";
import { Conversation } from "./conversation.ts";

export const prompts = await (await PromptsFile.open(settingsWith({ ASTERISK_LANG: "en" })))
  .current();

/** A PBX that plays when the test says so. */
export class Line implements AudioOutput {
  paused = false;
  flushes = 0;
  #queue: (number | string)[] = [];

  constructor(readonly onMark: (markId: string) => void) {}

  send(pcm: Pcm): void {
    this.#queue.push(pcm.length);
  }

  endOfPhrase(markId: string): void {
    this.#queue.push(markId);
  }

  get bufferedMs(): number {
    return 0;
  }

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
  }

  flush(): Promise<void> {
    this.flushes++;
    this.paused = false;
    this.#queue = [];
    return Promise.resolve();
  }

  /** Plays marks and audio up to and including `markId`, or all there is. */
  play(markId?: string): void {
    while (this.#queue.length > 0) {
      const item = this.#queue.shift()!;
      if (typeof item === "string") this.onMark(item);
      if (item === markId) return;
    }
  }
}

/** Answers with the parts it is given, or with phrases, and waits for `hold` where one is set. */
export class ScriptedAgent implements Agent {
  readonly name = "scripted";
  readonly greeting = "Hello.";
  readonly impersonal = false;
  readonly requests: AgentRequest[] = [];
  phrases: string[] = ["First answer.", "Second part."];
  parts?: readonly AgentEvent[];
  hold?: Promise<void>;
  failure?: Error;

  async *respond(request: AgentRequest): AsyncIterable<AgentEvent> {
    this.requests.push(request);
    await this.hold;
    if (this.failure) throw this.failure;
    if (this.parts) {
      yield* this.parts;
      return;
    }
    for (const text of this.phrases.slice(request.alreadyHeard?.length ?? 0)) {
      yield { kind: "phrase", text };
    }
  }
}

export const settle = () => new Promise((resolve) => setTimeout(resolve, 2));

/** A call without a PBX, a model or a clock: loud frames are speech, `said` is what is recognised. */
export function rig(
  record: CallRecord = newCallRecord({ id: "c1", channelId: "ch", caller: "", startedAt: 0 }),
  options: {
    readonly startEarly?: boolean;
    readonly pressed?: boolean;
    readonly fillerAfterMs?: number;
    readonly patienceMs?: number;
    /** The voice speaks whole answers, each in one stream. */
    readonly streaming?: boolean;
  } = {},
) {
  const agent = new ScriptedAgent();
  const events: CallEvent[] = [];
  const told: string[] = [];
  const toolCalls: string[] = [];
  /** The texts given to the voice. */
  const spoken: string[] = [];
  const early: EarlyStartOutcome[] = [];
  const state = { said: "", failAsr: false, failTts: (_text: string) => false };
  const phases = new PhaseWatch(record);
  const line = new Line((markId) => conversation.onMark(markId));
  const conversation: Conversation = new Conversation({
    agent,
    prompts,
    language: "en",
    startEarly: options.startEarly ?? false,
    pressed: () => options.pressed ?? false,
    maskCards: true,
    patienceMs: options.patienceMs ?? 0,
    fillerAfterMs: options.fillerAfterMs ?? 0,
    record,
    bargeIn: {
      enabled: true,
      guardMs: 0,
      confirmMs: 600,
      isBackchannel: (text) => text === "Uh-huh.",
    },
    recogniser: {
      vad: {
        probability: (window) => Promise.resolve(window[0] === 0 ? 0.02 : 0.98),
        look: () => {},
      },
      asr: asrOf(state),
      vadThreshold: 0.5,
      prerollMs: 300,
      endpointing: {
        silenceMs: 400,
        maxSilenceMs: 2000,
        maxUtteranceMs: 60_000,
        looksUnfinished: () => false,
        isShortAnswer: () => false,
      },
    },
    speaker: {
      tts: voiceOf(state, spoken, options.streaming ?? false),
      parallel: () => 2,
      retries: 0,
      mayKeep: () => false,
      prepared: new Map(),
    },
    playout: { output: line, lookaheadMs: 2000 },
    output: {
      event: (event) => {
        events.push(event);
        if (event.kind === "phase") phases.enter(event.phase);
      },
      callerSpeaking: (speaking) => told.push(speaking ? "speaking" : "silent"),
      progress: () => told.push("progress"),
      said: () => told.push("said"),
      count: (what) => told.push(what),
      toolCall: (id) => toolCalls.push(id),
      assistant: ({ kind }) => told.push(kind),
      earlyStart: (outcome) => early.push(outcome),
    },
  });

  const sound = async (ms: number, level: number) => {
    for (let i = 0; i < ms / 20; i++) {
      conversation.hear(new Int16Array(FRAME_SAMPLES).fill(level), performance.now());
      // A window's probability arrives before the next one is asked for, as in a call.
      await Promise.resolve();
      await Promise.resolve();
    }
    await settle();
  };
  return {
    agent,
    conversation,
    early,
    events,
    toolCalls,
    spoken,
    line,
    record,
    state,
    told,
    /** The caller speaks for `ms`. */
    speak: (text: string, ms: number) => {
      state.said = text;
      return sound(ms, 1000);
    },
    silence: (ms: number) => sound(ms, 0),
    /** A whole turn of the caller: speech, and the silence that ends it. */
    ask: async (text: string) => {
      state.said = text;
      await sound(900, 1000);
      await sound(600, 0);
    },
    /** The PBX plays all that it has, to the last mark. */
    play: async () => {
      await settle();
      line.play();
      await settle();
    },
    kinds: () => events.map(({ kind }) => kind),
    [Symbol.dispose]: () => {
      conversation[Symbol.dispose]();
      assert.deepEqual(phases.illegal, [], "illegal phase transitions");
    },
  };
}

/** Holds every conversation of every test to the table of phases. */
class PhaseWatch {
  readonly illegal: string[] = [];
  #phase: Phase;
  #free: boolean;

  constructor({ phase, turns }: CallRecord) {
    this.#phase = phase;
    this.#free = turns.length > 0;
  }

  enter(phase: Phase): void {
    if (!this.#free && !NEXT[this.#phase].includes(phase)) {
      this.illegal.push(`${this.#phase} -> ${phase}`);
    }
    this.#phase = phase;
    this.#free = false;
  }
}

/** A voice that says nothing audible, and fails at the texts that `state` names. */
export function voiceOf(
  state: { readonly failTts: (text: string) => boolean },
  spoken: string[],
  streaming: boolean,
): TtsProvider {
  return {
    name: "fake",
    async *synthesize(text) {
      spoken.push(text);
      await Promise.resolve();
      if (state.failTts(text)) throw new Error("no voice");
      yield new Int16Array(samplesIn(400));
    },
    ...(streaming && {
      async *synthesizeStream(texts: AsyncIterable<string>) {
        let index = 0;
        for await (const text of texts) {
          spoken.push(text);
          yield { index: index++, pcm: new Int16Array(samplesIn(400)) };
        }
      },
    }),
  };
}

/** An ASR that hears what `state` says. */
export function asrOf(state: { readonly said: string; readonly failAsr: boolean }): AsrProvider {
  return {
    name: "fake",
    open: ({ onPartial }) => ({
      push: () => {},
      checkpoint: () => onPartial({ text: state.said, final: false }),
      finish: () =>
        state.failAsr
          ? Promise.reject(new Error("no ASR"))
          : Promise.resolve({ text: state.said, final: true }),
    }),
  };
}

/** A call that was greeted and asked a question whose answer is being played. */
export async function inConversation() {
  const call = rig();
  call.conversation.greet();
  await call.play();
  await call.ask("What is the price?");
  return call;
}

/** The record that the journal has when the isolate dies after these steps. */
export async function diedAfter(
  ...script: ((call: Awaited<ReturnType<typeof inConversation>>) => unknown)[]
) {
  using call = await inConversation();
  for (const step of script) {
    await step(call);
    await settle();
  }
  return structuredClone(call.record);
}
