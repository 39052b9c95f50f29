// What the transports have in common whose playout clock is ours: what is sent waits in a pacer's
// queue and leaves a frame every 20 ms.

import type { Pcm } from "../../media/frame.ts";
import { Pacer, type PacerOptions } from "../../media/playout/pacer.ts";
import type { MediaHandlers, MediaTransport } from "../../media/transport.ts";

/** The half of a transport that speaks; connecting and listening are the other half. */
export abstract class PacedTransport
  implements Omit<MediaTransport, "kind" | "open" | typeof Symbol.asyncDispose> {
  /** Started once there is a connection. */
  protected readonly pacer: Pacer;
  /** Who is told of what happens; undefined before `open`, and when nothing more is to be told. */
  protected handlers: MediaHandlers | undefined;

  constructor(options: PacerOptions) {
    this.pacer = new Pacer({
      onFrame: (frame, skipped) => this.transmit(frame, skipped),
      onMark: (markId) => this.handlers?.onMark(markId),
      ready: () => this.ready,
    }, options);
  }

  /** Puts a frame on the line, or silence; see `PacedSink.onFrame`. */
  protected abstract transmit(frame: Pcm | undefined, skipped: number): void;

  /** False while the far end takes nothing; see `PacedSink.ready`. */
  protected get ready(): boolean {
    return true;
  }

  get stats(): Readonly<Record<string, number>> {
    return { ...this.pacer.stats };
  }

  get bufferedMs(): number {
    return this.pacer.bufferedMs;
  }

  send(pcm: Pcm): void {
    this.pacer.send(pcm);
  }

  endOfPhrase(markId: string): void {
    this.pacer.endOfPhrase(markId);
  }

  pause(): void {
    this.pacer.pause();
  }

  resume(): void {
    this.pacer.resume();
  }

  flush(): Promise<void> {
    return this.pacer.flush();
  }
}
