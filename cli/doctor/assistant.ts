// Has the assistant something to say: prompts and knowledge?

import { type Chunk, knowledgeBasePaths, loadKnowledge } from "../../agent/knowledge_base.ts";
import { PromptsFile } from "../../config/prompts.ts";
import type { Settings } from "../../config/settings.ts";
import { fail, type Finding, type Findings, ok, reasonOf } from "./finding.ts";

/** The settings these checks are about. */
export type AssistantSettings = Pick<
  Settings,
  "ASTERISK_LANG" | "PROMPTS_FILE_PATH" | "KNOWLEDGE_BASE_PATH" | "KNOWLEDGE_BASE2_PATH"
>;

/** Looks at the prompts and the knowledge bases. */
export async function* checkAssistant(settings: AssistantSettings): Findings {
  yield await checkPrompts(settings);
  yield await checkKnowledge(settings);
}

async function checkPrompts(settings: AssistantSettings): Promise<Finding> {
  try {
    const { path } = await PromptsFile.open(settings);
    return ok(`prompts: ${path}`);
  } catch (error) {
    return fail(
      reasonOf(error),
      "correct the file, or leave PROMPTS_FILE_PATH empty for the prompts that come with the bot",
    );
  }
}

async function checkKnowledge(settings: AssistantSettings): Promise<Finding> {
  try {
    const chunks = await loadKnowledge(settings);
    const paths = knowledgeBasePaths(settings);
    const passages = (kb: Chunk["kb"]) =>
      `${paths[kb]} (${chunks.filter((chunk) => chunk.kb === kb).length} passages)`;
    return ok(`knowledge bases: ${passages("general")}, ${passages("tech")}`);
  } catch (error) {
    return fail(
      reasonOf(error),
      "leave KNOWLEDGE_BASE_PATH and KNOWLEDGE_BASE2_PATH empty for the samples that come with the bot",
    );
  }
}
