// The last net under the service's thread: an error that no guard caught would end the process, and
// with it every call.

import { unexpected } from "../runtime/unexpected.ts";

/**
 * From now until it is disposed, errors that nothing caught and rejections that nobody awaited are
 * logged with their stack and counted (`voxbot_unexpected_errors_total`), and the process lives on.
 * In an isolate they still end the isolate: its call has a supervisor that replaces it.
 */
export class LastNet implements Disposable {
  readonly #onRejection = (event: PromiseRejectionEvent) => {
    event.preventDefault();
    unexpected("rejection", event.reason);
  };
  readonly #onError = (event: ErrorEvent) => {
    event.preventDefault();
    unexpected("uncaught", event.error ?? event.message);
  };

  constructor() {
    addEventListener("unhandledrejection", this.#onRejection);
    addEventListener("error", this.#onError);
  }

  [Symbol.dispose](): void {
    removeEventListener("unhandledrejection", this.#onRejection);
    removeEventListener("error", this.#onError);
  }
}
