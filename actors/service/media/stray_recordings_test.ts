import assert from "node:assert/strict";
import { AriError } from "../../../asterisk/ari/mod.ts";
import { recordingName } from "../../../asterisk/transports/files/files_control.ts";
import { LogLines } from "../../../testing/log_lines.ts";
import { type RecordingCommands, sweepRecordings } from "./stray_recordings.ts";

/** A PBX with these recordings stored, of which some still grow. */
function pbx(stored: { name: string; format: string }[], growing: readonly string[] = []) {
  const left = new Set(stored.map(({ name }) => name));
  const commands: RecordingCommands = {
    storedRecordings: () => Promise.resolve(stored),
    isRecording: (name) => Promise.resolve(growing.includes(name)),
    deleteStoredRecording: (name) => Promise.resolve(void left.delete(name)),
  };
  return { commands, left };
}

Deno.test("a caller's audio that a killed service left on the PBX is removed", async () => {
  const { commands, left } = pbx([{ name: recordingName(), format: "sln96" }]);
  await sweepRecordings(commands);
  assert.deepEqual([...left], []);
});

Deno.test("a call that is up keeps its recording, and so do other programs of the PBX theirs", async () => {
  const live = recordingName();
  const others = [
    { name: "voxbot-greeting", format: "sln96" },
    { name: `${recordingName()}-2`, format: "sln96" },
    { name: `voicemail/${recordingName()}`, format: "sln96" },
    { name: recordingName(), format: "wav" },
    { name: "voxbot-../../etc/passwd", format: "sln96" },
  ];
  const { commands, left } = pbx([{ name: live, format: "sln96" }, ...others], [live]);
  await sweepRecordings(commands);
  assert.deepEqual([...left].sort(), [live, ...others.map(({ name }) => name)].sort());
});

Deno.test("a PBX that cannot list its recordings is reported, with the files to look for", async () => {
  using log = new LogLines();
  const { commands } = pbx([]);
  await sweepRecordings({
    ...commands,
    storedRecordings: () => Promise.reject(new AriError("timeout", "recordings.list", 0, "late")),
  });
  assert.match(log.all.join(), /may be left on the PBX.*voxbot-\*\.sln96/);
});
