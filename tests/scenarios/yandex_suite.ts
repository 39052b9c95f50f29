// Calls in Russian through Yandex's own protocol on a PBX. The stand-in services speak with a real voice
// and know what the caller may say.

import assert from "node:assert/strict";
import { heardText } from "../../actors/call_record.ts";
import type { Settings } from "../../config/settings.ts";
import {
  eventually,
  firstSoundAfter,
  isAudible,
  type TestPbx,
  untilSpokenTo,
} from "../../testing/mod.ts";
import { durationMs, FRAME_MS } from "../../media/frame.ts";
import { realTimeTest } from "../real_time.ts";
import { startOpenAiServer } from "../servers/openai/openai_server.ts";
import { ScriptedEar } from "../servers/speech/scripted_ear.ts";
import type { TtsRequest } from "../servers/yandex/yandex_context.ts";
import { YandexGrpcServer } from "../servers/yandex/yandex_grpc_server.ts";
import { YandexRestServer } from "../servers/yandex/yandex_rest_server.ts";
import { failOver } from "./failover_call.ts";
import { quoteCall } from "./quote.ts";
import { RUSSIAN_CALLER, RUSSIAN_SERVICE, spokenBy } from "../../testing/voice.ts";
import { asked, World } from "./world.ts";

const QUESTION = "Расскажите про монтаж и пусконаладку.";
const SECOND_QUESTION = "Подождите, а какая гарантия на машину?";
const SCRIPT = [QUESTION, SECOND_QUESTION];

/** The model's answers, by question. */
const WRITTEN = [
  "Монтаж начинается с осмотра места, где будет стоять машина. | " +
  "Затем инженер выставляет раму по уровню и подключает питание. | " +
  "После этого проверяются датчики силы и перемещения. | " +
  "Затем мы показываем вашим людям, как ставить образец и снимать кривую. | " +
  "Обычно на всё это уходит один рабочий день. | " +
  "В конце составляется протокол, и его подписывают обе стороны.",
  "Гарантия на машину два года. | Она начинается с подписания протокола.",
];

/** Both Yandex services, and a world whose calls use them. */
class YandexWorld implements AsyncDisposable {
  private constructor(
    readonly grpc: YandexGrpcServer,
    readonly rest: YandexRestServer,
    readonly world: World,
    private readonly owned: AsyncDisposable,
  ) {}

  static async start(pbx: TestPbx, changes: Partial<Settings>): Promise<YandexWorld> {
    await using scope = new AsyncDisposableStack();
    const phrases = await Promise.all(
      SCRIPT.map(async (text) => ({ text, pcm: await spokenBy(RUSSIAN_CALLER, text) })),
    );
    const ear = new ScriptedEar(phrases);
    const grpc = scope.use(
      await YandexGrpcServer.start({
        voice: (text) => spokenBy(RUSSIAN_SERVICE, text),
        ear: (pcm) => ear.hear(pcm),
        ttsPaceMs: 20,
      }),
    );
    const rest = scope.use(new YandexRestServer());
    const model = scope.use(startOpenAiServer({
      answer: ({ messages }) =>
        /гарантия/.test(messages.at(-1)!.content)
          ? { text: WRITTEN[1]! }
          // Endless and faster than speech: this answer exists to be talked over.
          : { text: `${WRITTEN[0]} |`, tokensPerSecond: 5, fault: "stall" },
    }));
    const world = scope.use(
      await World.start(pbx, {
        ASTERISK_LANG: "ru",
        ASR_PROVIDER: ["yandex"],
        TTS_PROVIDER: ["yandex", "local"],
        YANDEX_API_KEY: "test-key",
        YANDEX_STT_ENDPOINT: grpc.endpoint,
        YANDEX_TTS_ENDPOINT: grpc.endpoint,
        YANDEX_TTS_V1_ENDPOINT: rest.endpoint,
        OPENAI_BASE_URL: model.url,
        ...changes,
      }),
    );
    return new YandexWorld(grpc, rest, world, scope.move());
  }

