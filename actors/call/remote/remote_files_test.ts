import assert from "node:assert/strict";
import { mock } from "node:test";
import type { ToMedia } from "../../messages.ts";
import { FileRequestError, RemoteFiles } from "./remote_files.ts";

Deno.test("each request is answered by its own outcome, in whatever order they come", async () => {
  const sent: ToMedia[] = [];
  const files = new RemoteFiles((message) => sent.push(message));
  const [played, stopped] = [files.play("one", "sound:ru/one"), files.stop("two")];
  files.done(2, "no such playback");
  files.done(1, undefined);
  await played;
  await assert.rejects(stopped, /no such playback/);
  assert.deepEqual(sent.map((message) => message.kind === "files" && message.request), [
    { what: "play", playbackId: "one", media: "sound:ru/one" },
    { what: "stop", playbackId: "two" },
  ]);
});

Deno.test("what the PBX reports reaches the listener", () => {
  const files = new RemoteFiles(() => {});
  const told: unknown[] = [];
  files.onEvent({ what: "talking", talking: true });
  files.listen({
    onPlaybackStarted: (id) => told.push(["started", id]),
    onPlaybackFinished: (id) => told.push(["finished", id]),
    onRecordingEnded: (detail) => told.push(["recording", detail]),
    onTalking: (talking) => told.push(["talking", talking]),
  });
  files.onEvent({ what: "playback_started", playbackId: "one" });
  files.onEvent({ what: "playback_finished", playbackId: "one" });
  files.onEvent({ what: "talking", talking: false });
  files.onEvent({ what: "recording_ended", detail: "disk full" });
  assert.deepEqual(told, [
    ["started", "one"],
    ["finished", "one"],
    ["talking", false],
    ["recording", "disk full"],
  ]);
});

Deno.test("a service that does not answer fails the request in time, and a late answer does no harm", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  try {
    const files = new RemoteFiles(() => {});
    const stopped = assert.rejects(files.stop("one"), (error) => {
      assert.ok(error instanceof FileRequestError);
      assert.match(error.message, /"stop" within 7000 ms/);
      return true;
    });
    const recorded = files.record("caller");
    mock.timers.tick(7000);
    await stopped;
    files.done(1, undefined);
    // The transport that asked for it decides how long a recording may take to begin.
    mock.timers.tick(50_000);
    files.done(2, undefined);
    await recorded;
  } finally {
    mock.timers.reset();
  }
});
