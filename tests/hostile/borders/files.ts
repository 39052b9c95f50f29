// What an operator writes: prompts, knowledge bases and settings, read by the product's own loaders.

import { loadKnowledge } from "../../../agent/knowledge/knowledge_base.ts";
import { LexicalStore } from "../../../agent/knowledge/lexical_store.ts";
import { OperatorError } from "../../../config/operator_error.ts";
import { parsePrompts, PromptsFile, shippedPromptsPath } from "../../../config/prompts.ts";
import { readSettings, settingsWith } from "../../../config/read_settings.ts";
import { SCHEMA } from "../../../config/settings.ts";
import type { Border } from "../border.ts";
import type { Mutator } from "../mutator.ts";

const LANGUAGE = "en" as const;

/** Prompts files: their text goes through the parser, and every so many times through a file on disk. */
export const prompts: Border = {
  name: "prompts",
  share: 0.08,
  live: false,
  async open() {
    const json = await Deno.readTextFile(shippedPromptsPath(LANGUAGE));
    const sample: unknown = JSON.parse(json);
    const defaults = parsePrompts(json, "sample");
    const path = await Deno.makeTempFile({ prefix: "voxbot-hostile-", suffix: ".json" });
    await Deno.writeTextFile(path, json);
    const file = await PromptsFile.open({ ASTERISK_LANG: LANGUAGE, PROMPTS_FILE_PATH: path });
    const told = new Told();
    return {
      async take(mutator, index) {
        const text = mutator.chance(0.1) ? mutator.text(json) : mutator.json(sample);
        await told.refusalOf(() => parsePrompts(text, "prompts.json", defaults));
        if (index % 20 === 0) {
          await Deno.writeFile(path, mutator.bytes(new TextEncoder().encode(text)));
          // A broken edit must leave the last good prompts in use.
          const { greeting, fillers } = await file.current();
          if (greeting.trim() === "" || fillers.length === 0) throw new Error("prompts are empty");
        }
        return text;
      },
      told: () => told.take(),
      async [Symbol.asyncDispose]() {
        await Deno.remove(path);
      },
    };
  },
};

/** Knowledge bases: read, split, indexed and asked. */
export const knowledge: Border = {
  name: "knowledge",
  share: 0.015,
  live: false,
  async open() {
    const path = await Deno.makeTempFile({ prefix: "voxbot-hostile-", suffix: ".md" });
    const files = {
      ASTERISK_LANG: LANGUAGE,
      KNOWLEDGE_BASE_PATH: path,
      KNOWLEDGE_BASE2_PATH: path,
    };
    const told = new Told();
    return {
      async take(mutator) {
        const bytes = mutator.bytes(new TextEncoder().encode(markdown(mutator)));
        await Deno.writeFile(path, bytes);
        await told.refusalOf(async () => {
          const store = new LexicalStore(await loadKnowledge(files), LANGUAGE);
          store.searchNow("What is the price of the machine?", { topK: 3 });
        });
        return new TextDecoder().decode(bytes);
      },
      told: () => told.take(),
      async [Symbol.asyncDispose]() {
        await Deno.remove(path);
      },
    };
  },
};

/** Settings, as an environment or an .env file holds them. */
export const settings: Border = {
  name: "env",
  share: 0.2,
  live: false,
  open() {
    const names = Object.keys(SCHEMA);
    const valid: Record<string, unknown> = settingsWith({});
    const told = new Told();
    return {
      async take(mutator) {
        const env: Record<string, string> = Object.create(null);
        for (let count = 1 + mutator.below(5); count > 0; count--) {
          const name = mutator.random.pick(names);
          const value = mutator.chance(0.5)
            ? String(mutator.odd())
            : mutator.text(textOf(valid[name]));
          env[mutator.chance(0.1) ? mutator.text(name) : name] = value;
        }
        await told.refusalOf(() => readSettings(env));
        return JSON.stringify(env);
      },
      told: () => told.take(),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
  },
};

/** Markdown as an operator never writes it. */
function markdown(mutator: Mutator): string {
  const pieces = [
    "# Price\n",
    "## Service ##\n",
    "<<->>",
    "\r\n",
    "The price of the machine is 7. ",
    "```",
    "| a | b |\n|---|\n",
    "[x](y)",
    "<b>",
    "- ",
    "\t",
    "\0",
    "#".repeat(9),
    "The warranty\n\n\n",
  ];
  const text = Array.from(
    { length: mutator.below(40) },
    () => mutator.chance(0.1) ? String(mutator.odd()) : mutator.random.pick(pieces),
  ).join("");
  return mutator.chance(0.03) ? text + mutator.random.pick(pieces).repeat(6000) : text;
}

function textOf(value: unknown): string {
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** What an operator was told of the inputs. */
class Told {
  #text = "";

  /** Loads an input and keeps what is said of it, if it is refused. Any other error is thrown on. */
  async refusalOf(load: () => unknown): Promise<void> {
    try {
      await load();
    } catch (error) {
      if (!(error instanceof OperatorError)) throw error;
      this.#text += `${error.message}\n`;
    }
  }

  /** All since the last call. */
  take(): string {
    const all = this.#text;
    this.#text = "";
    return all;
  }
}
