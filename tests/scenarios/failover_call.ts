// A call whose voice fails in the middle of an answer. The voices speak in tones, so that the caller's
// own recording can be read back word by word.

import type { TurnRecord } from "../../actors/call_record.ts";
import { speakable } from "../../language/spoken/speakable.ts";
import {
  eventually,
  heardBetween,
  isAudible,
  lastSound,
  type TestPbx,
  untilSpokenTo,
} from "../../testing/mod.ts";
import { FRAME_MS } from "../../media/frame.ts";
import { OpenAiSpeechServer } from "../servers/openai/openai_speech_server.ts";
import { ScriptedEar } from "../servers/speech/scripted_ear.ts";
import { fromTones, wordsOf } from "../servers/speech/tone_speech.ts";
import { YandexGrpcServer } from "../servers/yandex/yandex_grpc_server.ts";
import { YandexRestServer } from "../servers/yandex/yandex_rest_server.ts";
import { RUSSIAN_CALLER, spokenBy } from "../../testing/voice.ts";
import { asked, World } from "./world.ts";

const QUESTION = "Расскажите про монтаж и пусконаладку.";
/** A spoken word takes longer than this, so the service is never far ahead when the voice fails. */
const PACE_MS = 200;
const DIES_AFTER_MS = 1500;

/** What became of the answer. */
export interface FailedOver {
  readonly turn: TurnRecord;
  /** The words of the answer and the words in the caller's recording. */
  readonly said: readonly string[];
  readonly heard: readonly string[];
  readonly longestSilenceMs: number;
}

/**
 * Asks a question, kills Yandex's voice while the caller hears the answer, and listens to the end. Only for
 * a PBX whose line preserves tones.
 */
export async function failOver(pbx: TestPbx, mode: "utterance" | "stream"): Promise<FailedOver> {
  const question = await spokenBy(RUSSIAN_CALLER, QUESTION);
  const ear = new ScriptedEar([{ text: QUESTION, pcm: question }]);
  await using ears = await YandexGrpcServer.start({ ear: (pcm) => ear.hear(pcm) });
  await using voice = await YandexGrpcServer.start({ ttsPaceMs: PACE_MS });
  await using rest = new YandexRestServer();
  rest.ttsFaults.always({ kind: "refuse", code: "UNAVAILABLE" });
  await using openai = new OpenAiSpeechServer();
  await using world = await World.start(pbx, {
    ASTERISK_LANG: "ru",
    ASR_PROVIDER: ["yandex"],
    TTS_PROVIDER: ["yandex", "openai"],
    TTS_CACHE_MB: 0,
    YANDEX_TTS_MODE: mode,
    YANDEX_API_KEY: "test-key",
    YANDEX_STT_ENDPOINT: ears.endpoint,
    YANDEX_TTS_ENDPOINT: voice.endpoint,
    YANDEX_TTS_V1_ENDPOINT: rest.endpoint,
    OPENAI_API_KEY: "sk-test",
    OPENAI_BASE_URL: openai.baseUrl,
    AGENT_PROVIDER: "extractive",
    FILLER_AFTER_MS: 0,
    EARLY_START: false,
  });
  const { caller, record } = await world.greeted();
  await using _line = caller;
  const { endedAt } = await caller.say(question);
  const audible = () => caller.heard.filter((frame) => frame.at > endedAt && isAudible(frame));
  await eventually(() => audible().length * FRAME_MS > DIES_AFTER_MS, "some of it was heard");
  await voice.goAway();
  const startedAt = await untilSpokenTo(caller.heard, endedAt, {
    quietMs: 2500,
    timeoutMs: 60_000,
  });
  const until = lastSound(caller.heard)! + FRAME_MS;
  await caller.hangUp();
  await world.nothingLeft();

  const turn = asked(record)[0]!;
  const frames = audible();
  const gaps = frames.slice(1).map(({ at }, i) => at - frames[i]!.at - FRAME_MS);
  return {
    turn,
    said: wordsOf(turn.phrases.map(({ text }) => speakable(text, "ru")).join(" ")),
    heard: fromTones(heardBetween(caller.heard, startedAt, until)).split(" "),
    longestSilenceMs: Math.max(0, ...gaps),
  };
}
