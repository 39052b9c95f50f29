// The SIP side of a call, as a sipp scenario: an INVITE with a password, then a wait for a hang-up
// by either side, by ours even before the PBX answers. Over a TCP connection (3PCC in sipp's
// documentation) sipp reports what happens (sendCmd) and learns when to hang up (recvCmd).

import type { G711Law } from "../../../media/codec/g711.ts";
import { RTP_CODECS } from "../../../asterisk/transports/rtp/rtp_codec.ts";

/** The parameters of one call's signalling. */
export interface SipCall {
  /** The number that the PBX sees. */
  readonly callerNumber: string;
  readonly extension: string;
  readonly user: string;
  readonly password: string;
  /** The caller's port for RTP on the loopback address. */
  readonly rtpPort: number;
  /** The only audio format that the phone offers. */
  readonly codec: G711Law;
  /** The SDP's payload type for telephone-event. */
  readonly eventPayload: number;
}

/** Statuses with which a PBX may refuse an INVITE. */
const REFUSALS = [403, 404, 408, 480, 484, 486, 487, 488, 500, 501, 503, 600, 603, 604];

/** The scenario file for one call. */
export function sipScenario(call: SipCall): string {
  const say = messages(call);
  return `<?xml version="1.0" encoding="UTF-8"?>
<scenario name="caller">
  ${say.invite(1)}
  <recv response="100" optional="true"/>
  <recv response="401" auth="true"/>
  ${say.acknowledgeRefusal(1)}
  ${event("calling")}
  ${say.invite(2)}
  <recv response="100" optional="true"/>
  <recv response="180" optional="true"/>
  <recv response="183" optional="true"/>
  ${REFUSALS.map(refusal).join("\n  ")}
  <recv response="200" optional="true" rrs="true" next="answered">
    <action>
      <ereg regexp="m=audio ([0-9]+)" search_in="body" check_it="true" assign_to="media,port"/>
    </action>
  </recv>
  <Reference variables="media"/>
  <recvCmd/>
  ${say.cancel(2)}
  <label id="cancelling"/>
  <recv response="487" optional="true" next="cancelled"/>
  <recv response="481" optional="true" next="cancelling"/>
  <recv response="200" rrs="true" next="answered_meanwhile" test="to_invite">
    <action><ereg regexp="INVITE" search_in="hdr" header="CSeq:" assign_to="to_invite"/></action>
  </recv>
  <nop next="cancelling"/>
  <label id="cancelled"/>
  ${say.acknowledgeRefusal(2)}
  <nop next="caller_hung_up"/>

  <label id="answered"/>
  ${say.inDialog("ACK", 2)}
  ${event("answered", "Port: [$port]")}
  <recv request="BYE" optional="true" next="pbx_hung_up"/>
  <recvCmd/>
  <nop next="hang_up"/>
  <label id="answered_meanwhile"/>
  ${say.inDialog("ACK", 2)}
  <label id="hang_up"/>
  ${say.inDialog("BYE", 3)}
  <recv response="481" optional="true"/>
  <recv response="200"/>
  <label id="caller_hung_up"/>
  ${event("ended", "Reason: the caller hung up")}
  <nop next="end"/>

  <label id="pbx_hung_up"/>
  ${say.ok()}
  ${event("ended", "Reason: the PBX hung up")}
  <nop next="end"/>

  <label id="refused"/>
  ${say.acknowledgeRefusal(2)}
  ${event("ended", "Reason: refused: [$refusal]")}
  <label id="end"/>
  <nop/>
</scenario>
`;
}

/** Reports an event over the control connection. */
function event(name: string, ...facts: readonly string[]): string {
  return `<sendCmd>${cdata(["Call-ID: [call_id]", `Event: ${name}`, ...facts])}</sendCmd>`;
}

function refusal(code: number): string {
  return `<recv response="${code}" optional="true" next="refused">
    <action>
      <ereg regexp="[0-9]{3} [^[:cntrl:]]*" search_in="msg" assign_to="refusal"/>
    </action>
  </recv>`;
}

/** The SIP messages of one call, numbered by CSeq. Words in brackets are sipp's variables. */
function messages(call: SipCall) {
  const target = `sip:${call.extension}@[remote_ip]:[remote_port]`;
  const us = `sip:${call.callerNumber}@[local_ip]`;
  const via = "Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]";
  const from = `From: <${us}>;tag=[pid]-[call_number]`;
  const common = ["Call-ID: [call_id]", "Max-Forwards: 70"];
  const empty = "Content-Length: 0";
  const audio = RTP_CODECS[call.codec].payloadType;
  const sdp = [
    "v=0",
    "o=caller 1 1 IN IP4 [local_ip]",
    "s=-",
    "c=IN IP4 [local_ip]",
    "t=0 0",
    `m=audio ${call.rtpPort} RTP/AVP ${audio} ${call.eventPayload}`,
    `a=rtpmap:${audio} ${call.codec === "ulaw" ? "PCMU" : "PCMA"}/8000`,
    `a=rtpmap:${call.eventPayload} telephone-event/8000`,
    `a=fmtp:${call.eventPayload} 0-15`,
    "a=ptime:20",
    "a=sendrecv",
  ];
  return {
    /** The second one answers the PBX's challenge. */
    invite: (sequence: 1 | 2) =>
      reliably([
        `INVITE ${target} SIP/2.0`,
        ...[via, from, `To: <${target}>`, `CSeq: ${sequence} INVITE`, ...common],
        ...sequence === 2
          ? [`[authentication username=${call.user} password=${call.password}]`]
          : [],
        `Contact: <${us}:[local_port]>`,
        "Content-Type: application/sdp",
        ...["Content-Length: [len]", "", ...sdp],
      ]),
    /** Belongs to the INVITE, so it carries the branch that the PBX's last answer repeats. */
    cancel: (sequence: number) =>
      reliably([
        `CANCEL ${target} SIP/2.0`,
        ...["[last_Via:]", from, `To: <${target}>`, `CSeq: ${sequence} CANCEL`, ...common, empty],
      ]),
    /** Like CANCEL, but the tag in To is the PBX's. */
    acknowledgeRefusal: (sequence: number) =>
      once([
        `ACK ${target} SIP/2.0`,
        ...["[last_Via:]", from, "[last_To:]", `CSeq: ${sequence} ACK`, ...common, empty],
      ]),
    inDialog: (method: "ACK" | "BYE", sequence: number) =>
      (method === "ACK" ? once : reliably)([
        `${method} [next_url] SIP/2.0`,
        ...[via, "[routes]", from, `To: <${target}>[peer_tag_param]`],
        ...[`CSeq: ${sequence} ${method}`, ...common, empty],
      ]),
    ok: () =>
      once([
        "SIP/2.0 200 OK",
        ...["[last_Via:]", "[last_From:]", "[last_To:]", "[last_Call-ID:]", "[last_CSeq:]", empty],
      ]),
  };
}

function once(lines: readonly string[]): string {
  return `<send>${cdata(lines)}</send>`;
}

/** Repeated until answered, first after 500 ms (T1 of RFC 3261). */
function reliably(lines: readonly string[]): string {
  return `<send retrans="500">${cdata(lines)}</send>`;
}

function cdata(lines: readonly string[]): string {
  return `<![CDATA[\n${lines.join("\n")}\n\n]]>`;
}
