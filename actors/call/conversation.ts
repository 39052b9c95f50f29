// The conversation of one call as a state machine: what the caller does and what the bot does
// meet here and nowhere else. All effects are events; all parts are handed in.

import type { Agent } from "../../agent/agent.ts";
import { logger } from "../../config/logging.ts";
import type { Prompts } from "../../config/prompts.ts";
import { type BargeInOptions, judge, mayBeEcho } from "../../media/barge_in.ts";
import { heardPrefix, type Playout, type PlayoutListener } from "../../media/playout.ts";
import {
  applyEvent,
  type CallEvent,
  type CallRecord,
  heardText,
  type Phase,
  type Stage,
  type TurnRecord,
} from "../call_record.ts";
import type { CallCounter } from "../messages.ts";
import { Answer, dialogueBefore } from "./answer.ts";
import type { HeardSoFar, HeardTurn, Listener, ListenerEvents } from "./listener.ts";
import type { Speaker } from "./speaker.ts";

/** What a conversation tells the outside. */
export interface ConversationOutput {
  event(event: CallEvent): void;
  callerSpeaking(speaking: boolean): void;
  progress(): void;
  said(): void;
  count(what: CallCounter): void;
}

/** What a conversation needs. */
export interface ConversationOptions {
  readonly agent: Agent;
  readonly prompts: Prompts;
  readonly bargeIn: BargeInOptions & { readonly enabled: boolean };
  readonly output: ConversationOutput;
  /** What is known of the call, to begin or to go on from. The conversation keeps it up to date. */
  readonly record: CallRecord;
}

/** The parts that carry the voice. */
export interface Voice {
  readonly listener: Listener;
  readonly speaker: Speaker;
  readonly playout: Playout;
}

/** One call's conversation. */
export class Conversation implements ListenerEvents, PlayoutListener, Disposable {
  readonly #options: ConversationOptions;
  readonly #record: CallRecord;
  readonly #log = logger("conversation");
  #voice!: Voice;
  #answer?: Answer;
  /** Playout is held while it is found out what the caller's speech is. */
  #suspect?: { readonly onsetAt: number; readonly silentAt: number };
  #onsetAt = 0;
  #callerSpeaking = false;

  constructor(options: ConversationOptions) {
    this.#options = options;
    this.#record = options.record;
  }

  /** What the call is doing. */
  get phase(): Phase {
    return this.#record.phase;
  }

  /** Joins the conversation to its voice, which reports back to it. Called once, before all else. */
  join(voice: Voice): void {
    this.#voice = voice;
  }

  /** Begins the call with the greeting. */
  greet(): void {
    this.#enter("greeting");
    this.#say(this.#options.agent.greeting);
  }

  /**
   * Goes on with a call whose isolate died: a cut sentence is spoken again from its start, an
   * unanswered turn is answered, and nothing heard is repeated.
   */
  resume(callerWasSpeaking: boolean): void {
    const turn = this.#record.turns.at(-1);
    if (!turn) return this.greet();
    if (turn.caller !== undefined && !turn.answerComplete) return this.#respond(turn);
    const unheard = turn.phrases.findIndex((phrase) => !phrase.heard);
    if (unheard >= 0 && !turn.interrupted) return this.#sayAgain(turn, unheard);
    if (callerWasSpeaking) return this.#say(this.#options.prompts.not_heard);
    this.#enter("listening");
  }

