// SIP messages (RFC 3261) as far as a calling telephone needs them: text to fields, fields to text, and
// the digest with which it proves that it knows the password.

import { createHash } from "node:crypto";
import type { G711Law } from "../../../../media/codec/g711.ts";
import { RTP_CODECS } from "../../../../asterisk/transports/rtp/rtp_codec.ts";

/** A message that has been read: a response has a status, a request a method. */
export interface SipMessage {
  readonly status?: number;
  /** The words after the status. */
  readonly reason?: string;
  readonly method?: string;
  /** The values of a header, in order; names are in lower case. */
  readonly headers: ReadonlyMap<string, readonly string[]>;
  readonly body: string;
}

/** Header lines, in the order in which they are sent. */
export type Headers = readonly (readonly [name: string, value: string])[];

/** Reads a datagram; undefined when it is no SIP message, such as a keep-alive. */
export function parseSip(text: string): SipMessage | undefined {
  const end = text.indexOf("\r\n\r\n");
  if (end < 0) return undefined;
  const [start, ...lines] = text.slice(0, end).split("\r\n");
  const response = /^SIP\/2\.0 (\d{3}) (.*)$/.exec(start!);
  const request = /^([A-Z]+) \S+ SIP\/2\.0$/.exec(start!);
  if (!response && !request) return undefined;
  const headers = new Map<string, string[]>();
  for (const line of lines) {
    const colon = line.indexOf(":");
    if (colon < 0) continue;
    const name = line.slice(0, colon).trim().toLowerCase();
    headers.set(name, [...headers.get(name) ?? [], line.slice(colon + 1).trim()]);
  }
  return {
    ...response ? { status: Number(response[1]), reason: response[2]! } : { method: request![1]! },
    headers,
    body: text.slice(end + 4),
  };
}

/** The first value of a header; "" when it is missing. */
export function header(message: SipMessage, name: string): string {
  return message.headers.get(name)?.[0] ?? "";
}

/** A message as it goes on the wire. */
export function formatSip(start: string, headers: Headers, body = ""): string {
  const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`).join("");
  const type = body === "" ? "" : "Content-Type: application/sdp\r\n";
  return `${start}\r\n${lines}${type}Content-Length: ${body.length}\r\n\r\n${body}`;
}

/** The address between the angle brackets of a Contact. */
export function contactUri(message: SipMessage): string | undefined {
  return /<([^>]+)>/.exec(header(message, "contact"))?.[1];
}

/** The port at which the other side wants its audio; undefined without an audio line in the SDP. */
export function audioPort({ body }: SipMessage): number | undefined {
  const port = /^m=audio (\d+) /m.exec(body)?.[1];
  return port === undefined ? undefined : Number(port);
}

/** The offer of a telephone that knows one codec. */
export function sdpOffer(codec: G711Law, port: number): string {
  const { payloadType } = RTP_CODECS[codec];
  return [
    "v=0",
    "o=caller 1 1 IN IP4 127.0.0.1",
    "s=-",
    "c=IN IP4 127.0.0.1",
    "t=0 0",
    `m=audio ${port} RTP/AVP ${payloadType}`,
    `a=rtpmap:${payloadType} ${codec === "ulaw" ? "PCMU" : "PCMA"}/8000`,
    "a=ptime:20",
    "a=sendrecv",
    "",
  ].join("\r\n");
}

/** Who proves what, for `digest`. */
export interface Proof {
  readonly user: string;
  readonly password: string;
  readonly method: string;
  readonly uri: string;
  /** A number that the client makes up. */
  readonly cnonce: string;
}

/** The answer to a challenge (WWW-Authenticate): MD5 with qop "auth", as RFC 2617 section 3.2.2 has it. */
export function digest(challenge: string, { user, password, method, uri, cnonce }: Proof): string {
  const field = (name: string) => new RegExp(`${name}="?([^",]*)"?`).exec(challenge)?.[1] ?? "";
  const [realm, nonce, opaque] = [field("realm"), field("nonce"), field("opaque")];
  const nc = "00000001";
  const response = md5(
    `${md5(`${user}:${realm}:${password}`)}:${nonce}:${nc}:${cnonce}:auth:${
      md5(`${method}:${uri}`)
    }`,
  );
  return `Digest username="${user}", realm="${realm}", nonce="${nonce}", uri="${uri}", ` +
    `response="${response}", algorithm=MD5, cnonce="${cnonce}", qop=auth, nc=${nc}` +
    (opaque === "" ? "" : `, opaque="${opaque}"`);
}

function md5(text: string): string {
  return createHash("md5").update(text).digest("hex");
}
