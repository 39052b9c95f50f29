// Media handlers that record what a transport reports, so that tests can wait for it.

import type { Pcm } from "../media/frame.ts";
import type { MediaHandlers } from "../media/transport.ts";

/** Everything a transport reported, in order of arrival. */
export class LineLog implements MediaHandlers {
  readonly frames: Pcm[] = [];
  readonly marks: string[] = [];
  readonly talking: boolean[] = [];
  readonly ends: { reason: "hangup" | "lost"; detail: string }[] = [];
  #news = Promise.withResolvers<void>();

  onFrame(frame: Pcm): void {
    this.frames.push(frame);
    this.#wake();
  }

  onMark(markId: string): void {
    this.marks.push(markId);
    this.#wake();
  }

  onTalking(talking: boolean): void {
    this.talking.push(talking);
    this.#wake();
  }

  onClose(reason: "hangup" | "lost", detail: string): void {
    this.ends.push({ reason, detail });
    this.#wake();
  }

  /** Resolves as soon as `ready` holds; it is evaluated now and after each report. */
  async until(ready: (log: LineLog) => boolean): Promise<void> {
    while (!ready(this)) await this.#news.promise;
  }

  #wake(): void {
    this.#news.resolve();
    this.#news = Promise.withResolvers();
  }
}
