// Tells the service manager (systemd) that the service is up, lives and ends: sd_notify(3). Datagrams
// on a Unix socket need `"unstable": ["net"]` in deno.json, and permissions: cli/permissions.ts.

import { rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { type NotifySocket, notifySocketFromEnvironment } from "../../config/environment.ts";
import { logger } from "../../config/logging.ts";

/** Where our end of the conversation lies; Deno cannot send a datagram without one. */
export function ownSocket(dataDir: string): string {
  return join(resolve(dataDir), "notify.sock");
}

/**
 * What the service says to its manager. Without a manager, all of it does nothing. A manager that
 * cannot be reached is one warning, and the service goes on.
 */
export class ServiceManager implements Disposable {
  readonly #told: NotifySocket | undefined;
  readonly #own: string;
  #connection: Deno.DatagramConn | undefined;
  #watchdog: ReturnType<typeof setInterval> | undefined;

  /** @param dataDir exists. */
  constructor(dataDir: string, told: NotifySocket | undefined = notifySocketFromEnvironment()) {
    this.#own = ownSocket(dataDir);
    this.#told = told;
  }

  /**
   * The service takes calls. From now on the watchdog is fed by a timer of this thread: once the
   * thread hangs, nothing feeds it, and the manager ends the process and starts it again.
   */
  async ready(): Promise<void> {
    if (!this.#told) return;
    try {
      rmSync(this.#own, { force: true }); // Of a run that was killed.
      this.#connection = Deno.listenDatagram({ transport: "unixpacket", path: this.#own });
    } catch (error) {
      complain(this.#told.path, error);
      return;
    }
    await this.#say("READY=1");
    const { watchdogMs } = this.#told;
    if (watchdogMs === undefined || this.#connection === undefined) return;
    // Half the time is what sd_watchdog_enabled(3) advises; a third survives one that is lost.
    this.#watchdog = setInterval(() => void this.#say("WATCHDOG=1"), watchdogMs / 3);
  }

  /** The service drains. The watchdog is fed until the end. */
  async stopping(): Promise<void> {
    await this.#say("STOPPING=1");
  }

  [Symbol.dispose](): void {
    clearInterval(this.#watchdog);
    if (!this.#connection) return;
    this.#connection.close();
    this.#connection = undefined;
    rmSync(this.#own, { force: true });
  }

  async #say(state: string): Promise<void> {
    if (!this.#connection || !this.#told) return;
    const { path } = this.#told;
    try {
      const to = { transport: "unixpacket", path } as const;
      await this.#connection.send(new TextEncoder().encode(state), to);
    } catch (error) {
      complain(path, error);
    }
  }
}

function complain(socket: string, error: unknown): void {
  logger("service").warn("the service manager cannot be told how the service is", {
    socket,
    error,
    fix: "NOTIFY_SOCKET must be a path that the bot's user can write; see docs/install.md",
  });
}
