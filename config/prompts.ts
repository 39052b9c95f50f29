// What the bot says and how the model is instructed: the prompts file, checked, and reloaded when the
// operator has edited it.
//
//   const file = await PromptsFile.open(settings);   // at start; throws when the file is bad
//   const prompts = await file.current();            // at each call; never throws

import { readFile, stat } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import type { Language } from "./language.ts";
import { logger } from "./logging.ts";
import { OperatorError } from "./operator_error.ts";
import type { Settings } from "./settings.ts";

const log = logger("prompts");

const sentence = z.string().trim().min(1, "must not be empty");

const PROMPTS = z.object({
  /** What the bot says first. */
  greeting: sentence,
  /** Before the greeting, where calls are recorded (`RECORD_CALLS`). Empty: nothing is said of it. */
  recording_notice: z.string().trim(),
  /** Instruction that makes a follow-up question understandable by itself. */
  contextualize_q_system_prompt: sentence,
  /** Instruction for the answer; `{context}` is where the retrieved passages go. */
  qa_system_prompt: sentence,
  /** To a caller who says nothing. */
  nudge: sentence,
  /** When the knowledge bases hold no answer. */
  not_found: sentence,
  /** When nothing could be recognised in what the caller said. */
  not_heard: sentence,
  /** To words that ask nothing yet: "hello?", "may I ask…". */
  listening: sentence,
  /** When the assistant failed; the call continues. */
  apology: sentence,
  /** When the bot cannot continue the call and hands it to the dialplan. */
  last_resort: sentence,
  /** To a caller who waits until a line is free: all are busy. */
  busy_wait: sentence,
  /** To a caller who goes to the dialplan's fallback context, as all lines are busy. */
  busy_handover: sentence,
  /** When a call has had all the turns or tokens that a call may have; the handover follows. */
  call_limit: sentence,
  /** Before the bot hangs up. */
  farewell: sentence,
  /** To "thank you". */
  thanks_reply: sentence,
  /** Before a transfer. */
  transferring: sentence,
  /** When the caller asked for a transfer that the settings do not allow. */
  transfer_refused: sentence,
  /** When a name, phone number or e-mail address has been noted. */
  contact_taken: sentence,
  /** When none could be understood. */
  contact_unclear: sentence,
  /** To the model, in place of passages when none were found. */
  no_context: sentence,
  /** To the model, after an answer of its own that the caller interrupted. */
  interrupted_note: sentence,
  /** To a model that continues the answer of another; its last message is what the caller has heard of it. */
  continue_note: sentence,
  /** Said while an answer is slow. */
  fillers: z.array(sentence).min(1, "must hold at least one text"),
});

/** All prompts of one language, by their names in the file. Plain data. */
export type Prompts = Readonly<z.infer<typeof PROMPTS>>;

/** The prompts of a call: where it is recorded, the greeting begins with the notice of that. */
export function promptsOfCall(prompts: Prompts, isRecorded: boolean): Prompts {
  const { recording_notice: notice, greeting } = prompts;
  return isRecorded && notice !== "" ? { ...prompts, greeting: `${notice} ${greeting}` } : prompts;
}

/** An operator's prompts file must have these; the others have defaults. */
const REQUIRED = [
  "greeting",
  "contextualize_q_system_prompt",
  "qa_system_prompt",
] as const satisfies readonly (keyof Prompts)[];

/** A prompts file is unusable; the message names the file and every fault. */
export class PromptsError extends OperatorError {
  override readonly name = "PromptsError";
}

/** The prompts file of a service, as it is on disk now. */
export class PromptsFile {
  readonly path: string;
  readonly #defaults: Prompts;
  #good: Prompts;
  #seen: string;

  private constructor(path: string, defaults: Prompts, good: Prompts, seen: string) {
    this.path = path;
    this.#defaults = defaults;
    this.#good = good;
    this.#seen = seen;
  }

  /**
   * Opens `PROMPTS_FILE_PATH`, or the shipped file of `ASTERISK_LANG`.
   *
   * @throws {PromptsError} when the file is missing or bad, as there is no good one to keep
   */
  static async open(
    settings: Pick<Settings, "PROMPTS_FILE_PATH" | "ASTERISK_LANG">,
  ): Promise<PromptsFile> {
    const shipped = shippedPromptsPath(settings.ASTERISK_LANG);
    const defaults = await readPrompts(shipped);
    const path = settings.PROMPTS_FILE_PATH || shipped;
    const seen = await fingerprint(path);
    return new PromptsFile(path, defaults, await readPrompts(path, defaults), seen);
  }

  /** The prompts for the next call: as edited, or the last good ones if the edit is broken. */
  async current(): Promise<Prompts> {
    const now = await fingerprint(this.path);
    if (now === this.#seen) return this.#good;
    this.#seen = now;
    try {
      this.#good = await readPrompts(this.path, this.#defaults);
      log.info("prompts reloaded", { file: this.path });
    } catch (error) {
      if (!(error instanceof PromptsError)) throw error;
      log.error("prompts file is broken; the last good one stays in use", { error });
    }
    return this.#good;
  }
}

/** The path of the prompts shipped for a language. */
export function shippedPromptsPath(language: Language): string {
  const name = language === "ru" ? "prompts.json" : `prompts.${language}.json`;
  return fileURLToPath(new URL(name, import.meta.url));
}

/**
 * Reads prompts from JSON text; `defaults` fill in those that it lacks.
 *
 * @param source what to call the text in an error, usually its path
 * @throws {PromptsError}
 */
export function parsePrompts(json: string, source: string, defaults?: Prompts): Prompts {
  const given = parseObject(json, source);
  const missing = defaults ? REQUIRED.filter((name) => !(name in given)) : [];
  const result = PROMPTS.safeParse({ ...defaults, ...given });
  const faults = [
    ...missing.map((name) => `"${name}" is missing`),
    ...(result.error?.issues.map((issue) =>
      `"${issue.path.join(".")}" ${
        issue.code === "invalid_type" ? "is missing or not text" : issue.message
      }`
    ) ?? []),
  ];
  if (!result.success || faults.length > 0) {
    throw new PromptsError(`Prompts file ${source}: ${faults.join("; ")}.`);
  }
  return result.data;
}

function parseObject(json: string, source: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (cause) {
    // V8 quotes the file, line breaks included.
    const reason = messageOf(cause).replace(/\s+/g, " ");
    throw new PromptsError(`Prompts file ${source} is not JSON: ${reason}.`, { cause });
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new PromptsError(
      `Prompts file ${source} must hold one JSON object: {"greeting": "…", …}.`,
    );
  }
  return value as Record<string, unknown>;
}

async function readPrompts(path: string, defaults?: Prompts): Promise<Prompts> {
  let json: string;
  try {
    json = await readFile(path, "utf8");
  } catch (cause) {
    throw new PromptsError(
      `Prompts file ${path} cannot be read (${messageOf(cause)}); check PROMPTS_FILE_PATH.`,
      { cause },
    );
  }
  return parsePrompts(json.replace(/^\uFEFF/, ""), path, defaults);
}

/** Changes whenever the file is written, replaced or removed. */
async function fingerprint(path: string): Promise<string> {
  try {
    const { mtimeMs, size, ino } = await stat(path);
    return `${mtimeMs}:${size}:${ino}`;
  } catch (error) {
    return `unreadable: ${messageOf(error)}`;
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
