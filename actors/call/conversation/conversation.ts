// The conversation of one call as a state machine: what the caller does and what the bot does meet
// here and nowhere else. All effects are events.

import { logger } from "../../../config/logging.ts";
import { isHum } from "../../../language/heard/backchannel.ts";
import { afterStopPhrase } from "../../../language/heard/stop_phrase.ts";
import type { Pcm } from "../../../media/frame.ts";
import { heardText, type Phase, type ToolResult } from "../../call_record.ts";
import {
  type HeardSoFar,
  type HeardTurn,
  Recogniser,
  type RecogniserEvents,
} from "../recogniser.ts";
import { dialogueBefore, isOpen, saidWith } from "./answer.ts";
import { Answering } from "./answering.ts";
import { CallState } from "./call_state.ts";
import type { ConversationOptions } from "./conversation_options.ts";
import { EarlyAgent } from "./early_agent.ts";
import { Floor } from "./floor.ts";

/** After so many answers that the caller talked over before a word was heard, the bot begins anew. */
const MOST_UNHEARD_ANSWERS = 3;
/** The same where answers are held back so that callers may pause: a minute with a pause every 5 s. */
const MOST_HELD_ANSWERS = 12;

/** One call's conversation. */
export class Conversation implements RecogniserEvents, Disposable {
  readonly #options: ConversationOptions;
  readonly #state: CallState;
  readonly #agent: EarlyAgent;
  readonly #answering: Answering;
  readonly #floor: Floor;
  readonly #recogniser: Recogniser;
  /** Answers given up in a row because the caller continued the turn that they answered. */
  #unheardAnswers = 0;

