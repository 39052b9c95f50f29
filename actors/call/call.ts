// One call inside its isolate: its media, its recording and its conversation, wired together.

import type { Agent } from "../../agent/agent.ts";
import { logger } from "../../config/logging.ts";
import type { Settings } from "../../config/settings.ts";
import { isBackchannel } from "../../language/heard/backchannel.ts";
import { isShortAnswer } from "../../language/heard/short_answer.ts";
import { looksUnfinished } from "../../language/heard/turn_completeness.ts";
import type { AudioOutput } from "../../media/audio_output.ts";
import { ContinuousAudio, GAP_TOLERANCE_MS } from "../../media/continuous_audio.ts";
import { Recorder } from "../../media/recorder.ts";
import type { MediaAddress, MediaListener } from "../../media/transport.ts";
import type { AsrProvider } from "../../speech/asr.ts";
import type { TtsProvider } from "../../speech/tts.ts";
import type { VadStream } from "../../speech/vad.ts";
import type { CallAssignment, FromCall, ToCall } from "../messages.ts";
import { crash } from "../otp/isolate_main.ts";
import { Conversation } from "./conversation/conversation.ts";
import type {
  ConversationOptions,
  ConversationOutput,
} from "./conversation/conversation_options.ts";
import { LineReport } from "./line_report.ts";
import type { SpeakerOptions } from "./speaker.ts";

const log = logger("call");

/** A recording grows by blocks of 170 ms (see `RECORDING_FORMAT`): a block that is late is not silence. */
const BLOCK_TOLERANCE_MS = 500;

/** Where frames come in blocks, the voice detection's answers are looked for at about its beat. */
const LOOK_EVERY_MS = 14;

/** What a call hears and speaks with. */
export interface CallSpeech {
  readonly vad: VadStream;
  readonly asr: AsrProvider;
  readonly tts: TtsProvider;
}

/** What the service sends to an isolate about its call. */
export type CallMessage = Extract<
  ToCall,
  {
    kind:
      | "begin"
      | "tool_done"
      | "nudge"
      | "apologise"
      | "say_last"
      | "stop_recording"
      | "end_turn";
  }
>;

/** What a call is made of. */
export interface CallOptions {
  readonly assignment: CallAssignment;
  readonly settings: Settings;
  readonly agent: Agent;
  readonly speech: CallSpeech;
  readonly prepared: SpeakerOptions<unknown>["prepared"];
  /** The machine is short of power: what is optional is left out. */
  readonly pressed: () => boolean;
  /** What the PBX connects to, if anything. The call opens its transport and disposes of it. */
  readonly listener: MediaListener;
  /** Where the PBX has put the audio: known once it has been sent the listener's offer. */
  readonly address: Promise<MediaAddress>;
  readonly send: (message: FromCall) => void;
}

/** The media connection is gone while the call is not: the isolate ends and is replaced, media and all. */
class MediaLostError extends Error {
  override readonly name = "MediaLostError";
}

/** What an open call works with. */
interface CallParts {
  readonly assignment: CallAssignment;
  readonly caller: ContinuousAudio;
  readonly recorder: Recorder | undefined;
  readonly conversation: Conversation;
  readonly lineReport: LineReport;
  /** Ends them all, in the reverse order of their making. */
  readonly stack: AsyncDisposableStack;
}

/** A call that was given to this isolate. */
export class Call implements AsyncDisposable {
  readonly #parts: CallParts;

  private constructor(parts: CallParts) {
    this.#parts = parts;
  }

  /**
   * Connects the media. A call that cannot be opened is not taken apart: its isolate crashes.
   *
   * @throws {TransportError}
   */
  static async open(options: CallOptions): Promise<Call> {
    const { assignment, settings, agent, speech, listener, address, send } = options;
    const stack = new AsyncDisposableStack();
    const recorder = await openRecorder(options, stack);
    const transport = stack.use(listener.transport(await address));
    const lineReport = stack.use(new LineReport(transport, send));
    const output = recorder?.recorded(transport.out) ?? transport.out;
    const conversation = stack.use(new Conversation(conversationOptions(options, output)));
    const caller = stack.use(
      new ContinuousAudio(
        (frame) => {
          recorder?.caller(frame);
          conversation.hear(frame, performance.now());
        },
        () => performance.now(),
        assignment.media.kind === "files" ? BLOCK_TOLERANCE_MS : GAP_TOLERANCE_MS,
      ),
    );
    if (assignment.media.kind === "files") {
      const looks = setInterval(() => speech.vad.look(), LOOK_EVERY_MS);
      stack.defer(() => clearInterval(looks));
    }
    let over = false;
    stack.defer(() => void (over = true));
    await transport.open({
      onFrame: (frame) => caller.push(frame),
      onMark: (markId) => conversation.onMark(markId),
      onTalking: (talking) => {
        if (talking) conversation.onTalking();
      },
      onClose: (reason, detail) => {
        if (!over) crash(new MediaLostError(`media connection ${reason}: ${detail}`));
      },
    }, AbortSignal.timeout(settings.MEDIA_CONNECT_TIMEOUT_MS));
    log.debug("media is open", {
      call: assignment.callId,
      agent: agent.name,
      transport: transport.kind,
    });
    return new Call({ assignment, caller, recorder, conversation, lineReport, stack });
  }

