// The signalling of one SIP call, by a sipp process inside the tree.

import { within } from "../../../runtime/waiting.ts";
import { TestbedError } from "../error.ts";
import { inTree } from "../tree.ts";

/** The end of a message on sipp's control connection. */
const END_OF_MESSAGE = "\x1b";
/** A PBX that has not answered this long after the INVITE lets the phone ring. */
const RINGING_AFTER_MS = 100;

/** How to run sipp for one call. */
export interface SignallingOptions {
  /** The root folder of Asterisk and sipp. */
  readonly tree: string;
  /** The scenario file, as a path inside the tree. */
  readonly scenario: string;
  readonly sipPort: number;
}

/** A call that is being set up or is up. */
export class SipSignalling {
  readonly #answered = Promise.withResolvers<number>();
  readonly #ended = Promise.withResolvers<string>();
  readonly #control = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #sipp: Deno.ChildProcess;
  /** sipp's id of the call; "" when sipp ends without a call. */
  readonly #callId = Promise.withResolvers<string>();
  #connection: Deno.TcpConn | undefined;
  #reason: string | undefined;
  #hangingUp = false;
  #over = false;

  constructor({ tree, scenario, sipPort }: SignallingOptions) {
    // Nobody need await it; whoever does still gets the error.
    this.#answered.promise.catch(() => undefined);
    const { port } = this.#control.addr as Deno.NetAddr;
    this.#sipp = inTree(tree, [
      ...["sipp", "-sf", scenario, "-3pcc", `127.0.0.1:${port}`, "-m", "1"],
      ...["-i", "127.0.0.1", "-nostdin", `127.0.0.1:${sipPort}`],
    ], { stdout: "null" }).spawn();
    this.#run();
  }

  /** The PBX's RTP port, once it has answered. Rejects when it never does. */
  get answered(): Promise<number> {
    return this.#answered.promise;
  }

  /** Why the call ended. By then the process and its sockets are gone. */
  get ended(): Promise<string> {
    return this.#ended.promise;
  }

  /** Ends the call by BYE, or by CANCEL before it is answered. Resolves when the call has ended. */
  async hangUp(): Promise<void> {
    if (!this.#hangingUp) {
      this.#hangingUp = true;
      await this.#tellToHangUp();
    }
    await this.#ended.promise;
  }

  /** Kills the process without a message to the PBX, like a phone that loses power. */
  async kill(): Promise<void> {
    if (!this.#over) {
      this.#reason ??= "the caller vanished";
      this.#sipp.kill("SIGKILL");
    }
    await this.#ended.promise;
  }

  async #run(): Promise<void> {
    const reading = this.#readControl();
    const { success, stderr } = await this.#sipp.output();
    this.#over = true;
    this.#control.close();
    await reading;
    this.#reason ??= success ? "sipp ended early" : `sipp failed: ${lastLine(stderr)}`;
    this.#callId.resolve("");
    this.#answered.reject(new TestbedError(`the call was not answered: ${this.#reason}`));
    this.#ended.resolve(this.#reason);
  }

  async #readControl(): Promise<void> {
    this.#connection = await this.#accept();
    if (!this.#connection) return;
    let rest = "";
    for await (const text of this.#connection.readable.pipeThrough(new TextDecoderStream())) {
      const messages = (rest + text).split(END_OF_MESSAGE);
      rest = messages.pop() ?? "";
      for (const message of messages) this.#onMessage(message);
    }
  }

  /** sipp's connection; undefined when sipp ends without one. */
  async #accept(): Promise<Deno.TcpConn | undefined> {
    try {
      return await this.#control.accept();
    } catch (error) {
      if (this.#over) return undefined;
      throw error;
    }
  }

  #onMessage(message: string): void {
    const field = (name: string) =>
      new RegExp(`^${name}: (.*?)\\r?$`, "m").exec(message)?.[1] ?? "";
    switch (field("Event")) {
      case "calling":
        return this.#callId.resolve(field("Call-ID"));
      case "answered":
        return this.#answered.resolve(Number(field("Port")));
      case "ended":
        this.#reason = field("Reason");
    }
  }

  async #tellToHangUp(): Promise<void> {
    const callId = await this.#callId.promise;
    await this.#answeredOrRinging();
    if (!this.#connection || this.#reason !== undefined) return;
    const message = `Call-ID: ${callId}\r\n\r\n${END_OF_MESSAGE}`;
    try {
      await this.#connection.write(new TextEncoder().encode(message));
    } catch (error) {
      // sipp closes the connection when the PBX hangs up at this very moment.
      if (!GONE.some((gone) => error instanceof gone)) throw error;
    }
  }

  /**
   * sipp takes a command only while it waits for one: when the call is up, or when the phone rings.
   * The PBX answers within a few milliseconds or not soon.
   */
  async #answeredOrRinging(): Promise<void> {
    const ringing = () => new TestbedError("the phone rings");
    await within(this.#answered.promise, RINGING_AFTER_MS, ringing).catch(() => undefined);
  }
}

const GONE = [Deno.errors.BrokenPipe, Deno.errors.ConnectionReset, Deno.errors.BadResource];

function lastLine(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes).trim().split("\n").at(-1)!;
}