  constructor(options: ConversationOptions) {
    const { record, bargeIn, language, output } = options;
    this.#options = options;
    this.#state = new CallState(record, (event) => output.event(event));
    this.#agent = new EarlyAgent(options, output);
    this.#answering = new Answering({
      ...options,
      state: this.#state,
      agent: this.#agent,
      onSilent: () => void this.#floor.clear(),
    });
    this.#floor = new Floor(
      bargeIn,
      this.#answering.playout,
      (speaking) => output.callerSpeaking(speaking),
    );
    this.#recogniser = new Recogniser({
      ...options.recogniser,
      call: record.id,
      language,
      events: this,
    });
  }

  /** What the call is doing. */
  get phase(): Phase {
    return this.#state.phase;
  }

  /** Takes the caller's next frame (20 ms, 16 kHz), which arrived at `at` (`performance.now()`). */
  hear(frame: Pcm, at: number): void {
    this.#recogniser.hear(frame, at);
  }

  /** The caller says that they have finished, by a key: their turn is over at once. */
  endTurn(): void {
    this.#recogniser.endTurn();
  }

  /** The transport has played everything before a mark of playout's. */
  onMark(markId: string): void {
    this.#answering.playout.onMark(markId);
  }

  /** Begins the call with the greeting. */
  greet(): void {
    this.#state.enter("greeting");
    this.#answering.say(this.#options.agent.greeting);
  }

  /**
   * Continues a call whose isolate died: a sentence that was cut is spoken again from its start, an
   * unanswered turn is answered, and nothing that was heard is repeated.
   */
  resume(callerWasSpeaking: boolean): void {
    const turn = this.#state.record.turns.at(-1);
    if (!turn) return this.greet();
    if (turn.caller !== undefined && !turn.answerComplete) return this.#answering.respond(turn);
    const unheard = turn.phrases.findIndex((phrase) => !phrase.heard);
    if (unheard >= 0 && !turn.interrupted) return this.#answering.sayAgain(turn, unheard);
    if (this.#answering.departsIn(turn.turn)) return;
    if (callerWasSpeaking) return this.#answering.say(this.#options.prompts.not_heard);
    this.#state.enter("listening");
  }

  /** Asks a silent caller whether they are there. */
  nudge(): void {
    if (!this.#listening || this.#recogniser.hearing) return;
    this.#state.emit({ kind: "nudged" });
    this.#answering.say(this.#options.prompts.nudge);
  }

  /**
   * Gives up an answer that takes too long, says sorry and listens. The service's request may cross
   * the answer's first audio: an answer that is being heard is left alone.
   */
  apologise(): void {
    if (this.phase === "thinking") this.#answering.apologise();
  }

  /** Says the bot's last words; `said` follows once they were heard. */
  sayLast(text: string): void {
    this.#answering.sayLast(text);
  }

  /** The service has carried out a tool call, or could not. */
  toolDone(id: string, result: ToolResult): void {
    this.#answering.toolDone(id, result);
  }

  [Symbol.dispose](): void {
    this.#recogniser[Symbol.dispose]();
    this.#agent[Symbol.dispose]();
    this.#answering[Symbol.dispose]();
  }

  // What the caller does.

  /** The PBX reports sound from the caller; the frames that tell what it is are still to come. */
  onTalking(): void {
    if (!this.#interruptible || this.#recogniser.hearing) return;
    if (this.#floor.expect()) this.#recogniser.expectSpeech();
  }

  onOnset(onsetAt: number): void {
    this.#floor.begin(onsetAt);
    this.#options.agent.prepare?.();
  }

  onNoSpeech(): void {
    this.#resumePlayout();
  }

  /**
   * Words decide whether the bot is interrupted; under pressure, the length of the speech or its first
   * pause. A turn of the caller's is judged at its pauses.
   */
  wantsText(): boolean {
    return this.#interruptible && !this.#options.pressed();
  }

  onSpeech(soFar: HeardSoFar): void {
    if (!this.#interruptible) return;
    const verdict = this.#floor.claim(soFar);
    if (verdict === "interruption") this.#interrupt();
    else if (verdict !== "undecided") this.#keepTalking();
  }

  onStable(text: string): void {
    if (this.#options.pressed()) return;
    if (!this.#listening || this.#floor.judge(text) !== "interruption") return;
    if (afterStopPhrase(text, this.#options.language) === "") return;
    const { record } = this.#state;
    const said = saidWith(record, text, this.#options);
    this.#agent.begin(said.text, dialogueBefore(record, said.turn));
  }

  onTurn(heard: HeardTurn): void {
    this.#floor.end();
    const verdict = this.#floor.judge(heard.text);
    if (this.#interruptible) {
      if (verdict !== "interruption") return this.#keepTalking();
      this.#interrupt();
    }
    if (verdict === "noise" || !this.#listening) return this.#agent.cancel();
    if (this.#isMereAttention(heard.text)) return this.#agent.cancel();
    const { record } = this.#state;
    const unheard = isOpen(record.turns.at(-1));
    const request = afterStopPhrase(heard.text, this.#options.language);
    if (request !== undefined) this.#closeOpenTurn();
    if (request === "") return this.#listenOn(heard.text);
    const said = saidWith(record, heard.text, this.#options);
    this.#unheardAnswers = unheard ? this.#unheardAnswers + 1 : 0;
    this.#state.emit({ kind: "caller_turn", ...said });
    // Each of these answers was asked for and paid for, and no caller heard one.
    const most = this.#options.patienceMs > 0 ? MOST_HELD_ANSWERS : MOST_UNHEARD_ANSWERS;
    if (this.#unheardAnswers >= most) return this.#beginAnew();
    this.#answering.respond(this.#state.turn(said.turn), heard);
  }

  /** "Uh-huh" in silence is no question, unless the bot has asked one or owes an answer. */
  #isMereAttention(text: string): boolean {
    const last = this.#state.record.turns.at(-1);
    if (!isHum(text, this.#options.language) || isOpen(last)) return false;
    return !last || !heardText(last).trimEnd().endsWith("?");
  }

  /** The caller has asked for the floor: the question whose answer they heard nothing of is given up. */
  #closeOpenTurn(): void {
    const last = this.#state.record.turns.at(-1);
    if (!isOpen(last)) return;
    this.#state.emit({ kind: "answer_complete", turn: last.turn, phrases: 0 });
  }

  /** The caller only wants the bot to be quiet: that is answered by listening. */
  #listenOn(words: string): void {
    this.#agent.cancel();
    this.#unheardAnswers = 0;
    const said = saidWith(this.#state.record, words, this.#options);
    this.#state.emit({ kind: "caller_turn", ...said });
    this.#state.emit({ kind: "answer_complete", turn: said.turn, phrases: 0 });
  }

  /** What the caller says next is a turn of its own. */
  #beginAnew(): void {
    logger("conversation").info("the caller talks over every answer; asking them to say it again", {
      call: this.#state.record.id,
      answers: this.#unheardAnswers,
    });
    this.#unheardAnswers = 0;
    this.#options.output.count("turn_begun_anew");
    this.#agent.cancel();
    this.#answering.say(this.#options.prompts.not_heard);
  }

  onAsrFailed(error: unknown): void {
    logger("conversation").error("recognition failed", {
      call: this.#state.record.id,
      phase: this.phase,
      error,
    });
    this.#options.output.count("asr_failed");
    this.#agent.cancel();
    this.#floor.end();
    if (this.#resumePlayout()) return;
    if (this.#listening) this.#answering.say(this.#options.prompts.not_heard);
  }

  // How the bot gives and keeps the floor.

  get #listening(): boolean {
    return this.phase === "listening";
  }

  get #interruptible(): boolean {
    return this.#options.bargeIn.enabled && this.#answering.interruptible;
  }

  #interrupt(): void {
    this.#answering.interrupt(this.#floor.interruption);
  }

  /** It was no interruption: the bot continues where it paused. */
  #keepTalking(): void {
    this.#recogniser.discard();
    this.#agent.cancel();
    this.#floor.end();
    this.#resumePlayout();
  }

  /** @returns whether playout was held. */
  #resumePlayout(): boolean {
    if (!this.#floor.clear()) return false;
    this.#options.output.count("barge_in_resumed");
    this.#answering.playout.resume();
    return true;
  }
}
