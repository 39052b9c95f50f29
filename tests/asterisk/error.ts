/** The test PBX cannot be installed, started or called. The message says why, and the cure. */
export class TestbedError extends Error {
  override readonly name = "TestbedError";
}
