// The PBX's playbacks and recordings, by way of the service: a call isolate holds no ARI credentials.

import type { FileControl, FileEvents } from "../../../asterisk/transports/files/files_control.ts";
import type { FileEvent, FileRequest, FromCall } from "../../messages.ts";

/** The service could not do on the PBX what was asked of it. */
export class FileRequestError extends Error {
  override readonly name = "FileRequestError";
}

/** Asks the service, and is told what the PBX reports. */
export class RemoteFiles implements FileControl {
  readonly #send: (message: FromCall) => void;
  readonly #waiting = new Map<number, PromiseWithResolvers<void>>();
  #asked = 0;
  #events: FileEvents | undefined;

  constructor(send: (message: FromCall) => void) {
    this.#send = send;
  }

  listen(events: FileEvents): void {
    this.#events = events;
  }

  play(playbackId: string, media: string): Promise<void> {
    return this.#ask({ what: "play", playbackId, media });
  }

  pause(playbackId: string): Promise<void> {
    return this.#ask({ what: "pause", playbackId });
  }

  resume(playbackId: string): Promise<void> {
    return this.#ask({ what: "resume", playbackId });
  }

  stop(playbackId: string): Promise<void> {
    return this.#ask({ what: "stop", playbackId });
  }

  record(name: string): Promise<void> {
    return this.#ask({ what: "record", name });
  }

  discard(name: string): Promise<void> {
    return this.#ask({ what: "discard", name });
  }

  /** The service has done what request `seq` asked, or could not. */
  done(seq: number, error: string | undefined): void {
    const waiting = this.#waiting.get(seq);
    this.#waiting.delete(seq);
    if (error === undefined) waiting?.resolve();
    else waiting?.reject(new FileRequestError(error));
  }

  /** The PBX reports something. */
  onEvent(event: FileEvent): void {
    const events = this.#events;
    switch (event.what) {
      case "playback_started":
        return events?.onPlaybackStarted(event.playbackId);
      case "playback_finished":
        return events?.onPlaybackFinished(event.playbackId);
      case "recording_ended":
        return events?.onRecordingEnded(event.detail);
      case "talking":
        return events?.onTalking(event.talking);
    }
  }

  #ask(request: FileRequest): Promise<void> {
    const seq = ++this.#asked;
    const waiting = Promise.withResolvers<void>();
    this.#waiting.set(seq, waiting);
    this.#send({ kind: "files", seq, request });
    return waiting.promise;
  }
}
