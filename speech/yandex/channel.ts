// The gRPC side of SpeechKit: a channel to one of its services, streams on it, and what its status
// codes mean (source: SpeechKit documentation, "Response status codes").

import { fileURLToPath } from "node:url";
import * as grpc from "@grpc/grpc-js";
import * as protoLoader from "@grpc/proto-loader";
import { type FailureFacts, failureOf, ServiceFailure, withoutSecrets } from "../failure.ts";
import type { Credentials, Proof } from "./auth/credentials.ts";
import { connectByRuntime } from "../../runtime/grpc_connect.ts";

connectByRuntime();

/** How a channel behaves; times in milliseconds. */
const CHANNEL_OPTIONS = {
  // A dead connection is noticed while a stream is open; an idle one is left alone, as servers
  // hang up on clients that ping without need.
  "grpc.keepalive_time_ms": 20_000,
  "grpc.keepalive_timeout_ms": 5_000,
  "grpc.keepalive_permit_without_calls": 0,
  // A service that comes back is found within seconds, not after the library's two minutes.
  "grpc.initial_reconnect_backoff_ms": 200,
  "grpc.max_reconnect_backoff_ms": 3_000,
  // A connection of its own, so that what happens to one channel is no other's trouble.
  "grpc.use_local_subchannel_pool": 1,
} as const satisfies grpc.ChannelOptions;

const SERVICES = {
  stt: { file: "stt_v3.proto", name: "speechkit.stt.v3.Recognizer", does: "recognition" },
  tts: { file: "tts_v3.proto", name: "speechkit.tts.v3.Synthesizer", does: "synthesis" },
} as const;

/** The methods of a service as its .proto defines them; also what a test server implements. */
export function serviceDefinition(service: keyof typeof SERVICES): grpc.ServiceDefinition {
  const { file, name } = SERVICES[service];
  const path = fileURLToPath(new URL(`../../proto/yandex/${file}`, import.meta.url));
  const definitions = protoLoader.loadSync(path, {
    keepCase: true,
    longs: Number,
    enums: String,
    oneofs: true,
  });
  return definitions[name] as grpc.ServiceDefinition;
}

/** Where a channel leads and as whom. */
export interface ChannelTarget {
  readonly service: keyof typeof SERVICES;
  /** `host:port` (TLS), or `http://host:port` for one without. */
  readonly endpoint: string;
  /** PEM file to trust instead of the usual certificates; empty for those. */
  readonly caFile: string;
  readonly credentials: Credentials;
}

/** What comes back on a stream. Nothing is called after `onEnd`, nor after `cancel`. */
export interface StreamHandlers<Response> {
  onMessage(message: Response): void;
  /** The stream is over, in order when there is no failure. */
  onEnd(failure?: ServiceFailure): void;
}

/** The sending side of a stream. */
export interface RequestStream<Request> {
  write(message: Request): void;
  /** Nothing more will be written: the service answers what it has and ends. */
  end(): void;
  /** Stops it, at the service too. */
  cancel(): void;
}

/**
 * A channel to one SpeechKit service; it connects when first used or warmed, and reconnects by
 * itself. Disposing it ends its streams, at the service too.
 */
export class YandexChannel implements Disposable {
  readonly #target: ChannelTarget;
  readonly #client: grpc.Client;
  readonly #methods: grpc.ServiceDefinition;
  /** Ends of the streams that are open. */
  readonly #open = new Set<(failure: ServiceFailure) => void>();
  #closed = false;

