// A gRPC channel to one of SpeechKit's services.

import { fileURLToPath } from "node:url";
import * as grpc from "@grpc/grpc-js";
import * as protoLoader from "@grpc/proto-loader";
import { useTcpStreams } from "../../runtime/repairs/grpc_connect.ts";
import { failureOf, ServiceFailure, withoutSecrets } from "../failure.ts";
import type { Credentials, Proof } from "./auth/credentials.ts";
import { readCaFile } from "./ca_file.ts";
import { factsOf } from "./status.ts";
import { type RequestStream, type StreamHandlers, YandexStream } from "./stream.ts";

useTcpStreams();

/** How a channel behaves; times in milliseconds. */
const CHANNEL_OPTIONS = {
  // Pings find a dead connection while a stream is open. An idle connection is left alone:
  // servers disconnect clients that ping needlessly.
  "grpc.keepalive_time_ms": 20_000,
  "grpc.keepalive_timeout_ms": 5_000,
  "grpc.keepalive_permit_without_calls": 0,
  // Finds a service that is back within seconds; the library's default is two minutes.
  "grpc.initial_reconnect_backoff_ms": 200,
  "grpc.max_reconnect_backoff_ms": 3_000,
  // A connection of its own, so that one channel's trouble does not reach another.
  "grpc.use_local_subchannel_pool": 1,
} as const satisfies grpc.ChannelOptions;

const SERVICES = {
  stt: { file: "stt_v3.proto", name: "speechkit.stt.v3.Recognizer", does: "recognition" },
  tts: { file: "tts_v3.proto", name: "speechkit.tts.v3.Synthesizer", does: "synthesis" },
} as const;

/** A service's methods as its .proto defines them. Test servers implement them too. */
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

/** Where a channel connects to, and with what credentials. */
export interface ChannelTarget {
  readonly service: keyof typeof SERVICES;
  /** `host:port` for TLS, `http://host:port` for plain text. */
  readonly endpoint: string;
  /** PEM file of certificates to trust in place of the default ones; empty: the default ones. */
  readonly caFile: string;
  readonly credentials: Credentials;
}

/**
 * A channel to one SpeechKit service. It connects when first used or warmed, and reconnects by
 * itself. Disposing it stops its streams, at the service too.
 */
export class YandexChannel implements Disposable {
  readonly #target: ChannelTarget;
  readonly #client: grpc.Client;
  readonly #methods: grpc.ServiceDefinition;
  readonly #open = new Set<{ abandon(failure: ServiceFailure): void }>();
  #closed = false;

  /** @throws {CaFileError} */
  constructor(target: ChannelTarget) {
    this.#target = target;
    this.#methods = serviceDefinition(target.service);
    const { address, tls } = parseEndpoint(target.endpoint);
    const certificates = target.caFile ? Buffer.from(readCaFile(target.caFile)) : null;
    this.#client = new grpc.Client(
      address,
      tls ? grpc.credentials.createSsl(certificates) : grpc.credentials.createInsecure(),
      CHANNEL_OPTIONS,
    );
  }

  /**
   * Connects and gets a token ahead of need. Resolves when it has both.
   *
   * @throws {ServiceFailure} when there is no connection within `timeoutMs`, or no token.
   */
  async warm(timeoutMs: number): Promise<void> {
    const connected = Promise.withResolvers<void>();
    this.#client.waitForReady(Date.now() + timeoutMs, (error) => {
      if (error) connected.reject(this.#failure(grpc.status.UNAVAILABLE, error.message));
      else connected.resolve();
    });
    await Promise.all([connected.promise, this.#target.credentials.proof()]);
  }

  /**
   * Opens a stream. What is written before the service can be reached waits. The whole stream may
   * take `deadlineMs`; without it there is no limit.
   */
  open<Request, Response>(
    method: string,
    handlers: StreamHandlers<Response>,
    deadlineMs?: number,
  ): RequestStream<Request> {
    const stream = new YandexStream<Request, Response>(handlers, () => this.#open.delete(stream));
    this.#open.add(stream);
    this.#start(stream, this.#methods[method]!, deadlineMs)
      .catch((error) => stream.finish(failureOf(error, "yandex")));
    return stream;
  }

  async #start<Request, Response>(
    stream: YandexStream<Request, Response>,
    { path, requestSerialize, responseDeserialize }: grpc.MethodDefinition<Request, Response>,
    deadlineMs?: number,
  ): Promise<void> {
    const proof = await this.#target.credentials.proof();
    if (stream.over) return;
    if (this.#closed) throw this.#closedFailure();
    const requestId = crypto.randomUUID();
    const call = this.#client.makeBidiStreamRequest(
      path,
      requestSerialize,
      responseDeserialize,
      metadata(proof, requestId),
      deadlineMs === undefined ? {} : { deadline: Date.now() + deadlineMs },
    );
    stream.attach(call, (error) => this.#explain(error, proof, requestId));
  }

  [Symbol.dispose](): void {
    this.#closed = true;
    // Closing the library's client would leave the streams running.
    for (const stream of this.#open) stream.abandon(this.#closedFailure());
    this.#client.close();
  }

  #closedFailure(): ServiceFailure {
    return new ServiceFailure("yandex", `Yandex ${SERVICES[this.#target.service].does}`, {
      code: "CLOSED",
      cure: "the call has ended and closed its channel",
    });
  }

  async #explain(
    error: grpc.ServiceError,
    proof: Proof,
    requestId: string,
  ): Promise<ServiceFailure> {
    const newToken = error.code === grpc.status.UNAUTHENTICATED &&
      await this.#target.credentials.refused(proof);
    return this.#failure(error.code, error.details, newToken, requestId);
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
      newToken ? { ...facts, retryable: true, lasting: false } : facts,
    );
  }
}

function metadata(proof: Proof, requestId: string): grpc.Metadata {
  const headers = new grpc.Metadata();
  headers.set("authorization", proof.authorization);
  if (proof.folderId) headers.set("x-folder-id", proof.folderId);
  // Yandex's support asks for it; source: "Troubleshooting in SpeechKit".
  headers.set("x-client-request-id", requestId);
  return headers;
}

function parseEndpoint(endpoint: string): { address: string; tls: boolean } {
  const tls = !endpoint.startsWith("http://");
  const host = endpoint.replace(/^https?:\/\//, "").replace(/\/.*$/, "");
  return { address: /:\d+$/.test(host) ? host : `${host}:${tls ? 443 : 80}`, tls };
}
