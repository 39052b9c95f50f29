// What an isolate sends, on the owner's side. A message is data: one that is none of its kind is
// dropped, an owner that stumbles over one still gets the next, and an isolate that sends without end,
// or much that is wrong, is given up before it starves others.

import { guarded, unexpected } from "../../runtime/unexpected.ts";

/** A call sends a few dozen messages in its busiest second. */
const MOST_PER_SECOND = 1000;
/** Of an isolate's whole life: one or two may be a mistake, so many are a broken isolate. */
const MOST_WRONG = 20;
/** Messages that wait for somebody to listen. */
const MOST_UNTAKEN = 200;

/** Whose messages, and what may be among them. */
export interface MailboxOptions<In> {
  /** The isolate's name, for the log. */
  readonly name: string;
  /** Whether it is one of the isolate's messages, in every field; everything is, unless given. */
  readonly isMessage?: (message: unknown) => boolean;
  /** The isolate is beyond repair; called at most once. Nothing more is taken from it. */
  giveUp(why: string): void;
  /** A monotonic clock in milliseconds; tests bring their own. */
  now?(): number;
}

/** One isolate's messages, from arrival to whoever listens. */
export class Mailbox<In> {
  readonly #options: MailboxOptions<In>;
  readonly #now: () => number;
  #listener?: (message: In) => void;
  #untaken: In[] = [];
  #second = { since: 0, messages: 0 };
  #wrong = 0;
  #closed = false;

  constructor(options: MailboxOptions<In>) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
  }

  /** Takes whatever arrived on the isolate's port. Never throws. */
  arrived(message: unknown): void {
    if (this.#closed || !this.#inTime()) return;
    if (this.#options.isMessage?.(message) === false) {
      this.wrong(kindOf(message));
      return;
    }
    if (this.#listener) this.#deliver(message as In);
    else if (this.#untaken.push(message as In) > MOST_UNTAKEN) {
      this.#giveUp(`more than ${MOST_UNTAKEN} messages before anybody listened`);
    }
  }

  /** Notes that the isolate sent something that it may not send. */
  wrong(kind: string): void {
    const { name } = this.#options;
    unexpected("message", new TypeError("an isolate sent a message that is none"), {
      isolate: name,
      kind,
    });
    if (++this.#wrong >= MOST_WRONG) this.#giveUp(`${MOST_WRONG} messages that are none`);
  }

  /** Hands messages to `listener` from now on, beginning with those that nobody has taken yet. */
  listen(listener: (message: In) => void): void {
    this.#listener = listener;
    for (const message of this.#untaken.splice(0)) this.#deliver(message);
  }

  #deliver(message: In): void {
    guarded("handler", () => this.#listener?.(message), {
      isolate: this.#options.name,
      kind: kindOf(message),
    });
  }

  #inTime(): boolean {
    const now = this.#now();
    if (now - this.#second.since >= 1000) this.#second = { since: now, messages: 0 };
    if (++this.#second.messages <= MOST_PER_SECOND) return true;
    this.#giveUp(`more than ${MOST_PER_SECOND} messages in a second`);
    return false;
  }

  #giveUp(why: string): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#untaken = [];
    this.#options.giveUp(why);
  }
}

/** The kind that a message claims to be of, fit for a log. */
function kindOf(message: unknown): string {
  const kind = typeof message === "object" && message !== null && "kind" in message
    ? message.kind
    : undefined;
  return typeof kind === "string" && /^[a-z_]{1,30}$/.test(kind) ? kind : "unknown";
}
