// A minimal Stasis application: it receives events and sends requests. The testbed's own tests use it, so
// that they depend on nothing of the service.

/** The part of an event that tests look at. */
export interface StasisEvent {
  readonly type: string;
  readonly digit?: string;
  readonly channel?: {
    readonly id: string;
    readonly language: string;
    readonly caller: { readonly number: string };
  };
}

/** A Stasis application that a test plays itself. */
export class StasisApp implements AsyncDisposable {
  readonly #env: Readonly<Record<string, string>>;
  readonly #socket: WebSocket;
  readonly #unread: StasisEvent[] = [];
  #arrived = Promise.withResolvers<void>();

  private constructor(env: Readonly<Record<string, string>>, socket: WebSocket) {
    this.#env = env;
    this.#socket = socket;
    socket.onmessage = ({ data }) => {
      this.#unread.push(JSON.parse(String(data)) as StasisEvent);
      this.#arrived.resolve();
      this.#arrived = Promise.withResolvers();
    };
  }

  /** Registers the application named in a PBX's `env`. */
  static async register(env: Readonly<Record<string, string>>): Promise<StasisApp> {
    const url = new URL("/ari/events", env["ARI_HTTP_URL"]!.replace("http", "ws"));
    url.searchParams.set("app", env["ARI_APP_NAME"]!);
    url.searchParams.set("api_key", `${env["ARI_USER"]}:${env["ARI_PASSWORD"]}`);
    const socket = new WebSocket(url);
    const app = new StasisApp(env, socket);
    const opened = Promise.withResolvers<void>();
    socket.onopen = () => opened.resolve();
    socket.onerror = () => opened.reject(new Error("no events from the PBX"));
    await opened.promise;
    return app;
  }

  /** The next event of a type that has not been taken yet; other events are kept. */
  async next(type: string): Promise<StasisEvent> {
    for (;;) {
      const at = this.#unread.findIndex((event) => event.type === type);
      if (at >= 0) return this.#unread.splice(at, 1)[0]!;
      await this.#arrived.promise;
    }
  }

  /** The channel of the next call. */
  async nextCall(): Promise<NonNullable<StasisEvent["channel"]>> {
    return (await this.next("StasisStart")).channel!;
  }

  /** Sends one request, e.g. `("POST", "channels/1/play?media=sound:beep")`. */
  async request(method: string, path: string): Promise<unknown> {
    const response = await ariRequest(this.#env, method, path);
    const body = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${body}`);
    return body === "" ? undefined : JSON.parse(body);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = Promise.withResolvers<void>();
    this.#socket.onclose = () => closed.resolve();
    this.#socket.close();
    await closed.promise;
  }
}

/** One request to ARI with a PBX's credentials. */
export function ariRequest(
  env: Readonly<Record<string, string>>,
  method: string,
  path: string,
): Promise<Response> {
  return fetch(`${env["ARI_HTTP_URL"]}/ari/${path}`, {
    method,
    headers: { authorization: `Basic ${btoa(`${env["ARI_USER"]}:${env["ARI_PASSWORD"]}`)}` },
  });
}
