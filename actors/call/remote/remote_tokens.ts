// Yandex IAM tokens, by way of the service: a call isolate does not hold the credentials that buy
// them.

import { ServiceFailure } from "../../../speech/failure.ts";
import type { TokenSource } from "../../../speech/yandex/auth/iam.ts";
import type { FromCall, TokenAnswer, TokenQuestion } from "../../messages.ts";
import { Requests } from "./requests.ts";

/** Longer than the service itself waits for IAM: by then it has sent a token or a failure. */
const ANSWER_TIMEOUT_MS = 7_000;

/** Asks the service for tokens. */
export class RemoteTokens implements TokenSource {
  readonly #send: (message: FromCall) => void;
  readonly #timeoutMs: number;
  readonly #requests = new Requests<TokenAnswer>();

  constructor(send: (message: FromCall) => void, timeoutMs: number = ANSWER_TIMEOUT_MS) {
    this.#send = send;
    this.#timeoutMs = timeoutMs;
  }

  async token(): Promise<string> {
    const answer = await this.#ask({ what: "token" });
    if (answer.what === "failed") throw ServiceFailure.from(answer.failure);
    if (answer.what !== "token") throw new Error(`asked for a token, got ${answer.what}`);
    return answer.token;
  }

  async refused(token: string): Promise<boolean> {
    const answer = await this.#ask({ what: "refused", token });
    return answer.what === "again" && answer.again;
  }

  /** The service has answered question `seq`. */
  answered(seq: number, answer: TokenAnswer): void {
    this.#requests.answered(seq, answer);
  }

  #ask(question: TokenQuestion): Promise<TokenAnswer> {
    return this.#requests.ask(
      (seq) => this.#send({ kind: "token", seq, question }),
      this.#timeoutMs,
      () => unanswered(this.#timeoutMs),
    );
  }
}

function unanswered(ms: number): ServiceFailure {
  return new ServiceFailure("yandex", "asking the service for an IAM token", {
    code: "SILENT",
    cure: `no answer came in ${ms} ms: the service's thread is held up, see its log lines`,
  });
}
