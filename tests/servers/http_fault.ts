// The faults of a test service over HTTP.

import { type Fault, HTTP_STATUS } from "./faults.ts";

/** A body in pieces that breaks or stalls where the fault says. */
export function faultyBody(
  pieces: readonly Uint8Array<ArrayBuffer>[],
  fault: Fault | undefined,
  paceMs = 0,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  let sent = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  return new ReadableStream({
    async pull(controller) {
      if (fault?.kind === "stall" && sent >= fault.after) return new Promise<void>(() => {});
      if (fault?.kind === "cut" && sent >= fault.after) {
        return controller.error(new DOMException("cut by the test", "AbortError"));
      }
      if (sent >= pieces.length) return controller.close();
      const waitMs = sent === 0 && fault?.kind === "slow" ? fault.ms : paceMs;
      if (waitMs > 0) await new Promise((resolve) => timer = setTimeout(resolve, waitMs));
      controller.enqueue(pieces[sent++]!);
    },
    cancel: () => clearTimeout(timer),
  });
}

/** The refusal that a fault asks for, in the form of Yandex's REST APIs. */
export function refusal(fault: Fault | undefined): Response | undefined {
  if (fault?.kind !== "refuse") return undefined;
  return Response.json(
    { code: fault.code, message: fault.details ?? "refused" },
    { status: HTTP_STATUS[fault.code] },
  );
}
