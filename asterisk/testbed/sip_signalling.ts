// One SIP call's signalling, by a sipp process inside the tree.

import { TestbedError } from "./error.ts";
import { inTree } from "./tree.ts";

/** Ends a message on sipp's control connection. */
const END_OF_MESSAGE = "\x1b";
/** Makes sipp end a call that is not answered yet: it sends CANCEL. */
const ABORT_CALL = "internal-cmd: abort_call";

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
  readonly #connection = Promise.withResolvers<Deno.TcpConn | undefined>();
  #callId = "";
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
      await this.#tell(this.#callId === "" ? ABORT_CALL : `Call-ID: ${this.#callId}`);
    }
    await this.#ended.promise;
  }

  /** Ends the process without a word to the PBX, as a telephone that loses its power. */
  async kill(): Promise<void> {
    this.#hangingUp = true;
    if (!this.#over) this.#sipp.kill("SIGKILL");
    await this.#ended.promise;
  }

  async #run(): Promise<void> {
    const reading = this.#readControl();
    const { success, stderr } = await this.#sipp.output();
    this.#over = true;
    this.#control.close();
    await reading;
    const complaint = new TextDecoder().decode(stderr).trim().split("\n").slice(-3).join(" ");
    const reason = this.#reason ??
      (this.#hangingUp ? "the caller gave up" : `sipp failed${success ? "" : `: ${complaint}`}`);
    this.#answered.reject(new TestbedError(`the call was not answered: ${reason}`));
    this.#ended.resolve(reason);
  }

  async #readControl(): Promise<void> {
    const connection = await this.#accept();
    this.#connection.resolve(connection);
    if (!connection) return;
    let rest = "";
    for await (const text of connection.readable.pipeThrough(new TextDecoderStream())) {
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
    if (field("Event") === "answered") {
      this.#callId = field("Call-ID");
      this.#answered.resolve(Number(field("Port")));
    } else this.#reason = field("Reason");
  }

  async #tell(message: string): Promise<void> {
    const connection = await this.#connection.promise;
    if (!connection || this.#reason !== undefined) return;
    try {
      await connection.write(new TextEncoder().encode(`${message}\r\n\r\n${END_OF_MESSAGE}`));
    } catch (error) {
      // sipp closes the connection when the PBX hung up in this very moment.
      if (!GONE.some((gone) => error instanceof gone)) throw error;
    }
  }
}

const GONE = [Deno.errors.BrokenPipe, Deno.errors.ConnectionReset, Deno.errors.BadResource];
