// The PBX's playbacks and recordings, by way of the service: a call isolate holds no ARI credentials.

import type { FileControl, FileEvents } from "../../../asterisk/transports/files/files_control.ts";
import type { FileEvent, FileRequest, ToMedia } from "../../messages.ts";
import { Requests } from "./requests.ts";

/** Longer than the service itself waits for one ARI command, which is 5 s. */
const ANSWER_TIMEOUT_MS = 7000;
/** A recording takes several commands; whoever asks for one gives up after MEDIA_CONNECT_TIMEOUT_MS, 60 s at most. */
const RECORD_TIMEOUT_MS = 60_000;

/** The PBX did not carry out a request about files, or the service did not answer it in time. */
export class FileRequestError extends Error {
  override readonly name = "FileRequestError";
}

/** Sends requests to the service, which answers each with `done` and passes on what the PBX reports. */
export class RemoteFiles implements FileControl {
  readonly #send: (message: ToMedia) => void;
  readonly #requests = new Requests<{ readonly error?: string }>();
  #events: FileEvents | undefined;

  constructor(send: (message: ToMedia) => void) {
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

  /** The service has carried out request `seq`, or could not: `error` says why. */
  done(seq: number, error: string | undefined): void {
    this.#requests.answered(seq, { error });
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

  async #ask(request: FileRequest): Promise<void> {
    const timeoutMs = request.what === "record" ? RECORD_TIMEOUT_MS : ANSWER_TIMEOUT_MS;
    const { error } = await this.#requests.ask(
      (seq) => this.#send({ kind: "files", seq, request }),
      timeoutMs,
      () => unanswered(request, timeoutMs),
    );
    if (error !== undefined) throw new FileRequestError(error);
  }
}

function unanswered({ what }: FileRequest, ms: number): FileRequestError {
  return new FileRequestError(
    `no answer to "${what}" within ${ms} ms: the service's thread is held up, see its log lines`,
  );
}
