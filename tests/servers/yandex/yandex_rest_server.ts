// A stand-in for Yandex Cloud's REST services in use: the IAM token exchange and SpeechKit
// synthesis v1. Behaviour follows the Yandex Cloud documentation: "Getting an IAM token" (for a
// user, for a service account) and SpeechKit "API v1 method description".

import { pause } from "../../../runtime/waiting.ts";
import { type Pcm, pcmToBytes } from "../../../media/frame.ts";
import { Faults } from "../faults.ts";
import { faultyBody, refusal } from "../http_fault.ts";
import { toTones } from "../speech/tone_speech.ts";

/** The audience that a JWT must name. */
const AUDIENCE = "https://iam.api.cloud.yandex.net/iam/v1/tokens";

/** A service account's public key, by key id. */
export interface KnownKey {
  readonly serviceAccountId: string;
  readonly publicKey: CryptoKey;
}

/** One synthesis request: its form fields and headers. */
export interface V1Request {
  readonly form: Readonly<Record<string, string>>;
  readonly authorization: string;
}

/** The server. */
export class YandexRestServer implements AsyncDisposable {
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  /** OAuth tokens that IAM accepts. */
  readonly oauthTokens = new Set(["oauth-test"]);
  readonly keys = new Map<string, KnownKey>();
  /** Issued tokens, oldest first. */
  readonly issued: string[] = [];
  readonly allowed = new Set<string>(["Api-Key test-key"]);
  readonly v1Requests: V1Request[] = [];
  readonly iamFaults = new Faults();
  readonly ttsFaults = new Faults();
  /** Requests to IAM, including refused ones. */
  exchanges = 0;
  tokenLifeMs = 12 * 3_600_000;
  /** IAM's clock, for signatures; the real one unless set. */
  now: () => number = Date.now;
  voice: (text: string) => Pcm = toTones;
  paceMs = 0;

  constructor() {
    this.#server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen: () => {} },
      (request) => this.#answer(request),
    );
  }

  get endpoint(): string {
    return `http://127.0.0.1:${this.#server.addr.port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }

  async #answer(request: Request): Promise<Response> {
    const { pathname } = new URL(request.url);
    const headers = { date: new Date(this.now()).toUTCString() };
    if (request.method === "POST" && pathname === "/iam/v1/tokens") {
      const response = await this.#exchange(await request.json());
      response.headers.set("date", headers.date);
      return response;
    }
    if (request.method === "POST" && pathname === "/speech/v1/tts:synthesize") {
      return this.#synthesize(request.headers, await request.formData());
    }
    return new Response("not found", { status: 404 });
  }

  async #exchange(
    identity: { yandexPassportOauthToken?: string; jwt?: string },
  ): Promise<Response> {
    this.exchanges++;
    const fault = this.iamFaults.take();
    if (fault?.kind === "stall") await pause(10);
    const refused = refusal(fault);
    if (refused) return refused;
    const { yandexPassportOauthToken: oauth, jwt } = identity;
    const problem = oauth !== undefined
      ? this.oauthTokens.has(oauth) ? undefined : "OAuth token is invalid or expired"
      : await this.#problemOf(jwt ?? "");
    if (problem) return Response.json({ code: 16, message: problem }, { status: 401 });
    const iamToken = `t1.test-${this.issued.length + 1}`;
    this.issued.push(iamToken);
    this.allowed.add(`Bearer ${iamToken}`);
    return Response.json({
      iamToken,
      expiresAt: new Date(this.now() + this.tokenLifeMs).toISOString(),
    });
  }

  /** What is wrong with a JWT, by the documented rules. */
  async #problemOf(jwt: string): Promise<string | undefined> {
    const [header64, claims64, signature64] = jwt.split(".");
    if (!header64 || !claims64 || !signature64) return "malformed JWT";
    const header = decode(header64) as { typ?: string; alg?: string; kid?: string };
    const claims = decode(claims64) as { iss?: string; aud?: string; iat?: number; exp?: number };
    if (header.typ !== "JWT" || header.alg !== "PS256") return "the only algorithm is PS256";
    const key = this.keys.get(header.kid ?? "");
    if (!key || key.serviceAccountId !== claims.iss) return "no such key of this service account";
    if (claims.aud !== AUDIENCE) return "wrong audience";
    const now = this.now() / 1000;
    const { iat = Infinity, exp = 0 } = claims;
    if (iat > now + 60 || exp < now || exp - iat > 3600) return "JWT is not valid at this time";
    const good = await crypto.subtle.verify(
      { name: "RSA-PSS", saltLength: 32 },
      key.publicKey,
      Uint8Array.fromBase64(signature64, { alphabet: "base64url" }),
      new TextEncoder().encode(`${header64}.${claims64}`),
    );
    return good ? undefined : "wrong signature";
  }

  #synthesize(headers: Headers, form: FormData): Response {
    const authorization = headers.get("authorization") ?? "";
    const fields = Object.fromEntries([...form].map(([name, value]) => [name, String(value)]));
    this.v1Requests.push({ form: fields, authorization });
    const fault = this.ttsFaults.take();
    const refused = refusal(fault);
    if (refused) return refused;
    if (!this.allowed.has(authorization)) {
      return Response.json({ code: 16, message: "The token is invalid" }, { status: 401 });
    }
    const { text = "", format, sampleRateHertz } = fields;
    if (text === "" || text.length > 5000 || format !== "lpcm" || sampleRateHertz !== "16000") {
      return Response.json({ code: 3, message: "bad request" }, { status: 400 });
    }
    const pieces = fault?.kind === "empty"
      ? []
      : (text.match(/\s*\S+/g) ?? []).map((word) => pcmToBytes(this.voice(word)));
    return new Response(faultyBody(pieces, fault, this.paceMs));
  }
}

function decode(base64: string): object {
  return JSON.parse(
    new TextDecoder().decode(Uint8Array.fromBase64(base64, { alphabet: "base64url" })),
  );
}
