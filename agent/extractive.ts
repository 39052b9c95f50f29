// The embedded agent: answers with the one or two sentences of the knowledge bases that address the
// question. Needs no model and no account; says so when it finds nothing.

import type { Language } from "../config/language.ts";
import type { Prompts } from "../config/prompts.ts";
import type { Settings } from "../config/settings.ts";
import type { Agent, AgentEvent, AgentRequest } from "./agent.ts";
import { withQuestionBefore } from "./follow_up.ts";
import type { Passage } from "./knowledge/knowledge_store.ts";
import { type Lexicon, lexiconOf, wordsOf } from "../language/lexicon.ts";
import type { LexicalStore, ScoredSentence } from "./knowledge/lexical_store.ts";
import { isBackchannel } from "../language/heard/backchannel.ts";
import { normalizeRecognized } from "../language/heard/recognized.ts";
import { rowSentence } from "../language/sentences.ts";
import { queryStems, stemsOf } from "../language/stems.ts";
import { isToolAllowed, toolCallId, type ToolSettings } from "./tool_rules.ts";

/**
 * The share of a question, by the weight of its words, that a passage must cover to be an answer: below
 * it, most of the question is not in the passage. Tuned on tests/questions/retrieval.json.
 */
const LEAST_COVERAGE = 0.42;
/** The share that is enough when the heading itself addresses the question. */
const LEAST_COVERAGE_BY_HEADING = 0.38;
/** The share of a question that a table cell must cover to be picked out of its row. */
const LEAST_CELL_COVERAGE = 0.2;
/** The weight of a passage's fit relative to its best sentence's. */
const PASSAGE_WEIGHT = 0.8;
/** The cost of each rank in the store's own order. */
const PLACE_COST = 0.15;
/** A passage says the most important thing first. */
const FIRST_SENTENCE_BONUS = 0.18;
/** A sentence that names a quantity suits a question that asks for one. */
const QUANTITY_BONUS = 0.15;
/** A second sentence is worth saying when it covers this share of the question… */
const SECOND_COVERAGE = 0.3;
/** …and both together are short enough for a caller to take in. */
const LONGEST_ANSWER_WORDS = 34;

/** The settings that this agent reads. */
export type ExtractiveSettings = ToolSettings & Pick<Settings, "KB_TOP_K">;

/** Answers from the knowledge bases alone. */
export class ExtractiveAgent implements Agent {
  readonly name = "extractive";
  readonly impersonal = true;
  readonly greeting: string;
  readonly #store: LexicalStore;
  readonly #prompts: Prompts;
  readonly #settings: ExtractiveSettings;

  constructor(store: LexicalStore, prompts: Prompts, settings: ExtractiveSettings) {
    this.greeting = prompts.greeting;
    this.#store = store;
    this.#prompts = prompts;
    this.#settings = settings;
  }

