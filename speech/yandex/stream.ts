// One gRPC stream of SpeechKit, from before it has a connection to its end.

import * as grpc from "@grpc/grpc-js";
import { failureOf, type ServiceFailure } from "../failure.ts";

/** What comes back on a stream. Nothing is called after `onEnd`, nor after `cancel`. */
export interface StreamHandlers<Response> {
  onMessage(message: Response): void;
  /** The stream has ended: in order, unless there is a failure. */
  onEnd(failure?: ServiceFailure): void;
}

/** The sending side of a stream. */
export interface RequestStream<Request> {
  write(message: Request): void;
  /** Nothing more will be written: the service answers what it has received and ends the stream. */
  end(): void;
  /** Stops the stream, at the service too. */
  cancel(): void;
}

type Call<Request, Response> = grpc.ClientDuplexStream<Request, Response>;

/** A stream that accepts messages immediately and sends them once it has a call of the library. */
export class YandexStream<Request, Response> implements RequestStream<Request> {
  readonly #handlers: StreamHandlers<Response>;
  readonly #onOver: () => void;
  /** What to do with the call once there is one. */
  #waiting: ((call: Call<Request, Response>) => void)[] = [];
  #call: Call<Request, Response> | undefined;
  #read = false;
  #ok = false;
  #over = false;

  /** `onOver`: it has ended or been cancelled. */
  constructor(handlers: StreamHandlers<Response>, onOver: () => void) {
    this.#handlers = handlers;
    this.#onOver = onOver;
  }

  get over(): boolean {
    return this.#over;
  }

  /** Sends and receives through `call` from now on. `explain` says what an error of it means. */
  attach(
    call: Call<Request, Response>,
    explain: (error: grpc.ServiceError) => Promise<ServiceFailure>,
  ): void {
    this.#call = call;
    call.on("data", (message: Response) => {
      if (!this.#over) this.#handlers.onMessage(message);
    });
    // The library ends the messages before it reports a failure: only "end" and an OK status
    // together are a good end.
    call.on("end", () => {
      this.#read = true;
      this.#finishIfGood();
    });
    call.on("status", ({ code }) => {
      this.#ok = code === grpc.status.OK;
      this.#finishIfGood();
    });
    call.on("error", (error: grpc.ServiceError) => {
      if (this.#over) return;
      explain(error).then(
        (failure) => this.finish(failure),
        (unexplained) => this.finish(failureOf(unexplained, "yandex")),
      );
    });
    for (const action of this.#waiting) action(call);
    this.#waiting = [];
  }

  write(message: Request): void {
    this.#act((call) => void call.write(message));
  }

  end(): void {
    this.#act((call) => call.end());
  }

  cancel(): void {
    this.#leave();
    this.#call?.cancel();
  }

  /** Stops the stream from our side; its handlers get the failure. */
  abandon(failure: ServiceFailure): void {
    this.#call?.cancel();
    this.finish(failure);
  }

  /** The stream has ended. */
  finish(failure?: ServiceFailure): void {
    if (this.#over) return;
    this.#leave();
    this.#handlers.onEnd(failure);
  }

  #finishIfGood(): void {
    if (this.#read && this.#ok) this.finish();
  }

  #act(action: (call: Call<Request, Response>) => void): void {
    if (this.#over) return;
    if (this.#call) action(this.#call);
    else this.#waiting.push(action);
  }

  #leave(): void {
    this.#over = true;
    this.#onOver();
  }
}
