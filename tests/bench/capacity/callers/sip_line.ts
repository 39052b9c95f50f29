// The signalling of all callers over one UDP socket: INVITE with a password, ACK, BYE from either side.
// Requests are repeated until answered (RFC 3261 section 17.1, T1 500 ms).

import { createSocket, type Socket } from "node:dgram";
import type { G711Law } from "../../../../media/codec/g711.ts";
import {
  audioPort,
  contactUri,
  digest,
  formatSip,
  header,
  type Headers,
  parseSip,
  sdpOffer,
  type SipMessage,
} from "./sip_message.ts";

const LOOPBACK = "127.0.0.1";
const REPEAT_FIRST_MS = 500;
const REPEAT_MOST_MS = 4000;
/** T1 × 64: then a request has failed. */
const GIVE_UP_MS = 32_000;

/** Where the PBX is, and how it knows its line. */
export interface SipAccount {
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly extension: string;
}

/** What a call's owner learns. */
export interface SipEvents {
  /** The PBX has answered and expects audio at this port. */
  onAnswered(rtpPort: number): void;
  /** The call is over: refused, hung up by the PBX, or without an answer. */
  onEnded(reason: string): void;
}

/** A call's signalling. */
export interface SipDialog {
  hangUp(): void;
}

/** A telephone line for many calls. */
export class SipLine implements AsyncDisposable {
  readonly #socket: Socket = createSocket("udp4");
  readonly #calls = new Map<string, Dialog>();
  readonly #account: SipAccount;
  #port = 0;

  private constructor(account: SipAccount) {
    this.#account = account;
  }

  static async open(account: SipAccount): Promise<SipLine> {
    const line = new SipLine(account);
    const bound = Promise.withResolvers<void>();
    line.#socket.bind(0, LOOPBACK, bound.resolve);
    await bound.promise;
    line.#port = line.#socket.address().port;
    line.#socket.on("message", (bytes: Uint8Array) => line.#take(new TextDecoder().decode(bytes)));
    return line;
  }

  /** Places a call whose audio arrives at `rtpPort`. */
  call(number: string, codec: G711Law, rtpPort: number, events: SipEvents): SipDialog {
    const id = crypto.randomUUID();
    const dialog = new Dialog(id, number, this.#account, this.#port, {
      send: (text) => this.#socket.send(text, this.#account.port, LOOPBACK),
      over: () => this.#calls.delete(id),
      events,
    });
    this.#calls.set(id, dialog);
    dialog.invite(sdpOffer(codec, rtpPort));
    return dialog;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const call of this.#calls.values()) call.forget();
    const closed = Promise.withResolvers<void>();
    this.#socket.close(() => closed.resolve());
    await closed.promise;
  }

  #take(text: string): void {
    const message = parseSip(text);
    if (!message) return;
    const call = this.#calls.get(header(message, "call-id"));
    if (call) return call.take(message);
    // A request that is repeated after its call is over must be answered again.
    if (message.method && message.method !== "ACK") {
      this.#socket.send(answerTo(message), this.#account.port, LOOPBACK);
    }
  }
}

interface Wire {
  send(text: string): void;
  over(): void;
  readonly events: SipEvents;
}

class Dialog implements SipDialog {
  readonly #id: string;
  readonly #account: SipAccount;
  readonly #wire: Wire;
  readonly #us: string;
  readonly #target: string;
  readonly #localPort: number;
  #sdp = "";
  #sequence = 0;
  #branch = "";
  #to: string;
  #remote: string;
  #state: "calling" | "up" | "leaving" | "over" = "calling";
  /** The PBX has said that it is dealing with the call: only then may it be cancelled. */
  #proceeding = false;
  #repeat: ReturnType<typeof setTimeout> | undefined;

  constructor(id: string, number: string, account: SipAccount, localPort: number, wire: Wire) {
    this.#id = id;
    this.#account = account;
    this.#wire = wire;
    this.#localPort = localPort;
    this.#us = `sip:${number}@${LOOPBACK}`;
    this.#target = `sip:${account.extension}@${LOOPBACK}:${account.port}`;
    this.#to = `<${this.#target}>`;
    this.#remote = this.#target;
  }

  invite(sdp: string): void {
    this.#sdp = sdp;
    this.#sequence++;
    this.#branch = newBranch();
    this.#reliably(this.#request("INVITE", this.#target, [this.#contact], sdp));
  }

