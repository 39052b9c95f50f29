// Can the bot hear and speak: are the models installed, do they run on this machine, do they know the
// caller's language, and do the speech services answer?

import type { Settings } from "../../config/settings.ts";
import { Espeak } from "../../speech/engine/voice/espeak.ts";
import { findModels } from "../../speech/engine/models.ts";
import { SileroModel } from "../../speech/engine/vad/silero.ts";
import { localVoice } from "../../speech/engine/wanted_models.ts";
import { probeSpeech } from "../../speech/probe.ts";
import { fail, type Finding, type Findings, ok, reasonOf } from "./finding.ts";

/** Checks models, voice, language and services. */
export async function* checkSpeech(settings: Settings): Findings {
  yield await checkModels();
  yield checkLanguage(settings);
  if (settings.TTS_PROVIDER.includes("local")) yield await checkVoice(settings);
  yield* checkServices(settings);
}

/** Sends a tiny real request to each service that the settings name. */
async function* checkServices(settings: Settings): Findings {
  try {
    for await (const { service, ok: answered, latencyMs, fix } of probeSpeech(settings)) {
      yield answered
        ? ok(`${service} answers within ${Math.round(latencyMs)} ms`)
        : fail(`${service} does not work`, fix);
    }
  } catch (error) {
    // A key or certificate file cannot be used; the error names it.
    yield fail(
      `the speech services cannot be set up: ${reasonOf(error)}`,
      "correct YANDEX_SERVICE_ACCOUNT_KEY_FILE or YANDEX_CA_FILE in .env",
    );
  }
}

async function checkModels(): Promise<Finding> {
  try {
    await using _loaded = await SileroModel.load(findModels().vad);
    return ok("the speech models are installed and run on this machine");
  } catch (error) {
    return fail(
      `the speech models do not load: ${reasonOf(error)}`,
      "run `npx --yes deno@2.9.6 install` in the bot's folder; onnxruntime needs 64-bit Linux with glibc",
    );
  }
}

function checkLanguage({ ASTERISK_LANG, ASR_PROVIDER }: Settings): Finding {
  const understood = ASTERISK_LANG === "en" || ASR_PROVIDER.some((name) => name !== "local");
  return understood
    ? ok(`${ASR_PROVIDER.join(", ")} can recognise callers who speak ${ASTERISK_LANG}`)
    : fail(
      `ASTERISK_LANG=${ASTERISK_LANG}, but the local recogniser knows English only`,
      "set ASTERISK_LANG=en, or ASR_PROVIDER to a service that knows Russian (yandex, openai)",
    );
}

async function checkVoice(settings: Settings): Promise<Finding> {
  const name = localVoice(settings);
  try {
    const espeak = await Espeak.load();
    let samples = 0;
    espeak.speak(settings.ASTERISK_LANG === "ru" ? "раз" : "one", { name, speed: 1 }, (pcm) => {
      samples += pcm.length;
      return true;
    });
    if (samples === 0) throw new Error("it produced no audio");
    return ok(`the local voice ${name} speaks`);
  } catch (error) {
    return fail(
      `the local voice ${name} does not speak: ${reasonOf(error)}`,
      "set LOCAL_TTS_VOICE to a voice of espeak-ng (ru, en-us, en-gb) or leave it empty; " +
        "if the package is missing, run `npx --yes deno@2.9.6 install`",
    );
  }
}
