// A scripted OpenAI-compatible server for tests and benchmarks: chat completions, streamed at a set pace or
// whole, with every failure of a provider, and embeddings.

import { pause } from "../../../runtime/waiting.ts";

/** The server's answer to one request. */
export interface ScriptedAnswer {
  readonly text?: string;
  readonly tools?: readonly { readonly name: string; readonly arguments: unknown }[];
  /** Pause before the first token, in milliseconds. */
  readonly firstTokenMs?: number;
  /** 0 sends everything in one go. A token is about four characters. */
  readonly tokensPerSecond?: number;
  /** The body of the answer, streamed or not, whatever it may be; nothing else is sent. */
  readonly raw?: string;
  /** What the answer says of its cost; a count of tokens by default. */
  readonly usage?: unknown;
  /** An error instead of an answer. */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /**
   * `silent` never starts; `stall` stops after the text and never ends; `cut` breaks the connection after
   * the text; `truncated` ends the stream there in order; `malformed` sends a broken event after the text;
   * `ignores_streaming` answers whole; `empty` ends without content.
   */
  readonly fault?:
    | "silent"
    | "stall"
    | "cut"
    | "truncated"
    | "malformed"
    | "ignores_streaming"
    | "empty";
}

/** A chat request as the server received it. */
export interface SeenRequest {
  readonly model: string;
  readonly stream: boolean;
  readonly messages: readonly { readonly role: string; readonly content: string }[];
  readonly tools?: readonly {
    readonly function: { readonly name: string; readonly parameters: unknown };
  }[];
  readonly temperature?: number;
}

/** What to answer and how to embed. */
export interface ServerScript {
  answer?(request: SeenRequest, index: number): ScriptedAnswer;
  embed?(text: string): readonly number[];
  /** Answer embedding requests with this HTTP status. */
  readonly embeddingStatus?: number;
  /** Answers what is asked for at any other path; 404 by default. */
  other?(request: Request): Response | Promise<Response>;
}

/** The moments of a stream, by `performance.now()`. */
export interface StreamTimes {
  /** The request had arrived. */
  readonly receivedAt: number;
  readonly sent: readonly { readonly text: string; readonly at: number }[];
}

/** A running server; disposing of it stops it. */
export interface OpenAiServer extends AsyncDisposable {
  /** The value for OPENAI_BASE_URL. */
  readonly url: string;
  /** Chat requests so far, oldest first. */
  readonly requests: readonly SeenRequest[];
  /** Texts embedded so far. */
  readonly embedded: readonly string[];
  /** The last stream, by `performance.now()`. */
  readonly lastStream: StreamTimes;
  /** Resolves once a client has closed a stream before its end. */
  readonly cancelled: Promise<void>;
}

/** Starts a server on a free loopback port. */
export function startOpenAiServer(script: ServerScript): OpenAiServer {
  const requests: SeenRequest[] = [];
  const embedded: string[] = [];
  const cancelled = Promise.withResolvers<void>();
  const stopped = new AbortController();
  let lastStream: StreamTimes = { receivedAt: 0, sent: [] };

  async function chat(request: Request): Promise<Response> {
    const seen = await request.json() as SeenRequest;
    requests.push(seen);
    const answer = script.answer?.(seen, requests.length - 1) ?? { text: "Yes. |" };
    if (answer.status) return failure(answer);
    if (answer.raw !== undefined) {
      return new Response(answer.raw, {
        headers: { "content-type": seen.stream ? "text/event-stream" : "application/json" },
      });
    }
    if (answer.fault === "silent") await pause(2 ** 30, stopped.signal);
    if (!seen.stream || answer.fault === "ignores_streaming") {
      await pause(answer.firstTokenMs ?? 0, stopped.signal);
      return Response.json(completion(seen.model, answer));
    }
    return streamed(seen.model, answer);
  }

  function streamed(model: string, answer: ScriptedAnswer): Response {
    const closed = new AbortController();
    const signal = AbortSignal.any([closed.signal, stopped.signal]);
    const encoder = new TextEncoder();
    const sent: { text: string; at: number }[] = [];
    lastStream = { receivedAt: performance.now(), sent };
    const stream = new ReadableStream<Uint8Array>({
      async start(controller) {
        try {
          for await (const event of events(model, answer, signal, sent)) {
            if (signal.aborted) return;
            controller.enqueue(encoder.encode(event));
          }
          if (answer.fault === "cut") controller.error(new Error("cut"));
          else if (!signal.aborted) controller.close();
        } catch (error) {
          if (!signal.aborted) throw error;
        }
      },
      cancel() {
        closed.abort();
        cancelled.resolve();
      },
    });
    return new Response(stream, { headers: { "content-type": "text/event-stream" } });
  }

  async function embeddings(request: Request): Promise<Response> {
    if (script.embeddingStatus) return failure({ status: script.embeddingStatus });
    const { input } = await request.json() as { input: string | string[] };
    const texts = typeof input === "string" ? [input] : input;
    embedded.push(...texts);
    const data = texts.map((text, index) => ({
      object: "embedding",
      index,
      embedding: script.embed?.(text) ?? [],
    }));
    return Response.json({
      object: "list",
      data,
      model: "test",
      usage: { prompt_tokens: 1, total_tokens: 1 },
    });
  }

  const server = Deno.serve({
    port: 0,
    hostname: "127.0.0.1",
    onListen: () => {},
    onError: () => new Response(null, { status: 500 }),
  }, (request) => {
    const { pathname } = new URL(request.url);
    if (pathname.endsWith("/chat/completions")) return chat(request);
    if (pathname.endsWith("/embeddings")) return embeddings(request);
    return script.other?.(request) ?? new Response("not found", { status: 404 });
  });
  return {
    url: `http://127.0.0.1:${server.addr.port}/v1`,
    requests,
    embedded,
    cancelled: cancelled.promise,
    get lastStream() {
      return lastStream;
    },
    async [Symbol.asyncDispose]() {
      stopped.abort();
      await server.shutdown();
    },
  };
}