  /** The value of a series in `/metrics`; 0 when it is missing. */
  async metric(series: string): Promise<number> {
    const page = await (await fetch(`${this.world.service.consoleUrl}/metrics`)).text();
    const line = page.split("\n").find((line) => line.startsWith(`${series} `));
    return Number(line?.slice(series.length) ?? 0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.world.hangUpAll();
    await this.owned[Symbol.asyncDispose]();
  }
}

/** Registers the scenarios for a PBX that is already running. */
export function yandex(pbx: TestPbx): void {
  const scenario = (
    name: string,
    play: (scene: YandexWorld) => Promise<void>,
    changes: Partial<Settings> = {},
  ) =>
    realTimeTest(name, async () => {
      await using scene = await YandexWorld.start(pbx, changes);
      await play(scene);
    });

  scenario(
    "a Russian caller is understood, answered, may talk over the bot, and no stream stays open",
    async (scene) => {
      const { world, grpc } = scene;
      const { caller, record } = await world.greeted();
      const { endedAt } = await caller.say(await spokenBy(RUSSIAN_CALLER, QUESTION));
      const answer = await eventually(
        () => firstSoundAfter(caller.heard, endedAt),
        "the bot answers",
      );
      await eventually(() => performance.now() > answer + 1500, "some of it was heard");
      const { endedAt: askedAt } = await caller.say(
        await spokenBy(RUSSIAN_CALLER, SECOND_QUESTION),
      );
      await untilSpokenTo(caller.heard, askedAt);
      await caller.hangUp();
      await world.nothingLeft();
      const [cut, next] = asked(record);
      assert.match(cut!.raw!, /монтаж/);
      assert.equal(cut!.interrupted, true);
      assert.ok(heardText(cut!).length < cut!.phrases.map(({ text }) => text).join(" ").length);
      assert.match(next!.caller!, /гарантия/);
      assert.match(heardText(next!), /гаранти/i);
      assert.ok(cut!.bargeInMs! > 0);
      await eventually(() => grpc.openStreams === 0, "every stream at the service has ended");
      const asr = '{task="asr",service="yandex"}';
      assert.ok(await scene.metric(`voxbot_speech_requests_total${asr}`) >= 2);
      assert.ok(await scene.metric(`voxbot_speech_final_seconds_count${asr}`) >= 2);
      if (pbx.kind === "asterisk") await quoteCall(world, record, "yandex-barge-in");
    },
  );

  scenario(
    "an answer is one stream at the service, spoken while the model writes; an interruption ends it there",
    async ({ world, grpc }) => {
      const { caller, record } = await world.greeted();
      const { endedAt } = await caller.say(await spokenBy(RUSSIAN_CALLER, QUESTION));
      await eventually(() => firstSoundAfter(caller.heard, endedAt), "the bot answers");
      const [answer] = streamsOf(grpc);
      assert.ok(answer, "the answer is a stream at the service");
      assert.ok(textsOf(answer).length < 6, "the model is still writing when the bot speaks");
      await eventually(() => asked(record)[0]!.phrases[0]?.heard, "a phrase was heard to its end");
      await caller.say(await spokenBy(RUSSIAN_CALLER, SECOND_QUESTION));
      await eventually(() => answer.outcome === "cancelled", "the stream is cancelled");
      await eventually(() => {
        const second = asked(record)[1];
        return second?.answerComplete && second.phrases.every(({ heard }) => heard);
      }, "the second answer is heard to its end");
      await caller.hangUp();
      await world.nothingLeft();

      const [cut, next] = asked(record);
      assert.equal(cut!.interrupted, true);
      assert.ok(WRITTEN[0]!.replaceAll("| ", "").startsWith(heardText(cut!)), heardText(cut!));
      assert.equal(cut!.phrases.at(-1)!.heard, false);
      assert.equal(heardText(next!), WRITTEN[1]!.replaceAll("| ", ""));
      const spoken = streamsOf(grpc);
      assert.equal(spoken.length, 2, "a stream for each answer");
      assert.deepEqual(spoken.map(({ outcome }) => outcome), ["cancelled", "finished"]);
      assert.equal(textsOf(spoken[1]!).join(""), `${heardText(next!)} `);
      await eventually(() => grpc.openStreams === 0, "every stream at the service has ended");
      if (pbx.kind === "asterisk") await quoteCall(world, record, "yandex-stream");
    },
    {
      YANDEX_TTS_MODE: "stream",
      AGENT_PROVIDER: "openai",
      EARLY_START: false,
      FILLER_AFTER_MS: 0,
      LLM_STALL_TIMEOUT_MS: 30_000,
      TTS_CACHE_MB: 0,
    },
  );

  for (const mode of ["utterance", "stream"] as const) {
    const name =
      `when the voice breaks off in the middle of an answer (${mode}), another one continues, and each word is heard once`;
    if (pbx.kind === "simulator") {
      realTimeTest(name, () => heardWordForWord(pbx, mode));
    } else {
      scenario(name, heardOnceByLength, {
        YANDEX_TTS_MODE: mode,
        TTS_CACHE_MB: 0,
        EARLY_START: false,
      });
    }
  }
}

/** On a line that preserves tones: reads the caller's recording back. */
async function heardWordForWord(pbx: TestPbx, mode: "utterance" | "stream"): Promise<void> {
  const { turn, said, heard } = await failOver(pbx, mode);
  assert.deepEqual(heard, said);
  assert.ok(turn.phrases.every(({ heard }) => heard));
}

/** On a telephone line: judges by the requests and by how long the caller heard sound. */
async function heardOnceByLength(scene: YandexWorld): Promise<void> {
  const { world, grpc, rest } = scene;
  const { caller, record } = await world.greeted();
  rest.ttsFaults.always({ kind: "refuse", code: "UNAVAILABLE" });
  grpc.ttsFaults.always({ kind: "cut", after: 3 });
  const before = grpc.ttsRequests.length;
  const { endedAt } = await caller.say(await spokenBy(RUSSIAN_CALLER, QUESTION));
  await untilSpokenTo(caller.heard, endedAt, { quietMs: 2000 });
  await caller.hangUp();
  await world.nothingLeft();
  const [turn] = asked(record);
  assert.equal(turn!.interrupted, false);
  assert.ok(turn!.phrases.every(({ heard }) => heard));
  assert.deepEqual(record.restarts, []);

  const texts = grpc.ttsRequests.slice(before).map((request) => textsOf(request)[0]!.trim());
  const unsaid = texts[0]!.split(/\s+/).slice(3).join(" ");
  assert.ok(texts.includes(unsaid), `${texts.join(" / ")} continues where it broke off`);
  const wholeMs = durationMs(
    (await Promise.all(turn!.phrases.map(({ text }) => spokenBy(RUSSIAN_SERVICE, text))))
      .reduce((sum, { length }) => sum + length, 0),
  );
  const heardMs = FRAME_MS *
    caller.heard.filter((frame) => frame.at > endedAt && isAudible(frame)).length;
  assert.ok(
    heardMs > 0.6 * wholeMs && heardMs < 1.25 * wholeMs,
    `${heardMs} ms of sound were heard of an answer that is ${Math.round(wholeMs)} ms long`,
  );
  const failover = 'voxbot_speech_failovers_total{task="tts",from="yandex-rest",to="local"';
  assert.ok(await scene.metric(`${failover},code="HTTP_503"}`) >= 1);
  const errors = 'voxbot_speech_errors_total{task="tts",service="yandex",code="UNAVAILABLE"}';
  assert.ok(await scene.metric(errors) >= 2);
}

/** The answers that were spoken in one stream, oldest first. */
function streamsOf({ ttsRequests }: YandexGrpcServer): TtsRequest[] {
  return ttsRequests.filter(({ method }) => method === "StreamSynthesis");
}

/** The texts that the service was given to speak. */
function textsOf({ messages }: TtsRequest): string[] {
  return messages.flatMap(({ text, synthesis_input }) => text ?? synthesis_input?.text ?? []);
}
