// One call inside its isolate: media, ears, mouth and conversation, wired together.

import type { Agent } from "../../agent/agent.ts";
import { isBackchannel } from "../../language/heard/backchannel.ts";
import { looksUnfinished } from "../../language/heard/turn_completeness.ts";
import { type FileControl, prepareMedia } from "../../asterisk/transports/mod.ts";
import { logger } from "../../config/logging.ts";
import type { Settings } from "../../config/settings.ts";
import { ContinuousAudio, GAP_TOLERANCE_MS } from "../../media/continuous_audio.ts";
import { FRAME_MS, type Pcm } from "../../media/frame.ts";
import { Playout } from "../../media/playout/playout.ts";
import { Recorder } from "../../media/recorder.ts";
import type {
  MediaAddress,
  MediaHandlers,
  MediaListener,
  MediaTransport,
} from "../../media/transport.ts";
import type { AsrProvider } from "../../speech/asr.ts";
import type { TtsProvider } from "../../speech/tts.ts";
import type { VadStream } from "../../speech/vad.ts";
import { crash } from "../otp/isolate_main.ts";
import type { CallAssignment, FromCall, ToCall } from "../messages.ts";
import type { SpokenPhrase } from "./conversation/answer.ts";
import { Conversation } from "./conversation/conversation.ts";
import { LineReport } from "./line_report.ts";
import { Recogniser } from "./recogniser.ts";
import type { PreparedSpeech } from "./prepared.ts";
import { Speaker } from "./speaker.ts";

const log = logger("call");

/** A recording grows by blocks of 170 ms (see `RECORDING_FORMAT`): a late one is no silence. */
const BLOCK_TOLERANCE_MS = 500;

/** How often missing audio is looked for. What comes is heard at once; a timer for each frame is a tenth of a call's CPU. */
const TICK_MS = 3 * FRAME_MS;

/** What a call hears and speaks with. */
export interface CallSpeech {
  readonly vad: VadStream;
  readonly asr: AsrProvider;
  readonly tts: TtsProvider;
}

/** What the service tells an isolate about its call. */
export type CallMessage = Extract<
  ToCall,
  { kind: "begin" | "tool_done" | "nudge" | "apologise" | "say_last" }
>;

/** What a call is made of. */
export interface CallOptions {
  readonly assignment: CallAssignment;
  readonly settings: Settings;
  readonly agent: Agent;
  readonly speech: CallSpeech;
  readonly prepared: PreparedSpeech;
  /** Where the PBX has put the audio: known once it has been told the offer. */
  readonly address: Promise<MediaAddress>;
  /** The PBX's playbacks and recordings, for the files transport. */
  readonly files: FileControl;
  readonly send: (message: FromCall) => void;
}

/** The media connection is gone while the call is not: the isolate ends and is replaced, media and all. */
class MediaLostError extends Error {
  override readonly name = "MediaLostError";
}

/** A call that was handed to this isolate. */
export class Call implements AsyncDisposable, MediaHandlers {
  readonly #options: CallOptions;
  readonly #conversation: Conversation;
  readonly #caller: ContinuousAudio;
  #mediaListener?: MediaListener;
  #transport?: MediaTransport;
  #recorder?: Recorder;
  #playout?: Playout<SpokenPhrase>;
  #recogniser?: Recogniser;
  #speaker?: Speaker<SpokenPhrase>;
  #lineReport?: LineReport;
  #clock?: ReturnType<typeof setInterval>;
  #begun = false;
  #over = false;

