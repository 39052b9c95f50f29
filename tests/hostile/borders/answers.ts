// A server that answers HTTP requests with whatever the present input makes of its sample.

import type { Mutator } from "../mutator.ts";

/** A hostile HTTP server on loopback. */
export class HostileServer implements AsyncDisposable {
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  #mutator: Mutator | undefined;
  #seen: string[] = [];

  /** @param samples valid answers to a request. */
  constructor(samples: (request: Request) => Sample | Promise<Sample>) {
    this.#server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen: () => {}, onError: () => refused() },
      async (request) => {
        const mutator = this.#mutator;
        if (!mutator) return refused();
        const { text, response } = hostileAnswer(mutator, await samples(request));
        this.#seen.push(text);
        return response;
      },
    );
  }

  get url(): string {
    return `http://127.0.0.1:${this.#server.addr.port}`;
  }

  /** Answers from now on as `mutator` says. */
  use(mutator: Mutator): void {
    this.#mutator = mutator;
    this.#seen = [];
  }

  /** The answers given since `use`. */
  get seen(): string {
    return this.#seen.join("\n");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }
}

/** A valid answer: JSON, the events of a stream, or bytes. */
export type Sample =
  | { readonly json: unknown }
  | { readonly events: readonly unknown[] }
  | { readonly bytes: Uint8Array };

const STATUSES = [
  200,
  200,
  200,
  200,
  200,
  200,
  201,
  400,
  401,
  403,
  404,
  409,
  418,
  429,
  500,
  503,
  599,
];
const RETRY_AFTER = ["0", "-1", "1e99", "NaN", "soon", "Fri, 99 Foo 9999 99:99:99 GMT"];

/** A hostile answer, and how it reads. */
export function hostileAnswer(
  mutator: Mutator,
  sample: Sample,
): { text: string; response: Response } {
  const status = mutator.random.pick(STATUSES);
  const headers: Record<string, string> = {
    "content-type": "events" in sample ? "text/event-stream" : "application/json",
  };
  if (mutator.chance(0.1)) headers["content-type"] = "text/html";
  // A short rest: the run need not wait for it.
  if (status >= 400) headers["retry-after"] = mutator.random.pick(RETRY_AFTER);
  const body = status >= 400 && mutator.chance(0.8)
    ? mutator.json({
      error: { message: String(mutator.odd()), type: "server_error", code: null, param: null },
    })
    : bodyOf(mutator, sample);
  const text = typeof body === "string" ? body : body.subarray(0, 200).toHex();
  const response = new Response(body, { status, headers });
  return { text: `${status} ${text}`, response };
}

function bodyOf(mutator: Mutator, sample: Sample): string | Uint8Array<ArrayBuffer> {
  if ("bytes" in sample) return mutator.bytes(sample.bytes);
  if ("json" in sample) return mutator.json(sample.json);
  // Most of a stream stays whole, so that the harm comes in the middle of it.
  const lines = sample.events.map((event) =>
    `data: ${mutator.chance(0.3) ? mutator.json(event) : JSON.stringify(event)}\n\n`
  );
  if (mutator.chance(0.1)) lines.push(...lines);
  if (mutator.chance(0.9)) lines.push("data: [DONE]\n\n");
  const text = lines.join("");
  return mutator.chance(0.1) ? mutator.text(text) : text;
}

function refused(): Response {
  return new Response(null, { status: 500 });
}
