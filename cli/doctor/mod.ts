// `deno task doctor`: checks whatever a first installation gets wrong, and says how to fix it.

import { notesOfEnvironment, settingsFromEnvironment } from "../../config/environment.ts";
import { SettingsError } from "../../config/read_settings.ts";
import type { Settings } from "../../config/settings.ts";
import { checkAssistant } from "./assistant.ts";
import { fail, type Finding, type Findings, format, note, ok } from "./finding.ts";
import { checkHost } from "./host.ts";
import { checkNetwork } from "./network.ts";
import { checkPbx } from "./pbx.ts";
import { checkSpeech } from "./speech.ts";
import { print } from "../print.ts";

/** What the doctor examines and where its report goes. */
export interface DoctorOptions {
  /** Reads the settings the service would start with; may throw `SettingsError`. Default: from the environment. */
  readonly settings?: () => Settings;
  /** Takes the report line by line. Default: standard output. */
  readonly write?: (line: string) => void;
}

const EXAMINATIONS: readonly [title: string, check: (settings: Settings) => Findings][] = [
  ["Asterisk", checkPbx],
  ["Speech", checkSpeech],
  ["Assistant", checkAssistant],
  ["This machine", checkHost],
  ["Network", checkNetwork],
];

/** Examines everything, reports each finding as it is made, and returns the exit code. */
export async function doctor(
  { settings: read = settingsFromEnvironment, write = print }: DoctorOptions = {},
): Promise<0 | 1> {
  const findings: Finding[] = [];
  const report = (finding: Finding) => {
    findings.push(finding);
    for (const line of format(finding)) write(line);
  };

  write("Settings");
  for (const old of notesOfEnvironment()) report(note(old));
  const settings = checkSettings(read, report);
  if (settings) {
    for (const [title, check] of EXAMINATIONS) {
      write(title);
      for await (const finding of check(settings)) report(finding);
    }
  }
  const failed = findings.filter(({ status }) => status === "FAIL").length;
  write(
    failed === 0
      ? "Nothing is wrong."
      : `${failed} of ${findings.length} checks failed: the lines marked FAIL say what to do.`,
  );
  return failed === 0 ? 0 : 1;
}

function checkSettings(
  read: () => Settings,
  report: (finding: Finding) => void,
): Settings | undefined {
  try {
    const settings = read();
    report(ok("all settings are valid"));
    return settings;
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    for (const problem of error.problems) {
      report(fail(problem, "correct it in .env; docs/settings.md lists all settings"));
    }
  }
}
