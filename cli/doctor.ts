// `deno task doctor`: looks at all a first installation gets wrong, and says the cure for each.

import { readSettings, type Settings, SettingsError } from "../config/settings.ts";
import { checkAssistant } from "./doctor/assistant.ts";
import { fail, type Finding, type Findings, format, ok } from "./doctor/finding.ts";
import { checkHost } from "./doctor/host.ts";
import { checkPbx } from "./doctor/pbx.ts";
import { checkSpeech } from "./doctor/speech.ts";

/** What the doctor looks at and where the report goes. */
export interface DoctorOptions {
  /** The environment the service would start in. */
  readonly env: Readonly<Record<string, string | undefined>>;
  write(text: string): void;
}

const EXAMINATIONS: readonly [title: string, check: (settings: Settings) => Findings][] = [
  ["Asterisk", checkPbx],
  ["Speech", checkSpeech],
  ["Assistant", checkAssistant],
  ["This machine", checkHost],
];

/** Examines everything, writing a line for each finding as it is made; returns the exit code. */
export async function doctor({ env, write }: DoctorOptions): Promise<0 | 1> {
  const findings: Finding[] = [];
  const report = (finding: Finding) => {
    findings.push(finding);
    write(format(finding));
  };

  write("Settings\n");
  const settings = settingsOf(env, report);
  if (settings) {
    for (const [title, check] of EXAMINATIONS) {
      write(`${title}\n`);
      for await (const finding of check(settings)) report(finding);
    }
  }
  const failed = findings.filter(({ status }) => status === "FAIL").length;
  write(
    failed === 0
      ? "Nothing is wrong.\n"
      : `${failed} of ${findings.length} checks failed: the lines marked FAIL say what to do.\n`,
  );
  return failed === 0 ? 0 : 1;
}

function settingsOf(
  env: DoctorOptions["env"],
  report: (finding: Finding) => void,
): Settings | undefined {
  try {
    const settings = readSettings(env);
    report(ok("all settings can be read"));
    return settings;
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    for (const problem of error.problems) {
      report(fail(problem, "correct it in .env; the README lists all settings"));
    }
  }
}
