// A conversation without a PBX, a model or a clock, for its tests.

import type { Agent, AgentEvent, AgentRequest } from "../../../agent/agent.ts";
import { PromptsFile } from "../../../config/prompts.ts";
import { settingsWith } from "../../../config/settings.ts";
import type { AudioOutput } from "../../../media/audio_output.ts";
import { FRAME_SAMPLES, type Pcm, samplesIn } from "../../../media/frame.ts";
import { Playout } from "../../../media/playout/playout.ts";
import type { AsrProvider } from "../../../speech/asr.ts";
import { type TtsProvider } from "../../../speech/tts.ts";
import { type CallEvent, type CallRecord, newCallRecord } from "../../call_record.ts";
import type { EarlyStartOutcome } from "../../messages.ts";
import type { SpokenPhrase } from "./answer.ts";
import { Conversation } from "./conversation.ts";
import { Recogniser } from "../recogniser.ts";
import { Speaker } from "../speaker.ts";

export const prompts = await (await PromptsFile.open(settingsWith({ ASTERISK_LANG: "en" })))
  .current();

/** A PBX that plays when it is told to. */
class Line implements AudioOutput {
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

/** Answers with the parts it is given, or phrases, and waits for `hold` where one is set. */
class ScriptedAgent implements Agent {
  readonly name = "scripted";
  readonly greeting = "Hello.";
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
    readonly fillerAfterMs?: number;
    /** The voice speaks whole answers, each in one stream. */
    readonly streaming?: boolean;
  } = {},
) {
  const agent = new ScriptedAgent();
  const events: CallEvent[] = [];
  const told: string[] = [];
  const toolCalls: string[] = [];
  /** What was given to the synthesiser. */
  const spoken: string[] = [];
  const early: EarlyStartOutcome[] = [];
  const state = { said: "", failAsr: false, failTts: false };
  const conversation = new Conversation({
    agent,
    prompts,
    language: "en",
    startEarly: options.startEarly ?? false,
    fillerAfterMs: options.fillerAfterMs ?? 0,
    record,
    bargeIn: {
      enabled: true,
      guardMs: 0,
      confirmMs: 600,
      isBackchannel: (text) => text === "Uh-huh.",
    },
    output: {
      event: (event) => events.push(event),
      callerSpeaking: (speaking) => told.push(speaking ? "speaking" : "silent"),
      progress: () => told.push("progress"),
      said: () => told.push("said"),
      count: (what) => told.push(what),
      toolCall: (id) => toolCalls.push(id),
      assistant: ({ kind }) => told.push(kind),
      earlyStart: (outcome) => early.push(outcome),
    },
  });
  const line = new Line((markId) => playout.onMark(markId));
  const playout = new Playout<SpokenPhrase>(line, { lookaheadMs: 2000, events: conversation });
  const tts: TtsProvider = {
    name: "fake",
    async *synthesize(text) {
      spoken.push(text);
      await Promise.resolve();
      if (state.failTts) throw new Error("no voice");
      yield new Int16Array(samplesIn(400));
    },
    ...(options.streaming && {
      async *synthesizeStream(texts: AsyncIterable<string>) {
        let index = 0;
        for await (const text of texts) {
          spoken.push(text);
          yield { index: index++, pcm: new Int16Array(samplesIn(400)) };
        }
      },
    }),
  };
  const asr: AsrProvider = {
    name: "fake",
    open: ({ onPartial }) => ({
      push: () => {},
      checkpoint: () => onPartial({ text: state.said, final: false }),
      finish: () =>
        state.failAsr
          ? Promise.reject(new Error("no ear"))
          : Promise.resolve({ text: state.said, final: true }),
    }),
  };
  const speaker = new Speaker({
    call: "c1",
    tts,
    language: "en",
    playout,
    parallel: 2,
    retries: 0,
    prepared: new Map(),
    onFirstByte: (phrase) => conversation.onFirstByte(phrase),
    onFailed: (phrase, error) => conversation.onSpeechFailed(phrase, error),
  });
  const recogniser = new Recogniser({
    call: "c1",
    vad: {
      probability: (window) => Promise.resolve(window[0] === 0 ? 0.02 : 0.98),
      reset: () => {},
    },
    asr,
    language: "en",
    vadThreshold: 0.5,
    prerollMs: 300,
    endpointing: {
      silenceMs: 400,
      maxSilenceMs: 2000,
      maxUtteranceMs: 60_000,
      looksUnfinished: () => false,
    },
    events: conversation,
  });
  conversation.join({ playout, speaker, recogniser });

  const sound = async (ms: number, level: number) => {
    for (let i = 0; i < ms / 20; i++) {
      recogniser.hear(new Int16Array(FRAME_SAMPLES).fill(level), performance.now());
      // A window's probability comes before the next one is asked for, as in a call.
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
    /** A whole turn of the caller: speech and the silence that ends it. */
    ask: async (text: string) => {
      state.said = text;
      await sound(900, 1000);
      await sound(600, 0);
    },
    /** The PBX plays what it has, to the last mark. */
    play: async () => {
      await settle();
      line.play();
      await settle();
    },
    kinds: () => events.map(({ kind }) => kind),
    [Symbol.dispose]: () => {
      conversation[Symbol.dispose]();
      recogniser[Symbol.dispose]();
      speaker[Symbol.dispose]();
      playout[Symbol.dispose]();
    },
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

/** A record as the journal has it when the isolate dies at this point of the events. */
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
