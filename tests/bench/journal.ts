// Times the console's list over a journal of a million calls, in a temporary folder. `deno task bench journal`

import { join } from "node:path";
import { openDatabase } from "../../actors/service/journal/database.ts";
import { Journal } from "../../actors/service/journal/journal.ts";
import type { ListPlace } from "../../actors/service/journal/listed_calls.ts";
import { noMetrics } from "../../actors/service/metrics.ts";
import { KnownCalls } from "../../actors/service/switchboard/known_calls.ts";
import { settingsWith } from "../../config/read_settings.ts";
import { LOCAL_ACCESS } from "../../console/access.ts";
import { placeWord } from "../../console/calls.ts";
import { createConsole } from "../../console/console.ts";
import { createMetrics } from "../../console/metrics/mod.ts";
import { line, row } from "./print.ts";

const CALLS = 1_000_000;
const EVENTS_A_CALL = 3;
/** Most calls of an answer. */
const PAGE = 1000;
const ROUNDS = 30;
const BEGINNING = Date.UTC(2026, 0, 1);
const APART_MS = 7000;

/** Writes a journal in which one call begins every seven seconds. */
function fill(path: string): void {
  using db = openDatabase(path);
  db.exec(`
    BEGIN;
    WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < ${CALLS - 1})
    INSERT INTO calls (id, channel_id, caller, started_at, ended, ended_at, phase)
      SELECT 'call-' || hex(randomblob(6)), 'channel-' || i, '*********01',
        ${BEGINNING} + i * ${APART_MS}, 1, ${BEGINNING} + i * ${APART_MS} + 60000, 'speaking' FROM n;
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${EVENTS_A_CALL})
    INSERT INTO events (call_id, at, event)
      SELECT id, started_at, '{"kind":"caller_turn","turn":' || i || ',"text":"What does it cost?"}'
      FROM calls, n;
    COMMIT;`);
}

const folder = await Deno.makeTempDir();
try {
  const path = join(folder, "journal.sqlite");
  const began = performance.now();
  fill(path);
  const megabytes = Math.round((await Deno.stat(path)).size / 2 ** 20);
  const seconds = Math.round((performance.now() - began) / 1000);
  await line(`\njournal of ${CALLS} calls, ${megabytes} MB, written in ${seconds} s`);
  using journal = Journal.open(path, noMetrics);
  const app = createConsole({
    calls: {
      ...calls(journal),
      injectFault: () => Promise.resolve(undefined),
      injectEngineFault: () => Promise.resolve(undefined),
    },
    health: { ready: () => ({ ready: true, reason: "" }) },
    metrics: createMetrics({ ofProcess: false }),
    faultInjection: false,
    access: LOCAL_ACCESS,
  });
  for (const [where, i] of [["newest", CALLS], ["middle", CALLS / 2], ["oldest", PAGE]] as const) {
    const place: ListPlace = { startedAt: BEGINNING + i * APART_MS, id: "call" };
    const times: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const since = performance.now();
      const answer = await app.request(`/api/calls?limit=${PAGE}&before=${placeWord(place)}`);
      const { calls } = await answer.json();
      times.push(performance.now() - since);
      if (calls.length !== PAGE) throw new Error(`${calls.length} calls on a page of ${PAGE}`);
    }
    await row(`GET /api/calls, the ${where} ${PAGE} of them, ms`, times, "50");
  }
} finally {
  await Deno.remove(folder, { recursive: true });
}

/** The calls of a service that holds none in memory. */
function calls(journal: Journal) {
  const switchboard = { list: () => [], get: () => undefined };
  const known = new KnownCalls({
    settings: settingsWith({ DATA_DIR: folder }),
    switchboard,
    journal,
  });
  return {
    page: known.page.bind(known),
    get: known.get.bind(known),
    recordingPath: known.recordingPath.bind(known),
  };
}
