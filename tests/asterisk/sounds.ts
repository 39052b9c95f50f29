// The recorded prompts of an installed tree, as paths on this machine.

/** Asterisk's folder of sounds in the tree. */
const SOUNDS = "usr/share/asterisk/sounds";

/** The folders of the recorded prompts, by language. */
export const PROMPT_FOLDERS = { en: "en_US_f_Allison", ru: "ru_RU_f_IvrvoiceRU" } as const;

/** A language that has prompts. */
export type PromptLanguage = keyof typeof PROMPT_FOLDERS;

/** Asterisk's folder of sounds, as a path on this machine. */
export function soundsFolder(tree: string): string {
  return `${tree}/${SOUNDS}`;
}

/**
 * Makes `sounds/<language>` lead to the prompts from outside the tree, too. Debian's link is
 * absolute (through /etc/alternatives), which from outside leads to this machine's own files.
 */
export async function linkPrompts(tree: string): Promise<void> {
  for (const [language, folder] of Object.entries(PROMPT_FOLDERS)) {
    const link = `${soundsFolder(tree)}/${language}`;
    if (await Deno.readLink(link) === folder) continue;
    // Renamed into place, since another process may be starting a PBX in the same tree.
    const made = `${link}.${crypto.randomUUID()}`;
    await Deno.symlink(folder, made);
    await Deno.rename(made, link);
  }
}
