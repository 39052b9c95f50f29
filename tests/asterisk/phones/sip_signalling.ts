// One SIP call's signalling, by a sipp process inside the tree.

import { TestbedError } from "../error.ts";
import { inTree } from "../tree.ts";

/** Ends a message on sipp's control connection. */
const END_OF_MESSAGE = "\x1b";
/** A PBX that has not answered so long after the INVITE lets the caller wait. */
const RINGING_AFTER_MS = 100;

/** Where and how to run sipp for one call. */
export interface SignallingOptions {
  /** Root folder Asterisk and sipp are installed in. */
  readonly tree: string;
  /** The scenario file, as seen from inside the tree. */
  readonly scenario: string;
  readonly sipPort: number;
}

/** A call being set up, or up. */
export class SipSignalling {
  readonly #answered = Promise.withResolvers<number>();
  readonly #ended = Promise.withResolvers<string>();
  readonly #control = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #sipp: Deno.ChildProcess;
  /** As sipp names it; "" when sipp ends without having begun a call. */
  readonly #callId = Promise.withResolvers<string>();
  #connection: Deno.TcpConn | undefined;
  #reason: string | undefined;
  #hangingUp = false;
  #over = false;

  constructor({ tree, scenario, sipPort }: SignallingOptions) {
    // Nobody need be waiting for it; whoever does still gets the error.
    this.#answered.promise.catch(() => undefined);
    const { port } = this.#control.addr as Deno.NetAddr;
    this.#sipp = inTree(tree, [
      ...["sipp", "-sf", scenario, "-3pcc", `127.0.0.1:${port}`, "-m", "1"],
      ...["-i", "127.0.0.1", "-nostdin", `127.0.0.1:${sipPort}`],
    ], { stdout: "null" }).spawn();
    this.#run();
  }

  /** The PBX's RTP port, once it has answered. Rejected when it never does. */
  get answered(): Promise<number> {
    return this.#answered.promise;
  }

  /** Why the call is over; the process and its sockets are gone by then. */
  get ended(): Promise<string> {
    return this.#ended.promise;
  }

  /** Ends the call by BYE, or CANCEL before it is answered; resolves when it is over. */
  async hangUp(): Promise<void> {
    if (!this.#hangingUp) {
      this.#hangingUp = true;
      await this.#tellToHangUp();
    }
    await this.#ended.promise;
  }

  /** Ends the process without a word to the PBX, as a telephone that loses its power. */
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

  /** sipp's connection, or undefined when it ends without one. */
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
      // sipp closes the connection when the PBX hung up in this very moment.
      if (!GONE.some((gone) => error instanceof gone)) throw error;
    }
  }
  /**
   * sipp takes a command only while it waits for one: when it is up, or when the PBX lets it ring.
   * An answer comes within a few milliseconds or not soon.
   */
  async #answeredOrRinging(): Promise<void> {
    const ringing = Promise.withResolvers<void>();
    const timer = setTimeout(ringing.resolve, RINGING_AFTER_MS);
    await Promise.race([this.#answered.promise.catch(() => undefined), ringing.promise]);
    clearTimeout(timer);
  }
}

const GONE = [Deno.errors.BrokenPipe, Deno.errors.ConnectionReset, Deno.errors.BadResource];

function lastLine(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes).trim().split("\n").at(-1)!;
}