  async *respond(
    { text, history, alreadyHeard = [], signal }: AgentRequest,
  ): AsyncGenerator<AgentEvent> {
    if (signal.aborted) return;
    const courtesy = this.#courtesy(text);
    if (courtesy) {
      if (!alreadyHeard.includes(courtesy)) yield { kind: "phrase", text: courtesy };
      if (courtesy === this.#prompts.farewell) yield* this.#hangUp(history.length);
      return;
    }
    const { language } = this.#store;
    const question = withQuestionBefore(normalizeRecognized(text, language), history, language);
    const passages = this.#store.searchNow(question, { topK: this.#settings.KB_TOP_K });
    yield { kind: "stage", stage: "retrieval" };
    const answer = answerFrom(this.#store, passages, question);
    if (!answer) {
      yield { kind: "phrase", text: this.#prompts.not_found };
      return;
    }
    const { kb, heading } = answer.passage.chunk;
    yield { kind: "sources", chunks: [{ kb, heading }] };
    for (const sentence of answer.sentences.filter((one) => !alreadyHeard.includes(one))) {
      if (signal.aborted) return;
      yield { kind: "phrase", text: sentence };
    }
  }

  /** Ends the call after the farewell, where the operator allows it. */
  *#hangUp(turn: number): Generator<AgentEvent> {
    if (!isToolAllowed("hang_up", this.#settings)) return;
    const call = { name: "hang_up" } as const;
    yield { kind: "tool", id: toolCallId(turn, call), call };
  }

  /** The reply to words that ask nothing: silence, thanks, a goodbye, "hello". */
  #courtesy(text: string): string | undefined {
    const said = wordsOf(text).join(" ");
    const { thanks, goodbye } = lexiconOf(this.#store.language);
    if (said === "") return this.#prompts.not_heard;
    if (goodbye.test(said)) return this.#prompts.farewell;
    if (thanks.test(said)) return this.#prompts.thanks_reply;
    const { language } = this.#store;
    if (isBackchannel(text, language)) return this.#prompts.listening;
    if (queryStems(text, language).length === 0) return this.#prompts.listening;
    return undefined;
  }
}

interface ExtractiveAnswer {
  readonly passage: Passage;
  readonly sentences: readonly string[];
}

function answerFrom(
  store: LexicalStore,
  passages: readonly Passage[],
  question: string,
): ExtractiveAnswer | undefined {
  const bonus = bonusFor(question, store.language);
  const passage = greatest(
    passages.filter(({ chunk, score }) =>
      score >= LEAST_COVERAGE ||
      (score >= LEAST_COVERAGE_BY_HEADING && store.headingCoverage(chunk.id, question) > 0)
    ),
    ({ chunk, score }, place) =>
      PASSAGE_WEIGHT * score - PLACE_COST * place +
      Math.max(
        0,
        ...store.scoreSentences(chunk.id, question).map((sentence) =>
          sentence.coverage + bonus(sentence)
        ),
      ),
  );
  if (!passage) return undefined;
  const all = store.scoreSentences(passage.chunk.id, question);
  const best = greatest(all, (sentence) => sentence.beyondHeading + bonus(sentence));
  if (!best) return undefined;
  return {
    passage,
    sentences: chosenWith(best, all, question, store)
      .sort((a, b) => a.index - b.index)
      .map((sentence) =>
        sentence.row ? cellsAskedFor(store, sentence.row, question) : sentence.text
      ),
  };
}

/** A sentence's bonus for its place and its kind. */
function bonusFor(question: string, language: Language): (sentence: ScoredSentence) => number {
  const { quantityQuestion, quantity } = lexiconOf(language);
  const wantsQuantity = quantityQuestion.test(wordsOf(question).join(" "));
  return ({ index, text }) =>
    (index === 0 ? FIRST_SENTENCE_BONUS : 0) +
    (wantsQuantity && quantity.test(text) ? QUANTITY_BONUS : 0);
}

/** The item of the greatest worth; the first of equals. */
function greatest<T>(
  items: readonly T[],
  worth: (item: T, place: number) => number,
): T | undefined {
  const worths = items.map(worth);
  return items[worths.indexOf(Math.max(...worths))];
}

/**
 * The sentences to say, `best` among them. If a table's rows were not asked for by name, the first and
 * the last row: "what does it weigh?" is answered with 120 to 3800 kilograms.
 */
function chosenWith(
  best: ScoredSentence,
  all: readonly ScoredSentence[],
  question: string,
  store: LexicalStore,
): ScoredSentence[] {
  if (!best.row) {
    const second = secondSentence(best, all, lexiconOf(store.language));
    return second ? [best, second] : [best];
  }
  const asked = new Set(queryStems(question, store.language));
  if (stemsOf(best.row.name, store.language).some((stem) => asked.has(stem))) return [best];
  const rows = all.filter(({ row }) => row);
  return [...new Set([rows[0]!, rows.at(-1)!])];
}

/** The cells of a table row that the question asks for; all of them when none stands out. */
function cellsAskedFor(
  store: LexicalStore,
  { name, facts }: NonNullable<ScoredSentence["row"]>,
  question: string,
): string {
  const asked = facts.filter((fact) =>
    store.cellCoverage(fact, name, question) >= LEAST_CELL_COVERAGE
  );
  return rowSentence(name, asked.length > 0 ? asked : facts);
}

/** The sentence that completes the answer: the next best, or the one after a short one. */
function secondSentence(
  first: ScoredSentence,
  all: readonly ScoredSentence[],
  { leansOnBefore }: Lexicon,
): ScoredSentence | undefined {
  const room = LONGEST_ANSWER_WORDS - wordCount(first.text);
  const fitting = all.filter(({ index, row, text }) =>
    index !== first.index && !row && wordCount(text) <= room &&
    (index === first.index + 1 || !leansOnBefore.test(text))
  );
  const related = fitting
    .filter((sentence) => sentence.coverage >= SECOND_COVERAGE)
    .sort((a, b) => b.coverage - a.coverage)[0];
  return related ?? fitting.find((sentence) => sentence.index === first.index + 1);
}

function wordCount(text: string): number {
  return text.split(/\s+/).length;
}
