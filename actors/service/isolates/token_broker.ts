// The one place where Yandex IAM tokens come from: call isolates ask here, so that a hundred calls
// cost one exchange with IAM, and what earns tokens (the OAuth token, the service account's key)
// is in no isolate that a caller's words reach.

import { logger } from "../../../config/logging.ts";
import type { Settings } from "../../../config/settings.ts";
import { failureOf, ServiceFailure } from "../../../speech/failure.ts";
import { iamTokens } from "../../../speech/yandex/auth/credentials.ts";
import type { TokenSource } from "../../../speech/yandex/auth/iam.ts";
import type { TokenAnswer, TokenQuestion } from "../../messages.ts";

const log = logger("tokens");

/** Answers the isolates' questions about tokens. */
export class TokenBroker {
  readonly #tokens: TokenSource | undefined;
  /** What IAM refused us for; said once, until it gives a token again. */
  #refused?: string;

  /** `tokens` undefined: nothing is configured that needs any. */
  constructor(tokens: TokenSource | undefined) {
    this.#tokens = tokens;
  }

  /** @throws {KeyFileError} when the service account's key file cannot be used. */
  static of(settings: Settings): TokenBroker {
    return new TokenBroker(iamTokens(settings));
  }

  async answer(question: TokenQuestion): Promise<TokenAnswer> {
    try {
      if (!this.#tokens) throw notConfigured();
      if (question.what === "refused") {
        return { what: "again", again: await this.#tokens.refused(question.token) };
      }
      const token = await this.#tokens.token();
      this.#refused = undefined;
      return { what: "token", token };
    } catch (error) {
      const failure = failureOf(error, "yandex");
      this.#tell(failure);
      return { what: "failed", failure: failure.report };
    }
  }

  /** A hundred calls that wait for the same token are one line. */
  #tell(failure: ServiceFailure): void {
    if (this.#refused === failure.message) return;
    this.#refused = failure.message;
    log.error("no IAM token: Yandex speech cannot be used", { code: failure.code, error: failure });
  }
}

function notConfigured(): ServiceFailure {
  return new ServiceFailure("yandex", "getting an IAM token", {
    code: "NOT_CONFIGURED",
    lasting: true,
    cure: "set YANDEX_API_KEY, YANDEX_SERVICE_ACCOUNT_KEY_FILE or OAUTH_TOKEN",
  });
}
