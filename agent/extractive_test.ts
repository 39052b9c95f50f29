import assert from "node:assert/strict";
import type { Language } from "../config/language.ts";
import { PromptsFile } from "../config/prompts.ts";
import { settingsWith } from "../config/read_settings.ts";
import type { DialogueTurn } from "./agent.ts";
import { createAgent } from "./mod.ts";

interface ExtractiveAnswer {
  readonly text: string;
  readonly heading: string | undefined;
  readonly kinds: readonly string[];
}

/** What the embedded assistant says to `text`, over the shipped bases. */
async function ask(
  language: Language,
  text: string,
  history: readonly DialogueTurn[] = [],
): Promise<ExtractiveAnswer> {
  const settings = settingsWith({ ASTERISK_LANG: language, AGENT_PROVIDER: "extractive" });
  const prompts = await (await PromptsFile.open(settings)).current();
  const agent = await createAgent(settings, prompts);
  const phrases: string[] = [];
  const kinds: string[] = [];
  let heading: string | undefined;
  const { signal } = new AbortController();
  for await (const event of agent.respond({ text, history, signal })) {
    kinds.push(event.kind);
    if (event.kind === "phrase") phrases.push(event.text);
    if (event.kind === "sources") heading = event.chunks[0]?.heading;
  }
  return { text: phrases.join(" "), heading, kinds };
}

Deno.test("a question in Russian is answered with the sentence that answers it", async () => {
  const answers = [
    ["Какая максимальная нагрузка у разрывной машины?", /шестьсот килоньютонов/],
    ["Какая максимальная нагрузка?", /шестьсот килоньютонов/],
    ["Какой у вас срок гарантии?", /двадцать четыре месяца/],
    ["Сколько стоит разрывная машина?", /Цена зависит/],
    ["До скольки вы работаете?", /до шести вечера/],
    ["Вы обучаете операторов?", /Обучение двух операторов/],
    ["Сколько весит РМ-300?", /^РМ-300: масса 2100 кг\.$/],
    ["Э-э, а сколько весит эр эм триста?", /^РМ-300: масса 2100 кг\.$/],
    ["До какой температуры греет печь?", /тысячи двухсот градусов/],
  ] as const;
  for (const [question, answer] of answers) {
    assert.match((await ask("ru", question)).text, answer, question);
  }
});

Deno.test("a question in English is answered with the sentence that answers it", async () => {
  const answers = [
    ["What is the maximum load of your tensile machine?", /six hundred kilonewtons/],
    ["What is the maximum load?", /six hundred kilonewtons/],
    ["When do you deliver?", /five to ten days/],
    ["How long is the warranty?", /twenty four months/],
    ["How much does a press cost?", /price depends/],
    ["How long does delivery take?", /five to ten days/],
    ["When are you open?", /Monday to Friday/],
    ["What does the TM-100 weigh?", /^TM-100: weight 900 kg\.$/],
    ["What does the T M one hundred weigh?", /^TM-100: weight 900 kg\.$/],
    ["How accurate is the load measurement?", /half a percent/],
  ] as const;
  for (const [question, answer] of answers) {
    assert.match((await ask("en", question)).text, answer, question);
  }
});

Deno.test("a misheard word still finds its answer", async () => {
  assert.equal((await ask("ru", "какая горантия")).heading, "Гарантия");
  assert.equal((await ask("en", "what is the warenty")).heading, "Warranty");
  assert.equal((await ask("en", "how much is the dilivery")).heading, "Delivery");
});

Deno.test("a caller who asks something that no base knows gets an honest no", async () => {
  for (const question of ["Какая погода завтра в Париже?", "Сколько стоит полёт на Луну?"]) {
    const { text, heading } = await ask("ru", question);
    assert.match(text, /нет сведений/, question);
    assert.equal(heading, undefined);
  }
  for (const question of ["Who won the football game last night?", "Do you sell cars?"]) {
    assert.match((await ask("en", question)).text, /no information/, question);
  }
});

Deno.test("a follow-up is understood together with the previous question", async () => {
  const history = [
    { role: "caller", text: "Есть у вас пресс ПБ-1000 для бетона?" },
    { role: "bot", text: "Да." },
  ] as const;
  assert.match((await ask("ru", "А какая у него масса?", history)).text, /ПБ-1000: масса 720 кг/);
  assert.match((await ask("ru", "А гарантия?", history)).text, /двадцать четыре месяца/);
});

Deno.test("thanks, a goodbye and a bare hello are answered as a person would", async () => {
  assert.match((await ask("ru", "Хорошо, спасибо большое")).text, /^Пожалуйста/);
  assert.match((await ask("ru", "Спасибо, до свидания.")).text, /До свидания/);
  assert.match((await ask("en", "Okay, thank you.")).text, /welcome/);
  assert.match((await ask("en", "Bye.")).text, /Goodbye/);
  assert.match((await ask("en", "Hello?")).text, /listening/);
  assert.match((await ask("ru", "…")).text, /не расслышал/);
});

Deno.test("an answer reports its timing and its source, then arrives phrase by phrase", async () => {
  const { kinds } = await ask("en", "How long does delivery take?");
  assert.deepEqual(kinds, ["stage", "sources", "phrase", "phrase"]);
});

Deno.test("a cancelled answer ends without a word", async () => {
  const settings = settingsWith({ ASTERISK_LANG: "en" });
  const prompts = await (await PromptsFile.open(settings)).current();
  const agent = await createAgent(settings, prompts);
  const signal = AbortSignal.abort();
  for await (
    const event of agent.respond({ text: "How long is the warranty?", history: [], signal })
  ) {
    assert.fail(`said ${JSON.stringify(event)}`);
  }
});

Deno.test("a goodbye is answered with the farewell, and then the call ends", async () => {
  assert.deepEqual((await ask("ru", "До свидания")).kinds, ["phrase", "tool"]);
  assert.deepEqual((await ask("ru", "Спасибо")).kinds, ["phrase"]);
});

Deno.test("an answer restarted after a crash leaves out what the caller has heard", async () => {
  const settings = settingsWith({ ASTERISK_LANG: "en" });
  const prompts = await (await PromptsFile.open(settings)).current();
  const agent = await createAgent(settings, prompts);
  const { signal } = new AbortController();
  const respond = async (alreadyHeard: readonly string[]) => {
    const said: string[] = [];
    const request = { text: "How long does delivery take?", history: [], alreadyHeard, signal };
    for await (const event of agent.respond(request)) {
      if (event.kind === "phrase") said.push(event.text);
    }
    return said;
  };
  const [first, second] = await respond([]);
  assert.deepEqual(await respond([first!]), [second]);
});

Deno.test("a question about a table column that names no row is answered with the range", async () => {
  const { text } = await ask("ru", "Сколько весят разрывные машины?");
  assert.equal(text, "РМ-5: масса 120 кг. РМ-600: масса 3800 кг.");
});

Deno.test("no sentence is spoken that depends on one the caller has not heard", async () => {
  const { text } = await ask("ru", "Сколько стоит?");
  assert.match(text, /^Цена зависит/);
  assert.doesNotMatch(text, /Оно бесплатное/);
});
