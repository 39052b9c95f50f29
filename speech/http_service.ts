// What HTTP speech services have in common: their failures, and audio read from a response.

import type { Pcm } from "../media/frame.ts";
import { type FailureFacts, ServiceFailure, type ServiceName, withoutSecrets } from "./failure.ts";
import { PcmBytes } from "../media/codec/pcm_bytes.ts";

/** How a service's requests are described when they fail. */
export interface HttpService {
  readonly name: ServiceName;
  /** For example "OpenAI speech at https://…". */
  readonly does: string;
  /** The setting with the key. */
  readonly key: string;
  /** The settings that shape a request. */
  readonly shapedBy: string;
}

/** The failure that an HTTP status stands for; `said` is the service's own message. */
export function statusFailure(service: HttpService, status: number, said: string): ServiceFailure {
  const words = said ? ` (${withoutSecrets(said)})` : "";
  return new ServiceFailure(service.name, `${service.does}${words}`, {
    code: `HTTP ${status}`,
    ...factsOf(status, service),
  });
}

/** The failure of a connection that could not be made, or broke. */
export function connectionFailure(service: HttpService, error: unknown): ServiceFailure {
  return new ServiceFailure(service.name, service.does, {
    code: "UNAVAILABLE",
    again: true,
    lasting: false,
    cure: "check the network and the address in the settings",
  }, { cause: error });
}

export function emptyAnswer(service: HttpService): ServiceFailure {
  return new ServiceFailure(service.name, service.does, {
    code: "EMPTY",
    again: false,
    lasting: false,
    cure: "the service answered without any audio",
  });
}

/**
 * The samples of a raw PCM body, as they come. Cancels the body when abandoned.
 *
 * @throws {ServiceFailure} when it breaks off.
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
    // A body that broke refuses to be cancelled as well: there is nothing left to stop.
    await reader.cancel().catch((error) => error);
  }
}

function factsOf(status: number, { key, shapedBy }: HttpService): Omit<FailureFacts, "code"> {
  const fact = (cure: string, again = false, lasting = false) => ({ cure, again, lasting });
  if (status === 401) return fact(`check ${key}: it is wrong, revoked or expired`, false, true);
  if (status === 403) return fact(`${key} has no right to this service`, false, true);
  if (status === 404) return fact(`check the address and ${shapedBy}`, false, true);
  if (status === 429) return fact("the quota or the balance is used up: wait, or have it raised");
  if (status >= 400 && status < 500) return fact(`check ${shapedBy}`);
  return fact("the service has a problem: it is tried again by itself", true);
}
