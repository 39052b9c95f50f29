// Children for tests of supervisors and of what is built on them.

import type { ExitReason } from "./control.ts";
import type { Child, ChildSpec, RestartType } from "./supervisor.ts";

/** A child that dies when a test says so. */
export class FakeChild implements Child {
  readonly #exit = Promise.withResolvers<ExitReason>();
  readonly exited = this.#exit.promise;
  asked = 0;
  killed = 0;

  constructor(readonly obeys = true) {}

  die(reason: ExitReason): void {
    this.#exit.resolve(reason);
  }

  shutdown(): void {
    this.asked++;
    if (this.obeys) this.die("shutdown");
  }

  kill(): void {
    this.killed++;
    this.die("shutdown");
  }
}

/** A specification that keeps its starts; the next `failing` of them fail. */
export class FakeSpec implements ChildSpec {
  readonly starts: FakeChild[] = [];
  readonly exits: (ExitReason | undefined)[] = [];
  failing = 0;

  constructor(
    readonly id: string,
    readonly restart: RestartType = "permanent",
    readonly shutdown: ChildSpec["shutdown"] = 1000,
    readonly obeys = true,
    readonly log: string[] = [],
  ) {}

  start({ previousExit }: { previousExit?: ExitReason }): Promise<Child> {
    this.exits.push(previousExit);
    if (this.failing > 0) {
      this.failing--;
      return Promise.reject(new Error("cannot start"));
    }
    const child = new FakeChild(this.obeys);
    this.starts.push(child);
    this.log.push(`+${this.id}`);
    void child.exited.then(() => this.log.push(`-${this.id}`));
    return Promise.resolve(child);
  }

  get last(): FakeChild {
    return this.starts.at(-1)!;
  }
}