async function* events(
  model: string,
  { text = "", tools = [], firstTokenMs = 0, tokensPerSecond = 0, fault, usage }: ScriptedAnswer,
  signal: AbortSignal,
  sent: { text: string; at: number }[],
): AsyncGenerator<string> {
  const event = (delta: unknown, finish: string | null = null) =>
    `data: ${
      JSON.stringify({
        id: "chatcmpl-test",
        object: "chat.completion.chunk",
        model,
        choices: [{ index: 0, delta, finish_reason: finish }],
      })
    }\n\n`;
  const start = performance.now();
  await pause(firstTokenMs, signal);
  yield event({ role: "assistant", content: "" });
  const tokens = fault === "empty" ? [] : text.match(/[^]{1,4}/g) ?? [];
  for (const [i, token] of tokens.entries()) {
    if (tokensPerSecond > 0) {
      await pause(start + firstTokenMs + i * 1000 / tokensPerSecond - performance.now(), signal);
    }
    sent.push({ text: token, at: performance.now() });
    yield event({ content: token });
  }
  if (fault === "stall") await pause(2 ** 30, signal);
  if (fault === "malformed") yield "data: {not json\n\n";
  if (fault === "cut" || fault === "truncated") return;
  for (const [index, tool] of tools.entries()) {
    const json = typeof tool.arguments === "string"
      ? tool.arguments
      : JSON.stringify(tool.arguments);
    const half = Math.ceil(json.length / 2);
    const id = `call_${index}`;
    yield event({
      tool_calls: [{
        index,
        id,
        type: "function",
        function: { name: tool.name, arguments: json.slice(0, half) },
      }],
    });
    yield event({ tool_calls: [{ index, function: { arguments: json.slice(half) } }] });
  }
  yield event({}, tools.length > 0 ? "tool_calls" : "stop");
  const cost = usage ?? {
    prompt_tokens: 10,
    completion_tokens: tokens.length,
    total_tokens: 10 + tokens.length,
  };
  yield `data: ${
    JSON.stringify({ object: "chat.completion.chunk", model, choices: [], usage: cost })
  }\n\n`;
  yield "data: [DONE]\n\n";
}

function completion(model: string, { text, tools = [], usage }: ScriptedAnswer) {
  const tool_calls = tools.map((tool, i) => ({
    id: `call_${i}`,
    type: "function",
    function: {
      name: tool.name,
      arguments: typeof tool.arguments === "string"
        ? tool.arguments
        : JSON.stringify(tool.arguments),
    },
  }));
  return {
    id: "chatcmpl-test",
    object: "chat.completion",
    model,
    choices: [{
      index: 0,
      message: {
        role: "assistant",
        content: text ?? null,
        ...(tools.length > 0 && { tool_calls }),
      },
      finish_reason: tools.length > 0 ? "tool_calls" : "stop",
    }],
    usage: usage ?? { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 },
  };
}

function failure({ status, headers, text }: ScriptedAnswer): Response {
  const error = {
    message: text ?? `scripted error ${status}`,
    type: "test",
    code: null,
    param: null,
  };
  return Response.json({ error }, { status: status!, headers: headers ?? {} });
}