  /** Asks a silent caller whether they are there. */
  nudge(): void {
    if (this.phase !== "listening" || this.#voice.listener.hearing) return;
    this.#emit({ kind: "nudged" });
    this.#say(this.#options.prompts.nudge);
  }

  /** Gives up the answer under way, says sorry and listens. */
  apologise(): void {
    this.#silence();
    this.#say(this.#options.prompts.apology);
  }

  /** Says its last words; `said` follows when they were heard. */
  sayLast(text: string): void {
    this.#silence();
    this.#enter("handover");
    this.#say(text, () => this.#options.output.said());
  }

  [Symbol.dispose](): void {
    this.#answer?.cancel();
  }

  // What the ears report.

  onOnset(onsetAt: number): void {
    this.#onsetAt = onsetAt;
    this.#tellSpeaking(true);
  }

  onSpeech(soFar: HeardSoFar): void {
    if (!this.#interruptible) return;
    if (!this.#suspect) {
      const { audibleSince } = this.#voice.playout;
      const audibleMs = audibleSince === undefined ? Infinity : performance.now() - audibleSince;
      if (soFar.paused || mayBeEcho(audibleMs, this.#options.bargeIn)) return;
      this.#voice.playout.pause();
      this.#suspect = { onsetAt: this.#onsetAt, silentAt: performance.now() };
    }
    const verdict = judge(soFar, this.#options.bargeIn);
    if (verdict === "interruption") this.#interrupt();
    else if (verdict !== "undecided") this.#letGoOn();
  }

  onTurn(heard: HeardTurn): void {
    this.#tellSpeaking(false);
    const wanted = judge({ speechMs: 0, paused: true, text: heard.text }, this.#options.bargeIn);
    if (this.#interruptible) {
      if (wanted !== "interruption") return this.#letGoOn();
      this.#interrupt();
    }
    if (wanted === "noise" || this.phase !== "listening") return;
    const last = this.#record.turns.at(-1);
    const goesOn = last?.caller !== undefined && !last.answerComplete && heardText(last) === "";
    const number = goesOn ? last.turn : nextTurn(this.#record);
    const text = goesOn ? `${last.caller} ${heard.text}` : heard.text;
    this.#emit({ kind: "caller_turn", turn: number, text });
    this.#respond(this.#record.turns.at(-1)!, heard);
  }

  onAsrFailed(error: unknown): void {
    this.#log.error("recognition failed", { call: this.#record.id, phase: this.phase, error });
    this.#options.output.count("asr_failed");
    this.#tellSpeaking(false);
    if (this.#suspect) this.#letGoOn();
    else if (this.phase === "listening") this.#say(this.#options.prompts.not_heard);
  }

  // What the mouth reports.

  /** The first audio of a phrase came from the synthesiser. */
  onFirstByte(phraseId: string): void {
    this.#stage(phraseId, "tts_first_byte");
  }

  onQueued(phraseId: string): void {
    if (this.phase === "thinking") this.#enter("speaking");
    this.#stage(phraseId, "audio_queued");
  }

  onStarted(phraseId: string): void {
    const answer = this.#answerOf(phraseId);
    if (!answer || answer.stages.audio_heard !== undefined) return;
    this.#stage(phraseId, "audio_heard");
    if (answer.speechEndAt === undefined) return;
    this.#emit({ kind: "timings", turn: answer.turn, stages: answer.stages });
  }

  onHeard(phraseId: string): void {
    const answer = this.#answerOf(phraseId);
    if (!answer) return;
    this.#emit({ kind: "phrase_heard", turn: answer.turn, phrase: phraseNumber(phraseId) });
    this.#options.output.progress();
    this.#endIfHeard(answer);
  }

  /** A phrase could not be synthesised, however often it was tried. */
  onSpeechFailed(phraseId: string, error: unknown): void {
    this.#log.error("synthesis failed", { call: this.#record.id, phase: this.phase, error });
    this.#options.output.count("tts_failed");
    const answer = this.#answerOf(phraseId);
    if (!answer) return;
    const { apology } = this.#options.prompts;
    const failed = this.#turn(answer.turn).phrases[phraseNumber(phraseId)]?.text;
    // Without even the apology there is no voice left: the supervisor knows what to do then.
    if (failed === apology) {
      throw new Error("no voice: the apology could not be synthesised", { cause: error });
    }
    this.apologise();
  }

  // How the bot takes and gives the floor.

  get #interruptible(): boolean {
    return this.#options.bargeIn.enabled && this.#answer !== undefined && this.phase !== "handover";
  }

  #respond(turn: TurnRecord, heard?: HeardTurn): void {
    const heardPhrases = turn.phrases.filter((phrase) => phrase.heard).map(({ text }) => text);
    const answer = new Answer(turn.turn, heard?.speechEndAt, heardPhrases.length);
    if (heard) {
      answer.mark("endpoint", heard.endpointAt);
      answer.mark("asr_final", heard.asrFinalAt);
    }
    this.#answer = answer;
    this.#enter("thinking");
    void this.#make(answer, {
      text: turn.caller ?? "",
      history: dialogueBefore(this.#record, turn.turn),
      alreadyHeard: heardPhrases,
      signal: answer.signal,
    });
  }

  async #make(answer: Answer, request: Parameters<Agent["respond"]>[0]): Promise<void> {
    try {
      for await (const event of this.#options.agent.respond(request)) {
        if (answer.signal.aborted) return;
        if (event.kind === "phrase") this.#phrase(answer, event.text);
        else if (event.kind === "stage") answer.mark(event.stage);
        else if (event.kind === "sources") {
          this.#emit({
            kind: "sources",
            turn: answer.turn,
            kb: [...new Set(event.chunks.map(({ kb }) => kb))],
          });
        }
      }
      if (answer.signal.aborted) return;
      if (answer.phrases === 0) this.#phrase(answer, this.#options.prompts.apology);
    } catch (error) {
      if (answer.signal.aborted) return;
      this.#log.error("the assistant failed", { call: this.#record.id, phase: this.phase, error });
      this.#options.output.count("agent_failed");
      this.#phrase(answer, this.#options.prompts.apology);
    }
    this.#complete(answer);
  }

  /** Says one text as a turn of the bot's own. */
  #say(text: string, then?: () => void): void {
    const answer = new Answer(nextTurn(this.#record), undefined, 0, then);
    this.#answer = answer;
    if (this.phase !== "greeting" && this.phase !== "handover") this.#enter("speaking");
    this.#phrase(answer, text);
    this.#complete(answer);
  }

  #sayAgain(turn: TurnRecord, from: number): void {
    const answer = new Answer(turn.turn, undefined, from);
    this.#answer = answer;
    this.#enter(turn.turn === 0 ? "greeting" : "speaking");
    for (const { text } of turn.phrases.slice(from)) this.#phrase(answer, text);
    this.#complete(answer);
  }

  #phrase(answer: Answer, text: string): void {
    const phrase = answer.phrases++;
    this.#emit({ kind: "bot_phrase", turn: answer.turn, phrase, text });
    answer.mark("first_phrase");
    this.#voice.speaker.say(`${answer.turn}.${phrase}`, text);
  }

  #complete(answer: Answer): void {
    this.#emit({ kind: "answer_complete", turn: answer.turn, phrases: answer.phrases });
    this.#endIfHeard(answer);
  }

