// Handlers that keep what a transport told them, so that tests can wait for it.

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
    this.#tell();
  }

  onMark(markId: string): void {
    this.marks.push(markId);
    this.#tell();
  }

  onTalking(talking: boolean): void {
    this.talking.push(talking);
    this.#tell();
  }

  onClose(reason: "hangup" | "lost", detail: string): void {
    this.ends.push({ reason, detail });
    this.#tell();
  }

  /** Resolves as soon as `ready` holds; it is looked at after each report. */
  async until(ready: (log: LineLog) => boolean): Promise<void> {
    while (!ready(this)) await this.#news.promise;
  }

  #tell(): void {
    this.#news.resolve();
    this.#news = Promise.withResolvers();
  }
}