  constructor(options: CallOptions) {
    this.#options = options;
    const { settings, agent, assignment, send } = options;
    const { ASTERISK_LANG: language } = settings;
    this.#conversation = new Conversation({
      agent,
      prompts: assignment.prompts,
      language,
      startEarly: settings.EARLY_START,
      fillerAfterMs: settings.FILLER_AFTER_MS,
      record: assignment.record,
      bargeIn: {
        enabled: settings.BARGE_IN,
        guardMs: settings.BARGE_IN_GUARD_MS,
        confirmMs: settings.BARGE_IN_CONFIRM_MS,
        isBackchannel: (text) => isBackchannel(text, language),
      },
      output: {
        event: (event) => send({ kind: "event", event, at: Date.now() }),
        callerSpeaking: (speaking) => send({ kind: "caller_speaking", speaking }),
        progress: () => send({ kind: "progress" }),
        said: () => send({ kind: "said" }),
        count: (what) => send({ kind: "count", what }),
        toolCall: (id) => send({ kind: "tool_call", id }),
        assistant: (event) => send({ kind: "assistant", event }),
        earlyStart: (outcome) => send({ kind: "early_start", outcome }),
      },
    });
    this.#caller = new ContinuousAudio(
      (frame) => this.#hear(frame),
      () => performance.now(),
      assignment.media.kind === "files" ? BLOCK_TOLERANCE_MS : GAP_TOLERANCE_MS,
    );
  }

  get id(): string {
    return this.#options.assignment.callId;
  }

  /** Connects the media. @throws {TransportError} */
  async open(): Promise<void> {
    const { assignment, settings, agent, speech, prepared, address, files, send } = this.#options;
    const language = settings.ASTERISK_LANG;
    this.#mediaListener = await prepareMedia(assignment.media, files);
    send({ kind: "media_offer", offer: this.#mediaListener.offer });
    this.#recorder = await this.#openRecorder();
    const transport = this.#mediaListener.transport(await address);
    this.#transport = transport;
    this.#lineReport = new LineReport(transport, send);
    const output = this.#recorder?.recorded(transport.out) ?? transport.out;
    const conversation = this.#conversation;
    const playout = new Playout<SpokenPhrase>(output, {
      lookaheadMs: settings.PLAYOUT_LOOKAHEAD_MS,
      events: conversation,
    });
    const speaker = new Speaker({
      call: this.id,
      tts: speech.tts,
      language,
      playout,
      parallel: settings.TTS_PARALLEL,
      retries: settings.PLAYBACK_RETRY_COUNT,
      prepared,
      onFirstByte: (phrase) => conversation.onFirstByte(phrase),
      onFailed: (phrase, error) => conversation.onSpeechFailed(phrase, error),
    });
    const recogniser = new Recogniser({
      call: this.id,
      vad: speech.vad,
      asr: speech.asr,
      language,
      vadThreshold: settings.VAD_THRESHOLD,
      prerollMs: settings.PREROLL_MS,
      endpointing: {
        silenceMs: settings.ENDPOINT_SILENCE_MS,
        maxSilenceMs: settings.ENDPOINT_MAX_SILENCE_MS,
        maxUtteranceMs: settings.MAX_UTTERANCE_SECONDS * 1000,
        looksUnfinished: (text) => looksUnfinished(text, language),
      },
      events: conversation,
    });
    conversation.join({ playout, speaker, recogniser });
    this.#playout = playout;
    this.#speaker = speaker;
    this.#recogniser = recogniser;
    await transport.open(this, AbortSignal.timeout(settings.MEDIA_CONNECT_TIMEOUT_MS));
    log.debug("media is open", { call: this.id, agent: agent.name, transport: transport.kind });
  }

  /** A message of the service about this call. */
  onMessage(
    message: CallMessage,
  ): void {
    const { prompts } = this.#options.assignment;
    switch (message.kind) {
      case "begin":
        this.#begin();
        break;
      case "tool_done":
        this.#conversation.toolDone(message.id, message.result);
        break;
      case "nudge":
        this.#conversation.nudge();
        break;
      case "apologise":
        this.#conversation.apologise();
        break;
      case "say_last":
        this.#conversation.sayLast(prompts[message.prompt]);
        break;
    }
  }

  // What the transport reports.

  onFrame(frame: Pcm): void {
    if (this.#begun) this.#caller.push(frame);
  }

  onMark(markId: string): void {
    this.#playout?.onMark(markId);
  }

  onTalking(talking: boolean): void {
    if (this.#begun && talking) this.#conversation.onTalking();
  }

  onClose(reason: "hangup" | "lost", detail: string): void {
    if (!this.#over) crash(new MediaLostError(`media connection ${reason}: ${detail}`));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#over = true;
    clearInterval(this.#clock);
    this.#conversation[Symbol.dispose]();
    this.#recogniser?.[Symbol.dispose]();
    this.#speaker?.[Symbol.dispose]();
    this.#playout?.[Symbol.dispose]();
    this.#lineReport?.[Symbol.dispose]();
    await this.#transport?.[Symbol.asyncDispose]();
    await this.#mediaListener?.[Symbol.asyncDispose]();
    try {
      await this.#recorder?.[Symbol.asyncDispose]();
    } catch (error) {
      this.#recordingFailed(error);
    }
  }

  #begin(): void {
    const { resumed, callerWasSpeaking } = this.#options.assignment;
    this.#begun = true;
    this.#lineReport?.start();
    this.#clock = setInterval(() => this.#caller.tick(), TICK_MS);
    if (resumed) this.#conversation.resume(callerWasSpeaking);
    else this.#conversation.greet();
  }

  #hear(frame: Pcm): void {
    this.#recorder?.caller(frame);
    this.#recogniser?.hear(frame, performance.now());
  }

  /** A call whose recording cannot be written is still a call. */
  async #openRecorder(): Promise<Recorder | undefined> {
    const { recordingPath, record } = this.#options.assignment;
    if (recordingPath === undefined) return undefined;
    try {
      return await Recorder.open(recordingPath, Date.now() - record.startedAt);
    } catch (error) {
      this.#recordingFailed(error);
      return undefined;
    }
  }

  #recordingFailed(error: unknown): void {
    log.error("recording failed; the call goes on", { call: this.id, error });
    this.#options.send({ kind: "count", what: "recording_failed" });
  }
}
