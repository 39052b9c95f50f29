// With the files transport: may this process use the folders of the PBX?

import { filesFolders, type FolderSettings } from "../../asterisk/transports/choose.ts";
import { folderProblem } from "../../asterisk/transports/files/folders.ts";
import { type AriAccess, askAri } from "./ari.ts";
import { fail, type Finding, ok } from "./finding.ts";

/** Tries the folders as a call would: those of the settings, or else those that the PBX names. */
export async function checkFolders(settings: AriAccess & FolderSettings): Promise<Finding> {
  const [dataDir, spoolDir] = await Promise.all(
    ["ASTDATADIR", "ASTSPOOLDIR"].map((name) => globalVariable(settings, name)),
  );
  const folders = filesFolders(settings, { dataDir: dataDir!, spoolDir: spoolDir! });
  const problem = await folderProblem(folders);
  return problem ? fail(problem.what, problem.fix) : ok(
    `phrases are written to ${folders.soundsDir}, recordings of callers are read from ${folders.recordingDir}`,
  );
}

async function globalVariable(access: AriAccess, name: string): Promise<string> {
  const answer = await askAri(access, "GET", `asterisk/variable?variable=${name}`);
  const body = answer.kind === "answer" ? answer.body : undefined;
  const value = body !== null && typeof body === "object" && (body as { value?: unknown }).value;
  return typeof value === "string" ? value : "";
}