  /** Takes a message of the service about this call. */
  onMessage(message: CallMessage): void {
    const { assignment, conversation } = this.#parts;
    switch (message.kind) {
      case "begin":
        this.#begin();
        break;
      case "tool_done":
        conversation.toolDone(message.id, message.result);
        break;
      case "nudge":
        conversation.nudge();
        break;
      case "apologise":
        conversation.apologise();
        break;
      case "end_turn":
        conversation.endTurn();
        break;
      case "stop_recording":
        this.#parts.recorder?.stop();
        break;
      case "say_last":
        conversation.sayLast(assignment.prompts[message.prompt]);
        break;
    }
  }

  /** Ends the call here: first the conversation, then the media, last the recording. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#parts.stack.disposeAsync();
  }

  #begin(): void {
    const { assignment, caller, conversation, lineReport } = this.#parts;
    lineReport.start();
    caller.start();
    if (assignment.resumed) conversation.resume(assignment.callerWasSpeaking);
    else conversation.greet();
  }
}

/** A call whose recording cannot be written is still a call. */
async function openRecorder(
  { assignment, send }: CallOptions,
  stack: AsyncDisposableStack,
): Promise<Recorder | undefined> {
  const { callId, recordingPath, record } = assignment;
  if (recordingPath === undefined) return undefined;
  const failed = (error: unknown) => {
    log.error("recording failed; the call continues without it", { call: callId, error });
    send({ kind: "count", what: "recording_failed" });
  };
  try {
    const recorder = await Recorder.open(recordingPath, Date.now() - record.startedAt);
    stack.defer(() => recorder[Symbol.asyncDispose]().catch(failed));
    return recorder;
  } catch (error) {
    failed(error);
    return undefined;
  }
}

/** The conversation that the settings ask for. */
function conversationOptions(
  { assignment, settings, agent, speech, prepared, pressed, send }: CallOptions,
  output: AudioOutput,
): ConversationOptions {
  const { ASTERISK_LANG: language } = settings;
  const written = new Set(Object.values(assignment.prompts).flat());
  return {
    agent,
    prompts: assignment.prompts,
    language,
    startEarly: settings.EARLY_START,
    pressed,
    maskCards: settings.MASK_CARDS,
    patienceMs: settings.ENDPOINT_PATIENCE_MS,
    // No filler while the bot waits for more of the caller's words.
    fillerAfterMs: settings.FILLER_AFTER_MS &&
      Math.max(settings.FILLER_AFTER_MS, settings.ENDPOINT_PATIENCE_MS),
    record: assignment.record,
    bargeIn: {
      enabled: settings.BARGE_IN,
      guardMs: settings.BARGE_IN_GUARD_MS,
      confirmMs: settings.BARGE_IN_CONFIRM_MS,
      isBackchannel: (text) => isBackchannel(text, language),
    },
    recogniser: {
      vad: speech.vad,
      asr: speech.asr,
      vadThreshold: settings.VAD_THRESHOLD,
      prerollMs: settings.PREROLL_MS,
      endpointing: {
        silenceMs: settings.ENDPOINT_SILENCE_MS,
        maxSilenceMs: settings.ENDPOINT_MAX_SILENCE_MS,
        maxUtteranceMs: settings.MAX_UTTERANCE_SECONDS * 1000,
        looksUnfinished: (text) => looksUnfinished(text, language),
        isShortAnswer: (text) => isShortAnswer(text, language),
      },
    },
    speaker: {
      tts: speech.tts,
      parallel: () => pressed() ? 1 : settings.TTS_PARALLEL,
      retries: settings.PLAYBACK_RETRY_COUNT,
      mayKeep: (text) => agent.impersonal || written.has(text),
      prepared,
    },
    playout: { output, lookaheadMs: settings.PLAYOUT_LOOKAHEAD_MS },
    output: messagesTo(send),
  };
}

/** What a conversation reports, as messages to the service. */
function messagesTo(send: CallOptions["send"]): ConversationOutput {
  return {
    event: (event) => send({ kind: "event", event, at: Date.now() }),
    callerSpeaking: (speaking) => send({ kind: "caller_speaking", speaking }),
    progress: () => send({ kind: "progress" }),
    said: () => send({ kind: "said" }),
    count: (what) => send({ kind: "count", what }),
    toolCall: (id) => send({ kind: "tool_call", id }),
    assistant: (event) => send({ kind: "assistant", event }),
    earlyStart: (outcome) => send({ kind: "early_start", outcome }),
  };
}
