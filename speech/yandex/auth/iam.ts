// IAM tokens, which Yandex Cloud gives in exchange for a user's OAuth token or a service account's
// JWT. Source: Yandex Cloud documentation, "Getting an IAM token".

import { logger } from "../../../config/logging.ts";
import { boundedFetch } from "../../../runtime/bounded_fetch.ts";
import { ServiceFailure, withoutSecrets } from "../../failure.ts";

/** Proves who we are; sent to IAM as it is. */
export type Identity =
  | { readonly yandexPassportOauthToken: string }
  | { readonly jwt: string };

/** Makes the proof for one exchange. `now` is the time to sign with (epoch ms), by IAM's clock. */
export type IdentitySource = (now: number) => Promise<Identity>;

/** The source of IAM tokens: our own exchange, or another isolate's. */
export interface TokenSource {
  /**
   * A token that is valid now.
   *
   * @throws {ServiceFailure}
   */
  token(): Promise<string>;
  /** A service refused this token. True when a request with a new one makes sense. */
  refused(value: string): boolean | Promise<boolean>;
}

/** The age at which a token is renewed: it lives up to 12 h, and Yandex advises hourly renewal. */
const RENEW_AFTER_MS = 3_600_000;
/** A token is renewed at the latest this long before its end. */
const RENEW_BEFORE_END_MS = 300_000;
/** A refused token younger than this would be refused again if it were renewed. */
const FRESH_MS = 30_000;
/** How long IAM is not asked again after it has refused. */
const REFUSAL_HOLDS_MS = 30_000;
const EXCHANGE_TIMEOUT_MS = 5_000;
/** A token has some hundred bytes. */
const fetchToken = boundedFetch(100_000);
/** Clocks further apart than this make signatures invalid. */
const SKEW_TOLERATED_MS = 60_000;

interface Token {
  readonly value: string;
  readonly obtainedAt: number;
  readonly endsAt: number;
}

/** The IAM tokens of one identity: cached, renewed early, one exchange at a time. */
export class IamTokens implements TokenSource {
  readonly #endpoint: string;
  readonly #identity: IdentitySource;
  readonly #now: () => number;
  #token: Token | undefined;
  #exchange: Promise<Token> | undefined;
  #refusal: { readonly failure: ServiceFailure; readonly until: number } | undefined;
  /** IAM's clock minus ours. */
  #skewMs = 0;

  /** `endpoint`: for example `https://iam.api.cloud.yandex.net`. */
  constructor(endpoint: string, identity: IdentitySource, now: () => number = Date.now) {
    this.#endpoint = endpoint;
    this.#identity = identity;
    this.#now = now;
  }

  /**
   * A token that is valid now. Nobody waits for a renewal while the old token is still valid.
   *
   * @throws {ServiceFailure} when IAM refuses or does not answer.
   */
  async token(): Promise<string> {
    const now = this.#now();
    const token = this.#token;
    if (!token || now >= token.endsAt) return (await this.#renew()).value;
    const renewAt = Math.min(token.obtainedAt + RENEW_AFTER_MS, token.endsAt - RENEW_BEFORE_END_MS);
    if (now >= renewAt && !this.#exchange && !this.#refusalAt(now)) {
      this.#renew().catch((error) =>
        logger("speech").warn("IAM token not renewed; the old one serves until it expires", {
          error,
        })
      );
    }
    return token.value;
  }

  /**
   * A service refused this token (UNAUTHENTICATED). True when a retry with a new one makes sense:
   * the token was old, or has been replaced already.
   */
  refused(value: string): boolean {
    const token = this.#token;
    if (token?.value !== value) return true;
    if (this.#now() - token.obtainedAt < FRESH_MS) return false;
    this.#token = undefined;
    return true;
  }

  #refusalAt(now: number): ServiceFailure | undefined {
    return this.#refusal && now < this.#refusal.until ? this.#refusal.failure : undefined;
  }

