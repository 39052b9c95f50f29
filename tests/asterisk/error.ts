/** The test PBX cannot be installed, started or called; the message says why and what to do. */
export class TestbedError extends Error {
  override readonly name = "TestbedError";
}
