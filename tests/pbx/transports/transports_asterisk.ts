// Calls over transports of real Asterisks, in files of tests that run side by side.

import type { Settings } from "../../../config/settings.ts";
import type { TransportKind } from "../../../asterisk/transports/choose.ts";
import type { ReleaseName } from "../../asterisk/releases.ts";
import { startTestbed } from "../../asterisk/testbed.ts";
import { callsOverEach } from "../../scenarios/transports/transports_suite.ts";

/** Registers the calls over each of these transports; the PBX ends with the file's tests. */
export async function callsOnAsterisk(
  name: string,
  release: ReleaseName,
  kinds: readonly TransportKind[],
): Promise<void> {
  const pbx = await startTestbed({ release });
  Deno.test.afterAll(async () => await pbx[Symbol.asyncDispose]());
  const settings = (kind: TransportKind): Partial<Settings> => ({
    MEDIA_TRANSPORT: kind,
    ...kind === "files" && {
      ASTERISK_SOUNDS_DIR: pbx.soundsDir,
      ASTERISK_RECORDING_DIR: pbx.recordingDir,
    },
  });
  callsOverEach([{
    name,
    pbx,
    transports: Object.fromEntries(kinds.map((kind) => [kind, settings(kind)])),
  }]);
}
