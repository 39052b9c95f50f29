import assert from "node:assert/strict";
import {
  audioPort,
  contactUri,
  digest,
  formatSip,
  header,
  parseSip,
  sdpOffer,
} from "./sip_message.ts";

Deno.test("an answer tells status, contact and where the audio goes", () => {
  const answer = parseSip(
    "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 127.0.0.1:1;branch=a\r\nVIA: b\r\n" +
      "Contact: <sip:127.0.0.1:5060>\r\nCall-ID:x:y\r\n\r\n" +
      "v=0\r\nm=audio 20010 RTP/AVP 0\r\na=sendrecv\r\n",
  )!;
  assert.equal(answer.status, 200);
  assert.equal(answer.reason, "OK");
  assert.equal(contactUri(answer), "sip:127.0.0.1:5060");
  assert.equal(header(answer, "call-id"), "x:y");
  assert.deepEqual(answer.headers.get("via"), ["SIP/2.0/UDP 127.0.0.1:1;branch=a", "b"]);
  assert.equal(audioPort(answer), 20_010);
});

Deno.test("what is no whole SIP message is not taken for one", () => {
  for (const text of ["", "\r\n\r\n", "SIP/2.0 200 OK", "HTTP/1.1 200 OK\r\n\r\n", "BYE\r\n\r\n"]) {
    assert.equal(parseSip(text), undefined, JSON.stringify(text));
  }
});

Deno.test("what is written can be read back", () => {
  const sdp = sdpOffer("alaw", 4000);
  const text = formatSip("INVITE sip:100@127.0.0.1 SIP/2.0", [["CSeq", "1 INVITE"]], sdp);
  const message = parseSip(text)!;
  assert.equal(message.method, "INVITE");
  assert.equal(header(message, "cseq"), "1 INVITE");
  assert.equal(Number(header(message, "content-length")), sdp.length);
  assert.equal(audioPort(message), 4000);
  assert.match(message.body, /PCMA\/8000/);
});

Deno.test("a challenge is answered as in the example of RFC 2617, section 3.5", () => {
  const challenge = 'Digest realm="testrealm@host.com", qop="auth,auth-int", ' +
    'nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", opaque="5ccc069c403ebaf9f0171e9517f40e41"';
  const proof = digest(challenge, {
    user: "Mufasa",
    password: "Circle Of Life",
    method: "GET",
    uri: "/dir/index.html",
    cnonce: "0a4f113b",
  });
  assert.match(proof, /response="6629fae49393a05397450978507c4ef1"/);
  assert.match(proof, /opaque="5ccc069c403ebaf9f0171e9517f40e41"/);
});