  #endIfHeard(answer: Answer): void {
    const turn = this.#turn(answer.turn);
    if (
      this.#answer !== answer || !turn.answerComplete || turn.phrases.some(({ heard }) => !heard)
    ) return;
    this.#answer = undefined;
    this.#suspect = undefined;
    if (answer.then) answer.then();
    else this.#enter("listening");
  }

  /** The caller has the floor: what the bot had still to say is dropped. */
  #interrupt(): void {
    const answer = this.#answer!;
    const turn = this.#turn(answer.turn);
    const { phraseId, heardFraction } = this.#voice.playout.position;
    const phrase = phraseId === undefined
      ? turn.phrases.findIndex(({ heard }) => !heard)
      : phraseNumber(phraseId);
    const heard = heardPrefix(turn.phrases[phrase]?.text ?? "", heardFraction);
    const nothingHeard = heard === "" && heardText(turn) === "";
    const { onsetAt, silentAt } = this.#suspect ??
      { onsetAt: this.#onsetAt, silentAt: performance.now() };
    if (turn.caller !== undefined && nothingHeard) {
      this.#emit({ kind: "answer_withdrawn", turn: turn.turn });
    } else {
      this.#emit({
        kind: "barge_in",
        turn: turn.turn,
        phrase: Math.max(0, phrase),
        heardText: heard,
        onsetToSilenceMs: Math.max(0, silentAt - onsetAt),
      });
    }
    this.#options.output.count("barge_in_confirmed");
    this.#silence();
    this.#enter("listening");
  }

  /** It was no interruption: the bot goes on where it stopped. */
  #letGoOn(): void {
    this.#voice.listener.discard();
    this.#tellSpeaking(false);
    if (!this.#suspect) return;
    this.#suspect = undefined;
    this.#options.output.count("barge_in_resumed");
    this.#voice.playout.resume();
  }

  #silence(): void {
    this.#answer?.cancel();
    this.#answer = undefined;
    this.#suspect = undefined;
    this.#voice.speaker.cancel();
    this.#voice.playout.flush().catch((error) => {
      this.#log.error("playout could not be flushed", { call: this.#record.id, error });
    });
  }

  // Bookkeeping.

  #enter(phase: Phase): void {
    if (this.#record.phase !== phase) this.#emit({ kind: "phase", phase });
  }

  #emit(event: CallEvent): void {
    applyEvent(this.#record, event, Date.now());
    this.#options.output.event(event);
  }

  #tellSpeaking(speaking: boolean): void {
    if (this.#callerSpeaking === speaking) return;
    this.#callerSpeaking = speaking;
    this.#options.output.callerSpeaking(speaking);
  }

  #stage(phraseId: string, stage: Stage): void {
    this.#answerOf(phraseId)?.mark(stage);
  }

  #answerOf(phraseId: string): Answer | undefined {
    return this.#answer?.turn === Number(phraseId.split(".")[0]) ? this.#answer : undefined;
  }

  #turn(number: number): TurnRecord {
    return this.#record.turns.find(({ turn }) => turn === number)!;
  }
}

function nextTurn(record: CallRecord): number {
  const last = record.turns.at(-1);
  return last ? last.turn + 1 : 0;
}

function phraseNumber(phraseId: string): number {
  return Number(phraseId.split(".")[1]);
}
