// What HTTP speech services share: their failures, and reading audio from a response.

import type { Pcm } from "../media/frame.ts";
import { type FailureFacts, ServiceFailure, type ServiceName, withoutSecrets } from "./failure.ts";
import { PcmBytes } from "../media/codec/pcm_bytes.ts";

/** How an error describes a request to the service. */
export interface HttpService {
  readonly name: ServiceName;
  /** For example "OpenAI speech at https://…". */
  readonly does: string;
  /** The setting that holds the key. */
  readonly key: string;
  /** The settings that shape a request. */
  readonly shapedBy: string;
}

/** The failure that an HTTP status means; `said` is the service's own message. */
export function statusFailure(service: HttpService, status: number, said: string): ServiceFailure {
  const words = said ? ` (${withoutSecrets(said)})` : "";
  return new ServiceFailure(service.name, `${service.does}${words}`, {
    code: `HTTP ${status}`,
    ...meaningOf(status, service),
  });
}

/** The failure to connect, or of a connection that broke. */
export function connectionFailure(service: HttpService, error: unknown): ServiceFailure {
  return new ServiceFailure(service.name, service.does, {
    code: "UNAVAILABLE",
    retryable: true,
    cure: "check the network and the address in the settings",
  }, { cause: error });
}

/** The failure of an answer without audio. */
export function emptyAnswer(service: HttpService): ServiceFailure {
  return new ServiceFailure(service.name, service.does, {
    code: "EMPTY",
    cure: "the service answered without any audio",
  });
}

/**
 * The samples of a raw PCM body as they arrive. Cancels the body when abandoned.
 *
 * @throws {ServiceFailure} when the body breaks off.
 */
export async function* pcmOf(
  body: ReadableStream<Uint8Array>,
  service: HttpService,
): AsyncGenerator<Pcm, void, undefined> {
  const bytes = new PcmBytes();
  const reader = body.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      const pcm = bytes.push(value);
      if (pcm.length > 0) yield pcm;
    }
  } catch (error) {
    throw connectionFailure(service, error);
  } finally {
    // Cancelling a broken body fails too: there is nothing left to stop.
    await reader.cancel().catch((error) => error);
  }
}

function meaningOf(status: number, { key, shapedBy }: HttpService): Omit<FailureFacts, "code"> {
  if (status === 401) {
    return { cure: `check ${key}: it is wrong, revoked or expired`, lasting: true };
  }
  if (status === 403) return { cure: `${key} has no right to this service`, lasting: true };
  if (status === 404) return { cure: `check the address and ${shapedBy}`, lasting: true };
  if (status === 429) {
    return { cure: "the quota or the balance is used up: wait, or have it raised" };
  }
  if (status >= 400 && status < 500) return { cure: `check ${shapedBy}` };
  return { cure: "the service has a problem: it is tried again by itself", retryable: true };
}
