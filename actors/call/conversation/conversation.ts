// The conversation of one call as a state machine: what the caller does and what the bot does
// meet here and nowhere else. All effects are events; all parts are handed in.

import { logger } from "../../../config/logging.ts";
import type { PlayoutEvents } from "../../../media/playout/playout.ts";
import {
  applyEvent,
  type CallEvent,
  type CallRecord,
  nextTurn,
  type Phase,
  type ToolResult,
  type TurnRecord,
} from "../../call_record.ts";
import { Answer, cutOf, dialogueBefore, saidWith, type SpokenPhrase } from "./answer.ts";
import type { ConversationOptions, Voice } from "./conversation_options.ts";
import { ToolCalls } from "./tool_calls.ts";
import { Filler } from "./filler.ts";
import { Floor } from "./floor.ts";
import type { HeardSoFar, HeardTurn, RecogniserEvents } from "../recogniser.ts";
import { type AnswerPart, EarlyAgent } from "./early_agent.ts";

/** One call's conversation. */
export class Conversation implements RecogniserEvents, PlayoutEvents<SpokenPhrase>, Disposable {
  readonly #options: ConversationOptions;
  readonly #record: CallRecord;
  readonly #log = logger("conversation");
  readonly #floor: Floor;
  readonly #mind: EarlyAgent;
  readonly #errands: ToolCalls;
  readonly #filler: Filler;
  #voice!: Voice;
  #answer?: Answer;
  /** The tool that is about to end the bot's part of the call. */
  #departure?: string;

  constructor(options: ConversationOptions) {
    const { record, bargeIn, prompts, output } = options;
    this.#options = options;
    this.#record = record;
    this.#floor = new Floor(bargeIn, (speaking) => output.callerSpeaking(speaking));
    this.#mind = new EarlyAgent(options, output);
    this.#errands = new ToolCalls(record, (id) => output.toolCall(id));
    this.#filler = new Filler({
      call: record.id,
      words: prompts.fillers,
      afterMs: options.fillerAfterMs,
      onSpoken: () => output.count("filler_spoken"),
    }, () => this.#voice);
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
    if (this.#departed(turn.turn)) return;
    if (callerWasSpeaking) return this.#say(this.#options.prompts.not_heard);
    this.#enter("listening");
  }

