// A process that asks one kind of server once, with the settings of its environment.

import { createEmbedder } from "../../agent/knowledge/embeddings.ts";
import { ChatModel } from "../../agent/model/chat_model.ts";
import { settingsFromEnvironment } from "../../config/environment.ts";
import type { Settings } from "../../config/settings.ts";
import { collect, frames, NEVER } from "../../speech/audio_rig.ts";
import { openAiClient } from "../../speech/openai/client.ts";
import { OpenAiAsr } from "../../speech/openai/stt.ts";
import { OpenAiTts } from "../../speech/openai/tts.ts";
import { toTones } from "../servers/speech/tone_speech.ts";

const REQUESTS: Readonly<Record<string, (settings: Settings) => Promise<unknown>>> = {
  model: async (settings) => {
    const answer = new ChatModel(settings).ask({
      model: "m",
      messages: [{ role: "user", content: "?" }],
      tools: [],
      temperature: 0,
      maxTokens: 5,
      streaming: true,
      firstTokenTimeoutMs: 30_000,
      stallTimeoutMs: 30_000,
      signal: NEVER,
    });
    for await (const _ of answer);
  },
  embeddings: (settings) => createEmbedder(settings).query("?", NEVER),
  voice: (settings) =>
    collect(
      new OpenAiTts(openAiClient(settings, 30_000), { model: "m", voice: "v", speed: 1 })
        .synthesize("да", { language: "ru", signal: NEVER }),
    ),
  recognition: (settings) => {
    const utterance = new OpenAiAsr(openAiClient(settings, 30_000), {
      model: "m",
      pieceMs: 1000,
      overlapMs: 150,
    }).open({ language: "ru", signal: NEVER, onPartial: () => {} });
    for (const frame of frames(toTones("привет"))) utterance.push(frame);
    return utterance.finish();
  },
};

await REQUESTS[Deno.args[0]!]!(settingsFromEnvironment()).catch(() => {
  // The server of the test refuses all.
});
Deno.exit(0);