  hangUp(): void {
    if (this.#state === "calling") {
      this.#state = "leaving";
      if (this.#proceeding) this.#cancel();
    } else if (this.#state === "up") {
      this.#state = "leaving";
      this.#bye();
    }
  }

  /** Drops the call without a word. */
  forget(): void {
    clearTimeout(this.#repeat);
    this.#state = "over";
  }

  take(message: SipMessage): void {
    if (message.method) return this.#takeRequest(message);
    const [sequence, method] = header(message, "cseq").split(" ");
    if (Number(sequence) !== this.#sequence) return;
    if (method === "INVITE") this.#takeAnswer(message);
    else if (method === "BYE" && message.status! >= 200) this.#end("the caller hung up");
  }

  #takeRequest(message: SipMessage): void {
    if (message.method === "ACK") return;
    this.#wire.send(answerTo(message));
    if (message.method === "BYE") this.#end("the PBX hung up");
  }

  #takeAnswer(message: SipMessage): void {
    const status = message.status!;
    clearTimeout(this.#repeat);
    if (status < 200) {
      const first = !this.#proceeding;
      this.#proceeding = true;
      if (first && this.#state === "leaving") this.#cancel();
      return;
    }
    this.#to = header(message, "to");
    if (status < 300) return this.#takeUp(message);
    this.#acknowledge(this.#target, this.#branch);
    const challenge = header(message, "www-authenticate");
    if (status === 401 && this.#sequence === 1 && challenge !== "") return this.#prove(challenge);
    const reason = this.#state === "leaving" ? "the caller hung up" : `${status} ${message.reason}`;
    this.#end(reason);
  }

  #takeUp(message: SipMessage): void {
    this.#remote = contactUri(message) ?? this.#target;
    // Each repetition of the answer wants an ACK of its own.
    this.#acknowledge(this.#remote, newBranch());
    if (this.#state === "leaving") return this.#bye();
    if (this.#state !== "calling") return;
    const port = audioPort(message);
    if (port === undefined) {
      this.#state = "leaving";
      return this.#bye();
    }
    this.#state = "up";
    this.#wire.events.onAnswered(port);
  }

  #prove(challenge: string): void {
    const { user, password } = this.#account;
    const cnonce = crypto.getRandomValues(new Uint8Array(4)).toHex();
    const proof = { user, password, method: "INVITE", uri: this.#target, cnonce };
    this.#to = `<${this.#target}>`;
    this.#proceeding = false;
    this.#sequence++;
    this.#branch = newBranch();
    const headers: Headers = [this.#contact, ["Authorization", digest(challenge, proof)]];
    this.#reliably(this.#request("INVITE", this.#target, headers, this.#sdp));
  }

  #cancel(): void {
    this.#wire.send(this.#request("CANCEL", this.#target, []));
  }

  #acknowledge(uri: string, branch: string): void {
    const before = this.#branch;
    this.#branch = branch;
    this.#wire.send(this.#request("ACK", uri, []));
    this.#branch = before;
  }

  #bye(): void {
    this.#sequence++;
    this.#branch = newBranch();
    this.#reliably(this.#request("BYE", this.#remote, []));
  }

  #end(reason: string): void {
    if (this.#state === "over") return;
    this.forget();
    this.#wire.over();
    this.#wire.events.onEnded(reason);
  }

  #reliably(text: string): void {
    const startedAt = performance.now();
    const again = (waitMs: number) => {
      this.#wire.send(text);
      this.#repeat = setTimeout(() => {
        if (performance.now() - startedAt > GIVE_UP_MS) this.#end("the PBX does not answer");
        else again(Math.min(2 * waitMs, REPEAT_MOST_MS));
      }, waitMs);
    };
    clearTimeout(this.#repeat);
    again(REPEAT_FIRST_MS);
  }

  get #contact(): readonly [string, string] {
    return ["Contact", `<${this.#us}:${this.#localPort}>`];
  }

  #request(method: string, uri: string, headers: Headers, body = ""): string {
    return formatSip(`${method} ${uri} SIP/2.0`, [
      ["Via", `SIP/2.0/UDP ${LOOPBACK}:${this.#localPort};branch=${this.#branch};rport`],
      ["From", `<${this.#us}>;tag=${this.#id}`],
      ["To", this.#to],
      ["Call-ID", this.#id],
      ["CSeq", `${this.#sequence} ${method}`],
      ["Max-Forwards", "70"],
      ...headers,
    ], body);
  }
}

/** 200 OK to a request of the PBX. */
function answerTo(request: SipMessage): string {
  const copied = ["Via", "From", "To", "Call-ID", "CSeq"].flatMap((name) =>
    (request.headers.get(name.toLowerCase()) ?? []).map((value) => [name, value] as const)
  );
  return formatSip("SIP/2.0 200 OK", copied);
}

function newBranch(): string {
  return `z9hG4bK${crypto.randomUUID()}`;
}