  /** Asks a silent caller whether they are there. */
  nudge(): void {
    if (this.phase !== "listening" || this.#voice.recogniser.hearing) return;
    this.#emit({ kind: "nudged" });
    this.#say(this.#options.prompts.nudge);
  }

  /**
   * Gives up an answer that takes too long, says sorry and listens. The service's request may cross
   * the answer's first audio: an answer that is being heard is left alone.
   */
  apologise(): void {
    if (this.phase === "thinking") this.#apologise();
  }

  /** Says its last words; `said` follows when they were heard. */
  sayLast(text: string): void {
    this.#silence();
    this.#departure = undefined;
    this.#enter("handover");
    this.#say(text, () => this.#options.output.said());
  }

  /** The service has carried out a tool, or could not. */
  toolDone(id: string, result: ToolResult): void {
    // Noted by the service, which did it: here only the record is kept up to date.
    applyEvent(this.#record, { kind: "tool_done", id, result }, Date.now());
    const tool = this.#errands.answered(id);
    if (this.#departure !== id || result === "done") return;
    this.#departure = undefined;
    this.#silence();
    this.#enter("listening");
    if (tool?.call.name === "transfer_to") this.#say(this.#options.prompts.transfer_refused);
  }

  [Symbol.dispose](): void {
    this.#answer?.cancel();
    this.#mind[Symbol.dispose]();
    this.#filler[Symbol.dispose]();
  }

  // What the ears report.

  /** The PBX noticed that the caller makes a sound; what it is, the ears will tell. */
  onTalking(): void {
    const { recogniser, playout } = this.#voice;
    if (!this.#interruptible || recogniser.hearing) return;
    if (this.#floor.expect(playout)) recogniser.expectSpeech();
  }

  onOnset(onsetAt: number): void {
    this.#floor.begin(onsetAt);
    this.#options.agent.prepare?.();
  }

  onNoSpeech(): void {
    if (this.#floor.clear()) this.#goOn();
  }

  onSpeech(soFar: HeardSoFar): void {
    if (!this.#interruptible) return;
    const verdict = this.#floor.claim(soFar, this.#voice.playout);
    if (verdict === "interruption") this.#interrupt();
    else if (verdict !== "undecided") this.#letGoOn();
  }

  onStable(text: string): void {
    if (this.phase !== "listening" || this.#floor.judge(text) !== "interruption") return;
    const said = saidWith(this.#record, text, this.#options.language);
    this.#mind.consider(said.text, dialogueBefore(this.#record, said.turn));
  }

  onTurn(heard: HeardTurn): void {
    this.#floor.end();
    const wanted = this.#floor.judge(heard.text);
    if (this.#interruptible) {
      if (wanted !== "interruption") return this.#letGoOn();
      this.#interrupt();
    }
    if (wanted === "noise" || this.phase !== "listening") return this.#mind.forget();
    const said = saidWith(this.#record, heard.text, this.#options.language);
    this.#emit({ kind: "caller_turn", ...said });
    this.#respond(this.#turn(said.turn), heard);
  }

  onAsrFailed(error: unknown): void {
    this.#log.error("recognition failed", { call: this.#record.id, phase: this.phase, error });
    this.#options.output.count("asr_failed");
    this.#mind.forget();
    this.#floor.end();
    if (this.#floor.clear()) this.#goOn();
    else if (this.phase === "listening") this.#say(this.#options.prompts.not_heard);
  }

  // What the mouth reports.

  /** The first audio of a phrase came from the synthesiser. */
  onFirstByte(phrase: SpokenPhrase): void {
    if (!this.#answer?.has(phrase)) return;
    this.#filler.end();
    this.#answer.mark("tts_first_byte");
  }

  onQueued(phrase: SpokenPhrase): void {
    if (!this.#answer?.has(phrase)) return;
    if (this.phase === "thinking") this.#enter("speaking");
    this.#answer.mark("audio_queued");
  }

  onStarted(phrase: SpokenPhrase): void {
    const answer = this.#answer;
    if (!answer?.has(phrase) || answer.stages.audio_heard !== undefined) return;
    answer.mark("audio_heard");
    if (answer.speechEndAt === undefined) return;
    this.#emit({ kind: "timings", turn: answer.turn, stages: answer.stages });
  }

  onHeard(phrase: SpokenPhrase): void {
    this.#filler.heard(phrase);
    const answer = this.#answer;
    if (!answer?.has(phrase)) return;
    this.#emit({ kind: "phrase_heard", ...phrase });
    this.#options.output.progress();
    this.#goFurther(answer);
  }

  /** A phrase could not be synthesised, however often it was tried. */
  onSpeechFailed(phrase: SpokenPhrase, error: unknown): void {
    this.#log.error("synthesis failed", { call: this.#record.id, phase: this.phase, error });
    this.#options.output.count("tts_failed");
    if (!this.#answer?.has(phrase)) return;
    const { apology } = this.#options.prompts;
    const failed = this.#turn(phrase.turn).phrases[phrase.phrase]?.text;
    // Without even the apology there is no voice left: the supervisor knows what to do then.
    if (failed === apology) {
      throw new Error("no voice: the apology could not be synthesised", { cause: error });
    }
    this.#apologise();
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
    this.#filler.wait();
    const parts = this.#mind.answer({
      text: turn.caller ?? "",
      history: dialogueBefore(this.#record, turn.turn),
      alreadyHeard: heardPhrases,
      signal: answer.signal,
    });
    void this.#make(answer, parts);
  }

  async #make(answer: Answer, parts: AsyncIterable<AnswerPart>): Promise<void> {
    try {
      for await (const part of parts) {
        if (answer.signal.aborted) return;
        this.#take(answer, part);
      }
      if (answer.signal.aborted) return;
      const silent = answer.phrases === 0 && !this.#errands.inTurn(answer.turn);
      if (silent) this.#phrase(answer, this.#options.prompts.apology);
    } catch (error) {
      if (answer.signal.aborted) return;
      this.#log.error("the assistant failed", { call: this.#record.id, phase: this.phase, error });
      this.#options.output.count("agent_failed");
      this.#phrase(answer, this.#options.prompts.apology);
    }
    this.#complete(answer);
  }

  /** Takes in a part of the assistant's answer. */
  #take(answer: Answer, part: AnswerPart): void {
    const { turn } = answer;
    switch (part.kind) {
      case "phrase":
        return this.#phrase(answer, part.text);
      case "stage":
        return answer.mark(part.stage);
      case "sources": {
        const kb = [...new Set(part.chunks.map((chunk) => chunk.kb))];
        const headings = part.chunks.map(({ heading }) => heading);
        return this.#emit({ kind: "sources", turn, kb, headings });
      }
      case "tool":
        if (this.#errands.knows(part.id)) return;
        this.#emit({
          kind: "tool_begun",
          turn,
          id: part.id,
          call: part.call,
          after: answer.phrases,
        });
        return this.#goFurther(answer);
    }
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
    this.#voice.speaker.say({ turn: answer.turn, phrase }, text);
  }

  #complete(answer: Answer): void {
    this.#emit({ kind: "answer_complete", turn: answer.turn, phrases: answer.phrases });
    this.#voice.speaker.complete();
    this.#goFurther(answer);
  }

  /** More of an answer was made or heard: what it wants done is due, or it is over. */
  #goFurther(answer: Answer): void {
    if (this.#answer !== answer || this.#departed(answer.turn)) return;
    const turn = this.#turn(answer.turn);
    if (!turn.answerComplete || turn.phrases.some(({ heard }) => !heard)) return;
    this.#answer = undefined;
    this.#floor.clear();
    if (answer.then) answer.then();
    else this.#enter("listening");
  }

  /** Asks for the tools of a turn that are due; true once the bot's part of the call is over. */
  #departed(turn: number): boolean {
    this.#departure ??= this.#errands.runDue(turn)?.id;
    if (this.#departure !== undefined) this.#enter("handover");
    return this.#departure !== undefined;
  }

  /** The caller has the floor: what the bot had still to say is dropped. */
  #interrupt(): void {
    const answer = this.#answer!;
    const turn = this.#turn(answer.turn);
    const { phrase, heardFraction } = this.#voice.playout.position;
    const inAnswer = phrase !== undefined && answer.has(phrase);
    const cut = inAnswer ? { phrase: phrase.phrase, heardFraction } : undefined;
    this.#emit(cutOf(turn, cut, this.#floor.interruption));
    this.#silence();
    this.#enter("listening");
  }

  /** It was no interruption: the bot goes on where it stopped. */
  #letGoOn(): void {
    this.#voice.recogniser.discard();
    this.#mind.forget();
    this.#floor.end();
    if (this.#floor.clear()) this.#goOn();
  }

  #goOn(): void {
    this.#options.output.count("barge_in_resumed");
    this.#voice.playout.resume();
  }

  #apologise(): void {
    this.#silence();
    this.#say(this.#options.prompts.apology);
  }

  #silence(): void {
    this.#answer?.cancel();
    this.#answer = undefined;
    this.#floor.clear();
    this.#voice.speaker.cancel();
    this.#voice.playout.flush().catch((error) => {
      this.#log.error("playout could not be flushed", { call: this.#record.id, error });
    });
    this.#filler.end();
  }

  // Bookkeeping.

  #enter(phase: Phase): void {
    if (this.#record.phase !== phase) this.#emit({ kind: "phase", phase });
  }

  #emit(event: CallEvent): void {
    applyEvent(this.#record, event, Date.now());
    this.#options.output.event(event);
  }

  #turn(number: number): TurnRecord {
    return this.#record.turns.find(({ turn }) => turn === number)!;
  }
}
