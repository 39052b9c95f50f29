// One answer of the bot, from the caller's last word to the last phrase heard.

import type { DialogueTurn } from "../../../agent/agent.ts";
import { maskCards } from "../../../language/heard/card_numbers.ts";
import { normalizeRecognized } from "../../../language/heard/recognized.ts";
import { afterStopPhrase } from "../../../language/heard/stop_phrase.ts";
import { heardPrefix } from "../../../media/playout/playout.ts";
import {
  type CallEvent,
  type CallRecord,
  heardText,
  nextTurn,
  type Stage,
  type StageTimings,
  type TurnRecord,
} from "../../call_record.ts";
import type { EarlyAgentOptions } from "./early_agent.ts";
import type { Interruption } from "./floor.ts";

/** A phrase of an answer; `phrase` counts from 0 in its turn. */
export interface AnswerPhrase {
  readonly turn: number;
  readonly phrase: number;
}

/** What the speaker is given to say: a phrase of an answer, or a filler, which belongs to no turn. */
export type SpokenPhrase = AnswerPhrase | "filler";

/** An answer being made and spoken, and its timings. */
export class Answer {
  readonly stages: StageTimings = {};
  readonly #abort = new AbortController();

  /**
   * @param turn the turn that it answers.
   * @param speechEndAt when the caller's last speech frame arrived (`performance.now()`); undefined where no caller spoke.
   * @param phrases how many were made so far, including those of an isolate before this one.
   * @param then what follows once all of it has been heard; the bot listens when undefined.
   */
  constructor(
    readonly turn: number,
    readonly speechEndAt: number | undefined,
    public phrases: number,
    readonly then?: () => void,
  ) {}

  /** Aborts when the answer is no longer wanted. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  cancel(): void {
    this.#abort.abort();
  }

  /** Whether a phrase on its way to the caller is one of this answer. */
  has(spoken: SpokenPhrase): spoken is AnswerPhrase {
    return spoken !== "filler" && spoken.turn === this.turn;
  }

  /** Times a stage, the first time it is reached (`performance.now()`). */
  mark(stage: Stage, at: number = performance.now()): void {
    if (this.speechEndAt === undefined || this.stages[stage] !== undefined) return;
    this.stages[stage] = Math.round(10 * (at - this.speechEndAt)) / 10;
  }
}

/** The conversation before turn `before`, as each side heard it, oldest first. */
export function dialogueBefore(record: CallRecord, before: number): DialogueTurn[] {
  return record.turns.filter(({ turn }) => turn < before).flatMap((turn) => {
    const said: DialogueTurn[] = [];
    if (turn.caller !== undefined) said.push({ role: "caller", text: turn.caller });
    const heard = heardText(turn);
    if (heard !== "") {
      said.push({ role: "bot", text: heard, ...(turn.interrupted && { interrupted: true }) });
    }
    return said;
  });
}

/**
 * What becomes of an answer that the caller talks over: it is cut at `at`, the phrase that was
 * playing, or withdrawn when nothing of it was heard.
 */
export function cutOf(
  turn: TurnRecord,
  at: { readonly phrase: number; readonly heardFraction: number } | undefined,
  { onsetAt, silentAt }: Interruption,
): CallEvent {
  const phrase = at?.phrase ?? turn.phrases.findIndex(({ heard }) => !heard);
  const heard = heardPrefix(turn.phrases[phrase]?.text ?? "", at?.heardFraction ?? 0);
  if (turn.caller !== undefined && heard === "" && heardText(turn) === "") {
    return { kind: "answer_withdrawn", turn: turn.turn };
  }
  return {
    kind: "barge_in",
    turn: turn.turn,
    phrase: Math.max(0, phrase),
    heardText: heard,
    onsetToSilenceMs: Math.max(0, silentAt - onsetAt),
  };
}

/** A turn of the caller. */
export interface SaidTurn {
  readonly turn: number;
  /** Normalised: numbers as digits, hesitations and "wait, please" before a question dropped. */
  readonly text: string;
  /** Word for word as recognised. */
  readonly raw: string;
}

/** The longest text of a turn, in characters: two minutes of fast speech. All of it goes to the model. */
const LONGEST_TURN = 2000;

/** Whether nothing of the last turn's answer was heard, so that more words continue that turn. */
export function isOpen(last: TurnRecord | undefined): last is TurnRecord {
  return last?.caller !== undefined && !last.answerComplete && heardText(last) === "";
}

/**
 * The turn that these words of the caller make. They continue the turn before while nothing of its
 * answer was heard. Of a turn that grows too long the newest words are kept.
 */
export function saidWith(
  record: CallRecord,
  words: string,
  { language, maskCards: masks }: Pick<EarlyAgentOptions, "language" | "maskCards">,
): SaidTurn {
  const last = record.turns.at(-1);
  const continues = isOpen(last);
  const raw = newestOf(continues ? `${last.raw ?? last.caller} ${words}` : words);
  const asked = afterStopPhrase(raw, language) || raw;
  const text = normalizeRecognized(asked, language) || asked;
  const turn = continues ? last.turn : nextTurn(record);
  if (!masks) return { turn, text, raw };
  const masked = maskCards(text);
  // A card dictated in words shows in the tidied text only.
  return { turn, text: masked, raw: masked === text ? maskCards(raw) : masked };
}

/** The end of a text, from the start of a word on. */
function newestOf(text: string): string {
  if (text.length <= LONGEST_TURN) return text;
  // One character more shows whether the cut falls between two words.
  const end = text.slice(-LONGEST_TURN - 1);
  const space = end.search(/\s/);
  return space === -1 ? end.slice(1) : end.slice(space + 1);
}
