// The border between call isolates and the service: every message of `FromCall`, field by field. An
// isolate handles strangers' words and other people's servers; what it sends is data.

import type { Contact, ToolCall } from "../../../../agent/agent.ts";
import type { LineCounter } from "../../../../media/line_stats.ts";
import type { MediaOffer, MediaTransport } from "../../../../media/transport.ts";
import type { SpeechEvent, SpeechTask } from "../../../../speech/events.ts";
import type { ServiceName } from "../../../../speech/failure.ts";
import type { CallEvent } from "../../../call_record.ts";
import type {
  AssistantEvent,
  CallCounter,
  EarlyStartOutcome,
  FromCall,
  TokenQuestion,
} from "../../../messages.ts";
import { phase, stage } from "./call_words.ts";
import {
  type Check,
  count,
  figure,
  flag,
  kinds,
  list,
  maybe,
  record,
  shape,
  text,
  word,
} from "./shapes.ts";

/** What is said or heard in one turn: a speaker of an hour fills less. */
const WORDS = text(100_000);
const NAME = text(300);
const ID = text(200);
const MANY = count(1_000_000_000);
/** Turns of a call, and phrases of a turn. */
const INDEX = count(100_000);

const task = word<SpeechTask>({ asr: true, tts: true });
const service = word<ServiceName>({
  yandex: true,
  "yandex-rest": true,
  openai: true,
  local: true,
});
const transport = word<MediaTransport["kind"]>({
  websocket: true,
  audiosocket: true,
  rtp: true,
  files: true,
});
const format = word<"slin" | "slin16">({ slin: true, slin16: true });
const law = word<"ulaw" | "alaw">({ ulaw: true, alaw: true });
const knowledge = word<"general" | "tech">({ general: true, tech: true });
const host = text(300);
const port = count(65_535);

const speechEvent = kinds<SpeechEvent, "kind">("kind", {
  request: { task, service },
  first_byte: { task, service, ms: figure },
  final: { task, service, ms: figure },
  error: { task, service, code: NAME },
  failover: { task, from: service, to: service, code: NAME, message: text(5000), first: flag },
  recovered: { task, service },
  cache: { service, hit: flag },
  rotation: { service, seam: word<"pause" | "overlap">({ pause: true, overlap: true }) },
  breaker: {
    task,
    service,
    state: word<"closed" | "open" | "half_open">({ closed: true, open: true, half_open: true }),
    untilMs: figure,
  },
});

const toolCall = kinds<ToolCall, "name">("name", {
  transfer_to: { key: NAME, extension: NAME },
  hang_up: {},
  send_dtmf: { digits: NAME },
  take_contact: {
    contact: shape<Contact>({ name: maybe(NAME), phone: maybe(NAME), email: maybe(NAME) }),
  },
});

/** What only the service itself notes is refused: an isolate cannot end a call or claim a tool's success. */
type Reported = Exclude<CallEvent, { kind: "ended" | "restarted" | "tokens" | "tool_done" }>;

const callEvent = kinds<Reported, "kind">("kind", {
  phase: { phase },
  caller_turn: { turn: INDEX, text: WORDS, raw: maybe(WORDS) },
  bot_phrase: { turn: INDEX, phrase: INDEX, text: WORDS },
  phrase_heard: { turn: INDEX, phrase: INDEX },
  answer_complete: { turn: INDEX, phrases: INDEX },
  barge_in: { turn: INDEX, phrase: INDEX, heardText: WORDS, onsetToSilenceMs: figure },
  answer_withdrawn: { turn: INDEX },
  sources: { turn: INDEX, kb: list(knowledge, 10), headings: list(text(5000), 200) },
  timings: {
    turn: INDEX,
    stages: record(stage, maybe(figure), 8),
  },
  nudged: {},
  dtmf: { digit: text(1) },
  tool_begun: { turn: INDEX, id: ID, call: toolCall, after: INDEX },
});

const lineCounter = word<LineCounter>({
  framesSent: true,
  framesLate: true,
  framesSkipped: true,
  framesHeld: true,
  packetsReceived: true,
  packetsLost: true,
  packetsLate: true,
  packetsDuplicate: true,
  packetsReordered: true,
  streamRestarts: true,
  packetsMalformed: true,
  packetsWrongPayload: true,
  packetsOfOtherStream: true,
  packetsFromElsewhere: true,
  sendErrors: true,
  badMessages: true,
  connectionsRefused: true,
  queueFull: true,
  flushesUnacknowledged: true,
  phrasesPlayed: true,
  phrasesInaudible: true,
  phrasesUnreported: true,
});

const tokenQuestion = kinds<TokenQuestion, "what">("what", {
  token: {},
  refused: { token: text(10_000) },
});

const mediaOffer = kinds<MediaOffer, "kind">("kind", {
  websocket: {},
  audiosocket: { host, port, uuid: ID, format },
  rtp: { host, port, format: law },
  files: {},
});

interface OfPlayback {
  readonly playbackId: string;
}
interface OfRecording {
  readonly name: string;
}
type FileWish =
  | ({ readonly what: "play"; readonly media: string } & OfPlayback)
  | ({ readonly what: "pause" } & OfPlayback)
  | ({ readonly what: "resume" } & OfPlayback)
  | ({ readonly what: "stop" } & OfPlayback)
  | ({ readonly what: "record" } & OfRecording)
  | ({ readonly what: "discard" } & OfRecording);

const fileRequest = kinds<FileWish, "what">("what", {
  play: { playbackId: ID, media: text(2000) },
  pause: { playbackId: ID },
  resume: { playbackId: ID },
  stop: { playbackId: ID },
  record: { name: NAME },
  discard: { name: NAME },
});

const assistantEvent = kinds<AssistantEvent, "kind">("kind", {
  degraded: {
    part: word<"model" | "retrieval" | "rewrite" | "tool">({
      model: true,
      retrieval: true,
      rewrite: true,
      tool: true,
    }),
    to: NAME,
    reason: text(5000),
  },
  usage: { model: NAME, promptTokens: MANY, completionTokens: MANY },
});

const counter = word<CallCounter>({
  barge_in_resumed: true,
  vad_degraded: true,
  vad_restored: true,
  asr_failed: true,
  tts_failed: true,
  agent_failed: true,
  filler_spoken: true,
  turn_begun_anew: true,
  recording_failed: true,
});

/** Whether it is a message of a call isolate, every field of the right type and size. Never throws. */
export const isFromCall: Check = kinds<FromCall, "kind">("kind", {
  warm: {},
  token: { seq: MANY, question: tokenQuestion },
  speech: { event: speechEvent },
  line_stats: { transport, stats: record(lineCounter, maybe(MANY), 40) },
  media_offer: { offer: mediaOffer },
  files: { seq: MANY, request: fileRequest },
  media_open: {},
  assigned: {},
  event: { event: callEvent, at: figure },
  caller_speaking: { speaking: flag },
  progress: {},
  said: {},
  tool_call: { id: ID },
  assistant: { event: assistantEvent },
  early_start: {
    outcome: shape<EarlyStartOutcome>({
      begun: MANY,
      hit: flag,
      wonMs: figure,
      wastedCharacters: MANY,
    }),
  },
  count: { what: counter },
});
