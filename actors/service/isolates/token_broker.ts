// The one place where Yandex IAM tokens come from. Call isolates ask here, so that a hundred calls
// cost one exchange with IAM, and the credentials that earn tokens (the OAuth token, the service
// account's key) are in no isolate that a caller's words reach.

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
  /** Why IAM refused us, which is logged once until it grants a token again. */
  #refused?: string;

  /** @param tokens undefined when no setting provides credentials for any. */
  constructor(tokens: TokenSource | undefined) {
    this.#tokens = tokens;
  }

  /**
   * A broker with the credentials of these settings.
   *
   * @throws {KeyFileError} when the service account's key file cannot be used.
   */
  static of(settings: Settings): TokenBroker {
    return new TokenBroker(iamTokens(settings));
  }

  /** Answers an isolate. Never rejects: a failure is an answer, too. */
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
      this.#log(failure);
      return { what: "failed", failure: failure.report };
    }
  }

  /** One line, however many calls wait for the same token. */
  #log(failure: ServiceFailure): void {
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
