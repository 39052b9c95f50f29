// The SIP side of a call as sipp plays it: one INVITE with a password, then waiting for whoever
// hangs up first. sipp tells us what happens, and is told to hang up, over a TCP connection of its
// own ("3pcc", in sipp's documentation under "Controlling SIPp from another program").

/** What one call's signalling depends on. */
export interface SipCall {
  /** Shown to the PBX as the caller's number. */
  readonly callerNumber: string;
  readonly extension: string;
  readonly user: string;
  readonly password: string;
  /** Where the caller listens for RTP, on the loopback address. */
  readonly rtpPort: number;
  /** Payload type that the SDP names for telephone-event. */
  readonly eventPayload: number;
}

/** Refusals a PBX may answer an INVITE with. */
const REFUSALS = [403, 404, 408, 480, 484, 486, 487, 488, 500, 501, 503, 600, 603, 604];

/** The scenario file of one call. */
export function sipScenario(call: SipCall): string {
  const target = `sip:${call.extension}@[remote_ip]:[remote_port]`;
  const header = (method: string, sequence: number, uri = target) => `
    ${method} ${uri} SIP/2.0
    Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
    From: <sip:${call.callerNumber}@[local_ip]>;tag=[pid]-[call_number]
    To: <${target}>[peer_tag_param]
    Call-ID: [call_id]
    CSeq: ${sequence} ${method}
    Max-Forwards: 70`;
  const invite = (sequence: number, authentication: string) => `
    INVITE ${target} SIP/2.0
    Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
    From: <sip:${call.callerNumber}@[local_ip]>;tag=[pid]-[call_number]
    To: <${target}>
    Call-ID: [call_id]
    CSeq: ${sequence} INVITE
    Contact: <sip:${call.callerNumber}@[local_ip]:[local_port]>
    Max-Forwards: 70${authentication}
    Content-Type: application/sdp
    Content-Length: [len]

    v=0
    o=caller 1 1 IN IP4 [local_ip]
    s=-
    c=IN IP4 [local_ip]
    t=0 0
    m=audio ${call.rtpPort} RTP/AVP 0 ${call.eventPayload}
    a=rtpmap:0 PCMU/8000
    a=rtpmap:${call.eventPayload} telephone-event/8000
    a=fmtp:${call.eventPayload} 0-15
    a=ptime:20
    a=sendrecv
`;
  const password = `
    [authentication username=${call.user} password=${call.password}]`;
  return `<?xml version="1.0" encoding="UTF-8"?>
<scenario name="caller">
  <send retrans="500"><![CDATA[${invite(1, "")}]]></send>
  <recv response="100" optional="true"/>
  <recv response="401" auth="true"/>
  <send><![CDATA[${header("ACK", 1)}
    Content-Length: 0

]]></send>
  <send retrans="500"><![CDATA[${invite(2, password)}]]></send>
  <recv response="100" optional="true"/>
  <recv response="180" optional="true"/>
  <recv response="183" optional="true"/>
${REFUSALS.map(refusal).join("\n")}
  <recv response="200" rrs="true">
    <action>
      <ereg regexp="m=audio ([0-9]+)" search_in="body" check_it="true" assign_to="media,port"/>
    </action>
  </recv>
  <Reference variables="media"/>
  <send><![CDATA[${header("ACK", 2, "[next_url]")}
    [routes]
    Content-Length: 0

]]></send>
  <sendCmd><![CDATA[
    Call-ID: [call_id]
    Event: answered
    Port: [$port]

]]></sendCmd>
  <recv request="BYE" optional="true" next="pbx_hung_up"/>
  <recvCmd/>
  <send retrans="500"><![CDATA[${header("BYE", 3, "[next_url]")}
    [routes]
    Content-Length: 0

]]></send>
  <recv response="200"/>
  <sendCmd next="end"><![CDATA[
    Call-ID: [call_id]
    Event: ended
    Reason: the caller hung up

]]></sendCmd>
  <label id="pbx_hung_up"/>
  <send><![CDATA[
    SIP/2.0 200 OK
    [last_Via:]
    [last_From:]
    [last_To:]
    [last_Call-ID:]
    [last_CSeq:]
    Content-Length: 0

]]></send>
  <sendCmd next="end"><![CDATA[
    Call-ID: [call_id]
    Event: ended
    Reason: the PBX hung up

]]></sendCmd>
  <label id="refused"/>
  <send><![CDATA[
    ACK ${target} SIP/2.0
    [last_Via:]
    [last_From:]
    [last_To:]
    [last_Call-ID:]
    CSeq: 2 ACK
    Max-Forwards: 70
    Content-Length: 0

]]></send>
  <sendCmd><![CDATA[
    Call-ID: [call_id]
    Event: ended
    Reason: refused: [$refusal]

]]></sendCmd>
  <label id="end"/>
  <nop/>
</scenario>
`;
}

function refusal(code: number): string {
  return `  <recv response="${code}" optional="true" next="refused">
    <action>
      <ereg regexp="[0-9]{3} [^[:cntrl:]]*" search_in="msg" assign_to="refusal"/>
    </action>
  </recv>`;
}