  constructor(target: ChannelTarget) {
    this.#target = target;
    this.#methods = serviceDefinition(target.service);
    const { address, tls } = parseEndpoint(target.endpoint);
    const certificates = target.caFile ? Buffer.from(Deno.readFileSync(target.caFile)) : null;
    this.#client = new grpc.Client(
      address,
      tls ? grpc.credentials.createSsl(certificates) : grpc.credentials.createInsecure(),
      CHANNEL_OPTIONS,
    );
  }

  /** Connects and gets a token ahead of need; resolves when both are there, or after `timeoutMs`. */
  async warm(timeoutMs: number): Promise<void> {
    const connected = Promise.withResolvers<void>();
    this.#client.waitForReady(Date.now() + timeoutMs, (error) => {
      if (error) connected.reject(this.#failure(grpc.status.UNAVAILABLE, error.message));
      else connected.resolve();
    });
    await Promise.all([connected.promise, this.#target.credentials.proof()]);
  }

  /**
   * Opens a stream. What is written before the service can be reached waits. `deadlineMs` is the
   * longest the whole stream may take; none for `undefined`.
   */
  open<Request, Response>(
    method: string,
    handlers: StreamHandlers<Response>,
    deadlineMs?: number,
  ): RequestStream<Request> {
    const definition = this.#methods[method]!;
    let call: grpc.ClientDuplexStream<Request, Response> | undefined;
    let over = false;
    const waiting: ((call: grpc.ClientDuplexStream<Request, Response>) => void)[] = [];
    const act = (action: (typeof waiting)[number]) => {
      if (over) return;
      if (call) action(call);
      else waiting.push(action);
    };
    const leave = () => {
      over = true;
      this.#open.delete(abandon);
    };
    const finish = (failure?: ServiceFailure) => {
      if (over) return;
      leave();
      handlers.onEnd(failure);
    };
    const abandon = (failure: ServiceFailure) => {
      call?.cancel();
      finish(failure);
    };
    this.#open.add(abandon);
    this.#target.credentials.proof().then((proof) => {
      if (over) return;
      if (this.#closed) throw this.#closedFailure();
      const requestId = crypto.randomUUID();
      call = this.#client.makeBidiStreamRequest<Request, Response>(
        definition.path,
        definition.requestSerialize,
        definition.responseDeserialize,
        metadata(proof, requestId),
        deadlineMs === undefined ? {} : { deadline: Date.now() + deadlineMs },
      );
      call.on("data", (message: Response) => {
        if (!over) handlers.onMessage(message);
      });
      // The library ends the messages before it tells a failure: only both together are a good end.
      let [read, good] = [false, false];
      const finishIfGood = () => {
        if (read && good) finish();
      };
      call.on("end", () => {
        read = true;
        finishIfGood();
      });
      call.on("status", ({ code }) => {
        good = code === grpc.status.OK;
        finishIfGood();
      });
      call.on("error", (error: grpc.ServiceError) => {
        if (over) return;
        this.#explain(error, proof, requestId)
          .then(finish, (unexplained) => finish(failureOf(unexplained, "yandex")));
      });
      for (const action of waiting) action(call);
    }).catch((error) => finish(failureOf(error, "yandex")));
    return {
      write: (message) => act((open) => void open.write(message)),
      end: () => act((open) => open.end()),
      cancel: () => {
        leave();
        call?.cancel();
      },
    };
  }

  [Symbol.dispose](): void {
    this.#closed = true;
    // Closing the library's client would let them run on.
    for (const abandon of this.#open) abandon(this.#closedFailure());
    this.#client.close();
  }

  #closedFailure(): ServiceFailure {
    return new ServiceFailure("yandex", `Yandex ${SERVICES[this.#target.service].does}`, {
      code: "CLOSED",
      again: false,
      lasting: false,
      cure: "the call has ended and closed its channel",
    });
  }

  async #explain(
    error: grpc.ServiceError,
    proof: Proof,
    requestId: string,
  ): Promise<ServiceFailure> {
    const again = error.code === grpc.status.UNAUTHENTICATED &&
      await this.#target.credentials.refused(proof);
    return this.#failure(error.code, error.details, again, requestId);
  }

  #failure(
    code: grpc.status,
    details: string,
    newToken = false,
    requestId?: string,
  ): ServiceFailure {
    const { service, endpoint, credentials } = this.#target;
    const facts = factsOf(code, credentials.kind);
    const words = details ? ` (${withoutSecrets(details)})` : "";
    const request = requestId ? `, request ${requestId}` : "";
    return new ServiceFailure(
      "yandex",
      `Yandex ${SERVICES[service].does} at ${endpoint}${request}${words}`,
      newToken ? { ...facts, again: true, lasting: false } : facts,
    );
  }
}

function metadata(proof: Proof, requestId: string): grpc.Metadata {
  const headers = new grpc.Metadata();
  headers.set("authorization", proof.authorization);
  if (proof.folderId) headers.set("x-folder-id", proof.folderId);
  // What Yandex's support asks for; source: "Troubleshooting in SpeechKit".
  headers.set("x-client-request-id", requestId);
  return headers;
}

function parseEndpoint(endpoint: string): { address: string; tls: boolean } {
  const tls = !endpoint.startsWith("http://");
  const host = endpoint.replace(/^https?:\/\//, "").replace(/\/.*$/, "");
  return { address: /:\d+$/.test(host) ? host : `${host}:${tls ? 443 : 80}`, tls };
}

const KEY_TO_CHECK = {
  "api-key": "YANDEX_API_KEY",
  "service-account": "YANDEX_SERVICE_ACCOUNT_KEY_FILE",
  "user": "OAUTH_TOKEN",
} as const satisfies Record<Credentials["kind"], string>;

/** What a gRPC status of SpeechKit means for us; also used for the HTTP status that stands for it. */
export function factsOf(code: grpc.status, kind: Credentials["kind"]): FailureFacts {
  const name = grpc.status[code] ?? `status ${code}`;
  const key = KEY_TO_CHECK[kind];
  const fact = (cure: string, again = false, lasting = false) => ({
    code: name,
    again,
    lasting,
    cure,
  });
  switch (code) {
    case grpc.status.UNAUTHENTICATED:
      return fact(`check ${key}: it is wrong, revoked or expired`, false, true);
    case grpc.status.PERMISSION_DENIED:
      return fact(
        kind === "user"
          ? "check YANDEX_FOLDER_ID and that the user may use SpeechKit in that folder"
          : `give the service account of ${key} the role ai.speechkit-stt.user or ai.speechkit-tts.user`,
        false,
        true,
      );
    case grpc.status.INVALID_ARGUMENT:
      return fact("check the YANDEX_STT_… and YANDEX_TTS_… settings: voice, role, speed, model");
    case grpc.status.RESOURCE_EXHAUSTED:
      return fact("the quota is used up: wait, or have it raised by Yandex's support");
    case grpc.status.UNIMPLEMENTED:
      return fact("the address answers, but is not this service: check the endpoint's setting");
    case grpc.status.DEADLINE_EXCEEDED:
      return fact("the service or the network is slow");
    case grpc.status.UNAVAILABLE:
      return fact("check the network and the endpoint's setting", true);
    // A stream that the service itself breaks off ends with one of these.
    case grpc.status.ABORTED:
    case grpc.status.CANCELLED:
    case grpc.status.INTERNAL:
    case grpc.status.UNKNOWN:
      return fact("the service broke the request off", true);
    default:
      return fact("see the SpeechKit documentation on status codes");
  }
}
