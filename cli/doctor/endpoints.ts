// Do the SIP lines survive a silence? Checks their RTP settings, as ARI reports them.

import { type AriAccess, askAri } from "./ari.ts";
import { type Finding, type Findings, note, ok } from "./finding.ts";

/** Lines beyond this many are assumed to be alike. */
const MOST_ENDPOINTS = 20;
/** A telephone with silence suppression sends nothing while a long answer plays. */
const SHORTEST_TIMEOUT_S = 60;

/** Checks each SIP line; says nothing about what this PBX does not report. */
export async function* checkEndpoints(access: AriAccess): Findings {
  const names = await endpointNames(access);
  const problems: Finding[] = [];
  for (const name of names.slice(0, MOST_ENDPOINTS)) {
    problems.push(...endpointProblems(name, await fieldsOf(access, name)));
  }
  yield* problems;
  if (names.length > 0 && problems.length === 0) {
    yield ok(`SIP lines that stay up in a silence: ${names.length}`);
  }
}

/** What may drop or harm a call on this line; `fields` by their names in pjsip.conf. */
export function endpointProblems(name: string, fields: ReadonlyMap<string, string>): Finding[] {
  const problems: Finding[] = [];
  const timeout = Number(fields.get("rtp_timeout") ?? 0);
  if (timeout > 0 && timeout < SHORTEST_TIMEOUT_S) {
    problems.push(note(
      `line ${name} hangs up after ${timeout} s without audio from the caller (rtp_timeout)`,
      "a telephone may send none while the bot speaks: set rtp_timeout=120 in pjsip.conf",
    ));
  }
  if (fields.get("rtp_keepalive") === "0") {
    problems.push(note(
      `line ${name} sends nothing while nobody speaks (rtp_keepalive=0)`,
      "a provider or NAT may drop the call: set rtp_keepalive=10 in pjsip.conf",
    ));
  }
  if (fields.get("direct_media") === "true") {
    problems.push(note(
      `line ${name} may route audio around Asterisk (direct_media=yes)`,
      "the bot would not hear the caller: set direct_media=no in pjsip.conf",
    ));
  }
  return problems;
}

async function endpointNames(access: AriAccess): Promise<string[]> {
  const answer = await askAri(access, "GET", "endpoints/PJSIP");
  const listed = answer.kind === "answer" && Array.isArray(answer.body) ? answer.body : [];
  return listed.map((endpoint) => textOf(endpoint, "resource")).filter((name) => name !== "");
}

/** `GET /asterisk/config/dynamic/…` also serves objects of pjsip.conf. */
async function fieldsOf(access: AriAccess, name: string): Promise<Map<string, string>> {
  const path = `asterisk/config/dynamic/res_pjsip/endpoint/${encodeURIComponent(name)}`;
  const answer = await askAri(access, "GET", path);
  const tuples = answer.kind === "answer" && Array.isArray(answer.body) ? answer.body : [];
  return new Map(tuples.map((tuple) => [textOf(tuple, "attribute"), textOf(tuple, "value")]));
}

function textOf(json: unknown, key: string): string {
  const value = json !== null && typeof json === "object"
    ? (json as Record<string, unknown>)[key]
    : undefined;
  return typeof value === "string" ? value : "";
}
