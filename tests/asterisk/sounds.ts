// An installed tree's recorded prompts, as this machine finds them.

/** Where Asterisk looks for sounds, in the tree. */
const SOUNDS = "usr/share/asterisk/sounds";

/** What the folders of the recorded prompts are called, by language. */
export const PROMPT_FOLDERS = { en: "en_US_f_Allison", ru: "ru_RU_f_IvrvoiceRU" } as const;

/** The languages there are prompts in. */
export type PromptLanguage = keyof typeof PROMPT_FOLDERS;

/** The folder of sounds on this machine. */
export function soundsFolder(tree: string): string {
  return `${tree}/${SOUNDS}`;
}

/**
 * Lets `sounds/<language>` lead to the prompts from outside the tree as well. Debian makes it an
 * absolute link (by way of /etc/alternatives), which from outside leads to this machine's own.
 */
export async function linkPrompts(tree: string): Promise<void> {
  for (const [language, folder] of Object.entries(PROMPT_FOLDERS)) {
    const link = `${soundsFolder(tree)}/${language}`;
    if (await Deno.readLink(link) === folder) continue;
    // Renamed into place: another process may be starting a PBX in the same tree.
    const made = `${link}.${crypto.randomUUID()}`;
    await Deno.symlink(folder, made);
    await Deno.rename(made, link);
  }
}