  /** Joins the exchange in progress, or starts one. */
  #renew(): Promise<Token> {
    const refusal = this.#refusalAt(this.#now());
    if (refusal) return Promise.reject(refusal);
    this.#exchange ??= this.#obtain().finally(() => this.#exchange = undefined);
    return this.#exchange;
  }

  async #obtain(): Promise<Token> {
    try {
      this.#token = await this.#ask();
      this.#refusal = undefined;
      return this.#token;
    } catch (error) {
      if (error instanceof ServiceFailure && error.lasting) {
        this.#refusal = { failure: error, until: this.#now() + REFUSAL_HOLDS_MS };
      }
      throw error;
    }
  }

  async #ask(secondTry = false): Promise<Token> {
    const sentAt = this.#now();
    const response = await this.#post(await this.#identity(sentAt + this.#skewMs));
    const body = await response.text();
    if (response.ok) return readToken(body, sentAt, this.#skewMs);
    const skewMs = clockSkew(response, this.#now());
    if (response.status === 401 && !secondTry && Math.abs(skewMs) > SKEW_TOLERATED_MS) {
      logger("speech").warn(
        "this machine's clock is wrong; IAM requests are signed with IAM's time",
        {
          offBySeconds: Math.round(-skewMs / 1000),
          fix: "turn on time synchronisation (NTP)",
        },
      );
      this.#skewMs = skewMs;
      return await this.#ask(true);
    }
    throw refusal(response.status, body, this.#endpoint);
  }

  async #post(identity: Identity): Promise<Response> {
    try {
      return await fetchToken(`${this.#endpoint}/iam/v1/tokens`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(identity),
        signal: AbortSignal.timeout(EXCHANGE_TIMEOUT_MS),
      });
    } catch (error) {
      const timedOut = error instanceof DOMException && error.name === "TimeoutError";
      throw new ServiceFailure("yandex", `getting an IAM token from ${this.#endpoint}`, {
        code: timedOut ? "SILENT" : "UNAVAILABLE",
        cure: "check the network and YANDEX_IAM_ENDPOINT",
      }, { cause: error });
    }
  }
}

function readToken(body: string, sentAt: number, skewMs: number): Token {
  const { iamToken, expiresAt } = parseJson(body) as { iamToken?: unknown; expiresAt?: unknown };
  const endsAt = typeof expiresAt === "string" ? Date.parse(expiresAt) - skewMs : NaN;
  if (typeof iamToken !== "string" || iamToken === "") {
    throw new ServiceFailure("yandex", "getting an IAM token", {
      code: "BAD_ANSWER",
      cure: "the answer has no iamToken: check YANDEX_IAM_ENDPOINT",
    });
  }
  return {
    value: iamToken,
    obtainedAt: sentAt,
    endsAt: Number.isFinite(endsAt) ? endsAt : sentAt + RENEW_AFTER_MS + RENEW_BEFORE_END_MS,
  };
}

/** How far IAM's clock is ahead of ours, by the `Date` header. */
function clockSkew(response: Response, now: number): number {
  const date = Date.parse(response.headers.get("date") ?? "");
  return Number.isFinite(date) ? date - now : 0;
}

function refusal(status: number, body: string, endpoint: string): ServiceFailure {
  const said = (parseJson(body) as { message?: unknown }).message;
  const words = typeof said === "string" ? ` (${withoutSecrets(said)})` : "";
  const ours = status >= 400 && status < 500 && status !== 429;
  return new ServiceFailure("yandex", `getting an IAM token from ${endpoint}${words}`, {
    code: `HTTP ${status}`,
    lasting: ours,
    cure: ours
      ? "the OAuth token is revoked or expired, or the service account's key was deleted or does not " +
        "belong to it: get a new OAUTH_TOKEN or a new YANDEX_SERVICE_ACCOUNT_KEY_FILE"
      : "the IAM service has a problem: it is tried again by itself",
  });
}

function parseJson(body: string): object {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === "object" && value !== null ? value : {};
  } catch (error) {
    if (error instanceof SyntaxError) return {};
    throw error;
  }
}
