// The bot's part of a turn: an answer is made phrase by phrase, spoken while the next phrase is
// made, and followed until the caller has heard it.

import { logger } from "../../../config/logging.ts";
import { Playout, type PlayoutEvents } from "../../../media/playout/playout.ts";
import { nextTurn, type ToolResult, type TurnRecord } from "../../call_record.ts";
import type { HeardTurn } from "../recogniser.ts";
import { Speaker, type SpeakerEvents } from "../speaker.ts";
import { Answer, cutOf, dialogueBefore, type SpokenPhrase } from "./answer.ts";
import type { CallState } from "./call_state.ts";
import type { ConversationOptions } from "./conversation_options.ts";
import type { AnswerPart, EarlyAgent } from "./early_agent.ts";
import { Filler } from "./filler.ts";
import type { Interruption } from "./floor.ts";
import { ToolCalls } from "./tool_calls.ts";

/** What answering needs. */
export interface AnsweringOptions extends
  Pick<
    ConversationOptions,
    "prompts" | "language" | "fillerAfterMs" | "speaker" | "playout" | "output"
  > {
  readonly state: CallState;
  readonly agent: EarlyAgent;
  /** The bot has said all it had to say, or was stopped. */
  onSilent(): void;
}

/** One call's answers, one at a time. What the bot says of its own accord is an answer too. */
export class Answering
  implements SpeakerEvents<SpokenPhrase>, PlayoutEvents<SpokenPhrase>, Disposable {
  readonly playout: Playout<SpokenPhrase>;
  readonly #options: AnsweringOptions;
  readonly #state: CallState;
  readonly #speaker: Speaker<SpokenPhrase>;
  readonly #filler: Filler;
  readonly #toolCalls: ToolCalls;
  readonly #log = logger("conversation");
  /** The answer being made or heard. */
  #answer?: Answer;

  constructor(options: AnsweringOptions) {
    const { state, prompts, output, language, fillerAfterMs } = options;
    const call = state.record.id;
    this.#options = options;
    this.#state = state;
    const { output: audio, lookaheadMs } = options.playout;
    this.playout = new Playout(audio, { lookaheadMs, events: this });
    this.#speaker = new Speaker({
      ...options.speaker,
      call,
      language,
      playout: this.playout,
      events: this,
    });
    this.#toolCalls = new ToolCalls(state.record, (id) => output.toolCall(id));
    this.#filler = new Filler({
      call,
      words: prompts.fillers,
      afterMs: fillerAfterMs,
      speaker: this.#speaker,
      playout: this.playout,
      onSpoken: () => output.count("filler_spoken"),
    });
  }

  /** Whether there is an answer that a caller may talk over: not once the bot's part is ending. */
  get interruptible(): boolean {
    return this.#answer !== undefined && this.#state.phase !== "handover";
  }

  /** Answers a turn of the caller. `heard` is undefined in a resumed call: its timings are lost. */
  respond(turn: TurnRecord, heard?: HeardTurn): void {
    const alreadyHeard = turn.phrases.filter((phrase) => phrase.heard).map(({ text }) => text);
    const answer = new Answer(turn.turn, heard?.speechEndAt, alreadyHeard.length);
    if (heard) {
      answer.mark("endpoint", heard.endpointAt);
      answer.mark("asr_final", heard.asrFinalAt);
    }
    this.#answer = answer;
    this.#state.enter("thinking");
    this.#filler.wait();
    const parts = this.#options.agent.answer({
      text: turn.caller ?? "",
      history: dialogueBefore(this.#state.record, turn.turn),
      alreadyHeard,
      signal: answer.signal,
    }, heard?.ended === "key" ? undefined : heard?.speechEndAt);
    void this.#make(answer, parts);
  }

  /**
   * Says one text as a turn of the bot's own.
   *
   * @param then what follows once it has been heard; by default the bot listens.
   */
  say(text: string, then?: () => void): void {
    const answer = new Answer(nextTurn(this.#state.record), undefined, 0, then);
    this.#answer = answer;
    this.#enterSpeaking();
    this.#phrase(answer, text);
    this.#complete(answer);
  }

  /** Speaks a turn's phrases again, from phrase `from` on: the isolate died while it spoke them. */
  sayAgain(turn: TurnRecord, from: number): void {
    const answer = new Answer(turn.turn, undefined, from);
    this.#answer = answer;
    this.#state.enter(turn.turn === 0 ? "greeting" : "speaking");
    for (const { text } of turn.phrases.slice(from)) this.#phrase(answer, text);
    this.#complete(answer);
  }

  /** Gives up the answer, says sorry and listens. */
  apologise(): void {
    this.stop();
    this.say(this.#options.prompts.apology);
  }

  /** Says the bot's last words, then reports `said`. */
  sayLast(text: string): void {
    this.stop();
    this.#toolCalls.stay();
    this.#state.enter("handover");
    this.say(text, () => this.#options.output.said());
  }

  /** Drops what the bot still had to say: the caller has the floor. */
  interrupt(interruption: Interruption): void {
    const answer = this.#answer!;
    const { phrase, heardFraction } = this.playout.position;
    const inAnswer = phrase !== undefined && answer.has(phrase);
    const cut = inAnswer ? { phrase: phrase.phrase, heardFraction } : undefined;
    this.#state.emit(cutOf(this.#state.turn(answer.turn), cut, interruption));
    this.stop();
    this.#state.enter("listening");
  }

  /** Stops the answer, at the model and the voice too. */
  stop(): void {
    this.#answer?.cancel();
    this.#answer = undefined;
    this.#options.onSilent();
    this.#speaker.cancel();
    this.playout.flush().catch((error) => {
      this.#log.error("playout could not be flushed", { call: this.#state.record.id, error });
    });
    this.#filler.end();
  }

  /**
   * Asks for the tool calls of a turn that are due.
   *
   * @returns whether one of them has ended the bot's part of the call.
   */
  departsIn(turn: number): boolean {
    const departs = this.#toolCalls.departsIn(turn);
    if (departs) this.#state.enter("handover");
    return departs;
  }

  /** The service has carried out a tool call, or could not. */
  toolDone(id: string, result: ToolResult): void {
    this.#state.adopt({ kind: "tool_done", id, result });
    const refused = this.#toolCalls.answered(id, result);
    if (!refused) return;
    this.stop();
    this.#state.enter("listening");
    if (refused.call.name === "transfer_to") this.say(this.#options.prompts.transfer_refused);
  }

  [Symbol.dispose](): void {
    this.#answer?.cancel();
    this.#filler[Symbol.dispose]();
    this.#speaker[Symbol.dispose]();
    this.playout[Symbol.dispose]();
  }

  // What the speaker reports.

  onFirstByte(phrase: SpokenPhrase): void {
    if (!this.#answer?.has(phrase)) return;
    this.#filler.end();
    this.#answer.mark("tts_first_byte");
  }

  onFailed(phrase: SpokenPhrase, error: unknown): void {
    const { record, phase } = this.#state;
    this.#log.error("synthesis failed", { call: record.id, phase, error });
    this.#options.output.count("tts_failed");
    // The bot is leaving: an apology would lead back to listening, and the call would never be let go.
    if (!this.#answer?.has(phrase) || phase === "handover") return;
    const failed = this.#state.turn(phrase.turn).phrases[phrase.phrase]?.text;
    // Without even the apology there is no voice left: the supervisor knows what to do then.
    if (failed === this.#options.prompts.apology) {
      throw new Error("no voice: the apology could not be synthesised", { cause: error });
    }
    this.apologise();
  }

  // What playout reports.

  onQueued(phrase: SpokenPhrase): void {
    if (!this.#answer?.has(phrase)) return;
    this.#enterSpeaking();
    this.#answer.mark("audio_queued");
  }

  onStarted(phrase: SpokenPhrase): void {
    const answer = this.#answer;
    if (!answer?.has(phrase) || answer.stages.audio_heard !== undefined) return;
    answer.mark("audio_heard");
    if (answer.speechEndAt === undefined) return;
    this.#state.emit({ kind: "timings", turn: answer.turn, stages: answer.stages });
  }

  onHeard(phrase: SpokenPhrase): void {
    this.#filler.heard(phrase);
    const answer = this.#answer;
    if (!answer?.has(phrase)) return;
    this.#state.emit({ kind: "phrase_heard", ...phrase });
    this.#options.output.progress();
    this.#proceed(answer);
  }

  // How an answer is made.

  async #make(answer: Answer, parts: AsyncIterable<AnswerPart>): Promise<void> {
    try {
      for await (const part of parts) {
        if (answer.signal.aborted) return;
        this.#take(answer, part);
      }
      if (answer.signal.aborted) return;
      const silent = answer.phrases === 0 && !this.#toolCalls.inTurn(answer.turn);
      if (silent) this.#phrase(answer, this.#options.prompts.apology);
    } catch (error) {
      if (answer.signal.aborted) return;
      const { record, phase } = this.#state;
      this.#log.error("the agent failed", { call: record.id, phase, error });
      this.#options.output.count("agent_failed");
      this.#phrase(answer, this.#options.prompts.apology);
    }
    this.#complete(answer);
  }

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
        return this.#state.emit({ kind: "sources", turn, kb, headings });
      }
      case "tool": {
        const { id, call } = part;
        if (this.#toolCalls.knows(id)) return;
        this.#state.emit({ kind: "tool_begun", turn, id, call, after: answer.phrases });
        return this.#proceed(answer);
      }
    }
  }

  #phrase(answer: Answer, text: string): void {
    const spoken = { turn: answer.turn, phrase: answer.phrases++ };
    this.#state.emit({ kind: "bot_phrase", ...spoken, text });
    answer.mark("first_phrase");
    this.#speaker.say(spoken, text);
  }

  #complete(answer: Answer): void {
    const { turn, phrases } = answer;
    this.#state.emit({ kind: "answer_complete", turn, phrases });
    this.#speaker.complete();
    this.#proceed(answer);
  }

  /** More of an answer was made or heard: its tool calls may be due, or it may be over. */
  #proceed(answer: Answer): void {
    if (this.#answer !== answer || this.departsIn(answer.turn)) return;
    const turn = this.#state.turn(answer.turn);
    if (!turn.answerComplete || turn.phrases.some(({ heard }) => !heard)) return;
    this.#answer = undefined;
    this.#options.onSilent();
    if (answer.then) answer.then();
    else this.#state.enter("listening");
  }

  /** The greeting and the last words are phases of their own, whatever is said in them. */
  #enterSpeaking(): void {
    if (this.#state.allows("speaking")) this.#state.enter("speaking");
  }
}
