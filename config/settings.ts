// Every setting of the service: one table, from which the reader, its types and docs/settings.md
// are made. Names are those of the environment, so that code says what the operator writes in `.env`.

import {
  choice,
  choices,
  type Doc,
  flag,
  httpServerOfAri,
  integer,
  number,
  pairs,
  secret,
  type Setting,
  text,
  url,
} from "./schema.ts";

type Table = Readonly<Record<string, Setting<unknown>>>;

const ASTERISK = {
  ARI_HTTP_URL: httpServerOfAri("http://127.0.0.1:8088", {
    en: "Asterisk's HTTP server, where ARI answers, with http.conf's prefix if there is one; a " +
      "trailing /ari may be there or not",
    ru: "HTTP-сервер Asterisk, на котором отвечает ARI, с prefix из http.conf, если он есть; " +
      "/ari в конце можно писать или не писать",
  }),
  ARI_USER: text("", {
    en: "ARI user from ari.conf",
    ru: "пользователь ARI из ari.conf",
  }),
  ARI_PASSWORD: secret({
    en: "password of ARI_USER",
    ru: "пароль пользователя ARI_USER",
  }),
  ARI_APP_NAME: text("voxbot", {
    en: "Stasis application to which the dialplan sends calls",
    ru: "приложение Stasis, в которое диалплан направляет звонки",
  }),
  ARI_FALLBACK_CONTEXT: text("", {
    en: "dialplan context in which a call continues when the bot cannot serve it, such as an " +
      "operator queue; empty: the call is hung up",
    ru: "контекст диалплана, в котором звонок продолжится, если бот не может его вести " +
      "(например, очередь операторов); пусто — звонок завершается",
  }),
  ASTERISK_LANG: choice("ru", ["ru", "en"], {
    en: "language of the voice, the prompts, the knowledge bases and the search",
    ru: "язык голоса, фраз, баз знаний и поиска",
  }),
  ASTERISK_SOUNDS_DIR: text("", {
    unit: "path",
    en: "folder in which the PBX looks for sounds (files transport); empty: the PBX is asked",
    ru: "папка, в которой АТС ищет звуки (транспорт files); пусто — бот спросит у АТС",
  }),
  ASTERISK_RECORDING_DIR: text("", {
    unit: "path",
    en: "folder in which the PBX keeps ARI recordings (files transport); empty: the PBX is asked",
    ru: "папка, в которой АТС хранит записи ARI (транспорт files); пусто — бот спросит у АТС",
  }),
} as const satisfies Table;

const MEDIA = {
  MEDIA_TRANSPORT: choice("auto", ["auto", "websocket", "audiosocket", "rtp", "files"], {
    en: "how audio travels; auto: the first transport that the PBX supports",
    ru: "как передаётся звук; auto — первый способ, который поддерживает АТС",
  }),
  MEDIA_HOST: text("127.0.0.1", {
    en: "address at which the PBX reaches this machine (audiosocket, rtp)",
    ru: "адрес, по которому АТС обращается к этой машине (audiosocket, rtp)",
  }),
  RTP_PORT_MIN: integer(30000, [1024, 65535], {
    en: "first UDP port for calls (rtp)",
    ru: "первый UDP-порт для звонков (rtp)",
  }),
  RTP_PORT_MAX: integer(30999, [1024, 65535], {
    en: "last UDP port for calls (rtp); each call takes one",
    ru: "последний UDP-порт для звонков (rtp); каждый звонок занимает один",
  }),
  MEDIA_CONNECT_TIMEOUT_MS: integer(5000, [100, 60000], {
    unit: "ms",
    en: "longest time a media channel may take to connect",
    ru: "за какое время должен подключиться звуковой канал",
  }),
  PLAYOUT_LOOKAHEAD_MS: integer(2000, [100, 15000], {
    unit: "ms",
    en: "most audio given to the PBX ahead of time",
    ru: "сколько звука, самое большее, отдавать АТС заранее",
  }),
  RECORD_CALLS: flag(true, {
    en: "keep a stereo WAV of each call in DATA_DIR/recordings",
    ru: "сохранять стереозапись (WAV) каждого звонка в DATA_DIR/recordings",
  }),
  MASK_CARDS: flag(true, {
    en:
      "mask card numbers and their codes in what callers say, and the keys they press, wherever " +
      "they are kept or sent; a recording keeps them all the same",
    ru:
      "скрывать номера карт, их коды и нажатые клавиши везде, где слова звонящих сохраняются или " +
      "передаются; в записи разговора они остаются",
  }),
} as const satisfies Table;

const TURN_TAKING = {
  VAD_THRESHOLD: number(0.5, [0.05, 0.95], {
    en: "speech probability from which a frame counts as speech",
    ru: "вероятность речи, начиная с которой кадр считается речью",
  }),
  PREROLL_MS: integer(300, [0, 2000], {
    unit: "ms",
    en: "audio kept from before the onset of speech, so that the first word is complete",
    ru: "сколько звука до начала речи сохраняется, чтобы первое слово осталось целым",
  }),
  ENDPOINT_SILENCE_MS: integer(400, [100, 5000], {
    unit: "ms",
    en: "silence that ends a turn which sounds finished",
    ru: "тишина, после которой реплика, похожая на законченную, считается законченной",
  }),
  ENDPOINT_MAX_SILENCE_MS: integer(2000, [200, 10000], {
    unit: "ms",
    en: "silence that ends a turn which sounds unfinished",
    ru: "тишина, после которой считается законченной любая реплика",
  }),
  ENDPOINT_PATIENCE_MS: integer(0, [0, 5000], {
    unit: "ms",
    en:
      "silence in which callers may add to what sounded finished: the answer is made meanwhile, " +
      "but held back, and what they add joins the turn. 1500 to 2000 for callers who pause " +
      "between sentences; a yes, a no and # are answered without it",
    ru: "тишина, в которую звонящий может дополнить реплику, похожую на законченную: ответ " +
      "готовится, но не звучит, а сказанное присоединяется к реплике. 1500–2000, если звонящие " +
      "делают паузы между предложениями; на «да», «нет» и # бот отвечает без неё",
  }),
  BARGE_IN: flag(true, {
    en: "the caller can interrupt the bot",
    ru: "звонящий может перебить бота",
  }),
  BARGE_IN_GUARD_MS: integer(300, [0, 3000], {
    unit: "ms",
    en: "time from the start of a phrase in which the bot's own echo is not taken for a barge-in",
    ru: "время от начала фразы бота, в течение которого её эхо не считается перебиванием",
  }),
  BARGE_IN_CONFIRM_MS: integer(1000, [100, 5000], {
    unit: "ms",
    en: "speech of this length is a barge-in, whatever its words",
    ru: "речь такой длины считается перебиванием, каковы бы ни были слова",
  }),
  SILENCE_NUDGE_SECONDS: number(8, [1, 120], {
    unit: "s",
    en: "silence after which the caller is asked, once, whether they are there",
    ru: "тишина, после которой бот один раз обращается к звонящему",
  }),
  MAX_UTTERANCE_SECONDS: number(60, [1, 600], {
    unit: "s",
    en: "longest utterance of the caller",
    ru: "предельная длина одной реплики звонящего",
  }),
} as const satisfies Table;

const SUPERVISION = {
  CALL_INACTIVITY_TIMEOUT: number(180, [1, 86400], {
    unit: "s",
    en: "a call in which nobody has spoken for this long is ended",
    ru: "звонок, в котором столько времени никто не говорит, завершается",
  }),
  CHANNEL_MONITOR_INTERVAL: number(60, [1, 3600], {
    unit: "s",
    en: "how often live calls are compared with the PBX's channels",
    ru: "как часто текущие звонки сверяются с каналами АТС",
  }),
  AI_PROCESSING_TIMEOUT: number(20, [1, 300], {
    unit: "s",
    en: "longest time the caller waits for an answer",
    ru: "предельное время ожидания ответа звонящим",
  }),
  PLAYBACK_RETRY_COUNT: integer(3, [0, 20], {
    en: "how often a phrase that could not be spoken is tried again",
    ru: "сколько раз повторять попытку произнести фразу, если не вышло сразу",
  }),
  MAX_CALL_SECONDS: number(1800, [10, 86400], {
    unit: "s",
    en: "longest call",
    ru: "предельная длина звонка",
  }),
  MAX_TURNS: integer(100, [0, 100000], {
    en: "turns that a caller may have in one call; when the last one is answered, the bot says " +
      "`call_limit` and the caller goes to ARI_FALLBACK_CONTEXT. 0: no bound",
    ru: "сколько реплик может быть у звонящего за один звонок; ответив на последнюю, бот говорит " +
      "`call_limit`, и звонящий уходит в ARI_FALLBACK_CONTEXT. 0 — без предела",
  }),
  DRAIN_TIMEOUT_SECONDS: number(30, [0, 3600], {
    unit: "s",
    en: "time that running calls have to finish after SIGTERM",
    ru: "сколько времени есть у текущих звонков после SIGTERM",
  }),
  CALL_POOL_SIZE: integer(2, [0, 64], {
    en: "warm call isolates kept ready, at least",
    ru: "сколько прогретых изолятов держать наготове, самое малое",
  }),
  CALL_POOL_MAX: integer(10, [0, 64], {
    en:
      "warm call isolates kept ready while calls come fast: as many as came while one was being " +
      "made ready, for minutes after a wave. Each takes 20 MB. CALL_POOL_SIZE or less: no more " +
      "than those",
    ru: "сколько прогретых изолятов держать наготове, пока звонки идут часто: столько, сколько " +
      "пришло за время подготовки одного, и ещё несколько минут после волны. Каждый занимает " +
      "20 МБ. Не больше CALL_POOL_SIZE — значит, запас не растёт",
  }),
  CALL_HEAP_MB: integer(128, [32, 4096], {
    unit: "MB",
    en: "heap limit of a call isolate",
    ru: "предел кучи изолята звонка",
  }),
  CALL_RESTART_INTENSITY: integer(5, [0, 1000], {
    en: "restarts allowed to one call within CALL_RESTART_PERIOD_SECONDS",
    ru: "сколько перезапусков допускается для одного звонка за CALL_RESTART_PERIOD_SECONDS",
  }),
  CALL_RESTART_PERIOD_SECONDS: number(60, [1, 3600], {
    unit: "s",
    en: "period over which restarts are counted",
    ru: "за какое время считаются перезапуски",
  }),
  MAX_CALLS: integer(100, [1, 10000], {
    en: "calls served at the same time; what becomes of further ones, OVERLOAD says",
    ru: "сколько звонков обслуживается одновременно; что будет с остальными, решает OVERLOAD",
  }),
  OVERLOAD: choice("queue", ["queue", "fallback", "busy"], {
    en:
      "a caller whom nobody can serve at the moment: queue: hears the prompt `busy_wait`, then the " +
      "PBX's music on hold, and is answered in turn; fallback: hears `busy_handover` and goes to " +
      "ARI_FALLBACK_CONTEXT; busy: hears a busy line, unanswered if the dialplan has not answered",
    ru:
      "звонящий, которого сейчас некому обслужить: queue — слышит фразу `busy_wait`, затем музыку " +
      "АТС, и ему отвечают в порядке очереди; fallback — слышит `busy_handover` и уходит в " +
      "ARI_FALLBACK_CONTEXT; busy — слышит «занято», без ответа, если диалплан не ответил сам",
  }),
  OVERLOAD_WAIT_SECONDS: number(60, [1, 3600], {
    unit: "s",
    en: "longest wait with OVERLOAD=queue; then the caller goes on as with OVERLOAD=fallback",
    ru: "предельное ожидание при OVERLOAD=queue; затем со звонком как при OVERLOAD=fallback",
  }),
  OVERLOAD_MAX_WAITING: integer(50, [1, 1000], {
    en: "callers who may wait at the same time; further ones go on as with OVERLOAD=fallback",
    ru: "сколько звонящих может ждать одновременно; с остальными как при OVERLOAD=fallback",
  }),
  CAPACITY_GUARD: flag(true, {
    en:
      "take a further call only while the service measures that it can serve all calls in time; " +
      "off: MAX_CALLS alone decides",
    ru: "принимать ещё один звонок, только пока по замерам сервиса хватает сил на все звонки; " +
      "выключено — решает один MAX_CALLS",
  }),
  MAX_CALLS_PER_CALLER: integer(5, [0, 10000], {
    en: "calls that one caller's number may have at the same time; further ones go to " +
      "ARI_FALLBACK_CONTEXT. 0: no limit, for a trunk that shows one number for all its callers",
    ru: "сколько звонков одновременно может быть с одного номера; остальные уходят в " +
      "ARI_FALLBACK_CONTEXT. 0 — без предела, если линия показывает один номер для всех",
  }),
  FAULT_INJECTION: flag(false, {
    en: "allow POST /api/calls/{id}/fault; for tests only",
    ru: "разрешить POST /api/calls/{id}/fault; только для испытаний",
  }),
} as const satisfies Table;

const ASSISTANT = {
  AGENT_PROVIDER: choice("auto", ["auto", "extractive", "openai"], {
    en: "what answers; auto: openai if OPENAI_API_KEY is set, extractive otherwise",
    ru: "кто отвечает; auto — openai, если задан OPENAI_API_KEY, иначе extractive",
  }),
  PROMPTS_FILE_PATH: text("", {
    unit: "path",
    en: "prompts file; empty: config/prompts.json (ru) or config/prompts.en.json (en)",
    ru: "файл фраз; пусто — config/prompts.json (ru) или config/prompts.en.json (en)",
  }),
  KNOWLEDGE_BASE_PATH: text("", {
    unit: "path",
    en: "general knowledge base; empty: config/kb/general.md (ru) or config/kb/general.en.md (en)",
    ru: "общая база знаний; пусто — config/kb/general.md (ru) или config/kb/general.en.md (en)",
  }),
  KNOWLEDGE_BASE2_PATH: text("", {
    unit: "path",
    en: "technical knowledge base; empty: config/kb/tech.md (ru) or config/kb/tech.en.md (en)",
    ru: "техническая база знаний; пусто — config/kb/tech.md (ru) или config/kb/tech.en.md (en)",
  }),
  KB_TOP_K: integer(3, [1, 20], {
    en: "passages retrieved for a question",
    ru: "сколько отрывков отбирается для ответа на вопрос",
  }),
  OPENAI_API_KEY: secret({
    en: "key of OpenAI, or of the compatible server at OPENAI_BASE_URL",
    ru: "ключ OpenAI или совместимого сервера из OPENAI_BASE_URL",
  }),
  OPENAI_BASE_URL: url("", {
    en: "an OpenAI-compatible server, such as http://127.0.0.1:8080/v1",
    ru: "сервер, совместимый с OpenAI, например http://127.0.0.1:8080/v1",
  }),
  LLM_MODEL_PRIMARY: text("gpt-4o-mini", {
    en: "model that answers",
    ru: "модель, которая отвечает",
  }),
  LLM_MODEL_FALLBACK: text("gpt-4.1-mini", {
    en: "model that answers when the first one cannot",
    ru: "модель, которая отвечает, когда не может первая",
  }),
  LLM_TEMPERATURE: number(0.2, [0, 2], {
    en: "how freely the model answers",
    ru: "насколько вольно отвечает модель",
  }),
  LLM_MAX_TOKENS: integer(400, [16, 8192], {
    unit: "tokens",
    en: "longest answer of the model",
    ru: "предельная длина ответа модели",
  }),
  LLM_FIRST_TOKEN_TIMEOUT_MS: integer(4000, [100, 60000], {
    unit: "ms",
    en: "how long a model may take to begin its answer before the next one is asked",
    ru: "сколько ждать начала ответа, прежде чем спросить следующую модель",
  }),
  LLM_STALL_TIMEOUT_MS: integer(3000, [100, 60000], {
    unit: "ms",
    en: "how long an answer may stall before the next model continues it",
    ru: "сколько ждать продолжения начатого ответа, прежде чем его продолжит следующая модель",
  }),
  LLM_HISTORY_TOKENS: integer(1500, [0, 100000], {
    unit: "tokens",
    en: "longest history of the conversation that the model sees",
    ru: "предельная длина истории разговора, которую видит модель",
  }),
  LLM_CALL_TOKENS: integer(200000, [0, 1000000000], {
    unit: "tokens",
    en: "what models may use for one call, prompts and answers together; a call that has used it " +
      "up ends as with MAX_TURNS. 0: no bound",
    ru: "сколько модели могут потратить на один звонок, на запросы и ответы вместе; звонок, " +
      "который столько потратил, кончается так же, как с MAX_TURNS. 0 — без предела",
  }),
  LLM_DAILY_TOKENS: integer(10000000, [0, 1000000000000], {
    unit: "tokens",
    en:
      "what models may use for all calls of a day of the host's time; when it is used up, calls " +
      "go on and the knowledge base answers without a model until midnight. 0: no bound",
    ru: "сколько модели могут потратить за сутки по времени машины на все звонки; когда это " +
      "потрачено, звонки идут дальше, а отвечает до полуночи база знаний без модели. 0 — без предела",
  }),
  EARLY_START: flag(true, {
    en: "begin answers while the caller may still continue; costs some extra requests",
    ru: "начинать ответ, пока звонящий ещё может продолжить; стоит лишних запросов",
  }),
  AGENT_TOOLS: choices(
    "transfer_to,hang_up,take_contact",
    ["transfer_to", "hang_up", "take_contact", "send_dtmf", "none"],
    {
      en: "what the model may do besides speaking, as a comma-separated list",
      ru: "что модель может делать, кроме как говорить; список через запятую",
    },
  ),
  TRANSFER_TARGETS: pairs("", {
    en: "where calls may be transferred, as key:extension: sales:201,service:202",
    ru: "куда можно переводить звонки, в виде ключ:номер: sales:201,service:202",
  }),
  TRANSFER_CONTEXT: text("voxbot-operators", {
    en: "dialplan context of the extensions in TRANSFER_TARGETS",
    ru: "контекст диалплана, в котором находятся номера из TRANSFER_TARGETS",
  }),
} as const satisfies Table;

const SEARCH_BY_MEANING = {
  CHROMA_URL: url("", {
    en: "Chroma server that holds the knowledge bases; empty: questions are searched by words",
    ru: "сервер Chroma с базами знаний; пусто — поиск идёт по словам",
  }),
  CHROMA_COLLECTION: text("voxbot-kb", {
    en: "name under which Chroma keeps the knowledge bases",
    ru: "имя, под которым Chroma хранит базы знаний",
  }),
  CHROMA_TIMEOUT_MS: integer(1500, [50, 60000], {
    unit: "ms",
    en: "longest search in Chroma, embedding included, before words are searched instead",
    ru: "предельное время поиска в Chroma вместе с эмбеддингом; дольше — поиск по словам",
  }),
  EMBEDDING_PROVIDER: choice("openai", ["openai", "yandex"], {
    en: "service that makes embeddings for Chroma",
    ru: "сервис, который делает эмбеддинги для Chroma",
  }),
  EMBEDDING_MODEL: text("", {
    en: "embedding model; empty: text-embedding-3-small (openai) or text-search (yandex)",
    ru: "модель эмбеддингов; пусто — text-embedding-3-small (openai) или text-search (yandex)",
  }),
  YANDEX_EMBEDDING_URL: url("https://llm.api.cloud.yandex.net/foundationModels/v1/textEmbedding", {
    en: "Yandex embedding service",
    ru: "сервис эмбеддингов Yandex",
  }),
} as const satisfies Table;

const SPEECH = {
  ASR_PROVIDER: choices("local", ["yandex", "openai", "local"], {
    en:
      "speech recognition, comma-separated in order of preference; the next is used when one fails; " +
      "empty: yandex,local for Russian with a key of Yandex",
    ru: "распознавание речи, через запятую в порядке предпочтения; при сбое берётся следующее; " +
      "пусто — yandex,local, если язык русский и задан ключ Yandex",
  }),
  TTS_PROVIDER: choices("local", ["yandex", "openai", "local"], {
    en:
      "speech synthesis, comma-separated in order of preference; the next is used when one fails; " +
      "empty: yandex,local for Russian with a key of Yandex",
    ru: "синтез речи, через запятую в порядке предпочтения; при сбое берётся следующий; " +
      "пусто — yandex,local, если язык русский и задан ключ Yandex",
  }),
  LOCAL_TTS_VOICE: text("", {
    en: "espeak-ng voice; empty: ru or en-us, by ASTERISK_LANG",
    ru: "голос espeak-ng; пусто — ru или en-us, по ASTERISK_LANG",
  }),
  LOCAL_TTS_SPEED: number(1, [0.5, 2], {
    en: "speaking rate of the local voice",
    ru: "темп локального голоса",
  }),
  SPEECH_FIRST_BYTE_TIMEOUT_MS: integer(2500, [100, 30000], {
    unit: "ms",
    en: "how long a speech service may be silent after a request before the next one is used",
    ru: "сколько сервис речи может молчать после запроса, прежде чем его сменит следующий",
  }),
  SPEECH_STALL_TIMEOUT_MS: integer(5000, [100, 60000], {
    unit: "ms",
    en: "how long a speech service may stall in mid-answer before the next one is used",
    ru: "сколько сервис речи может молчать посреди ответа, прежде чем его сменит следующий",
  }),
  TTS_CACHE_MB: integer(256, [0, 100000], {
    unit: "MB",
    en: "how many spoken phrases DATA_DIR/phrase-cache keeps; 0: none",
    ru: "сколько произнесённых фраз хранить в DATA_DIR/phrase-cache; 0 — нисколько",
  }),
  TTS_PARALLEL: integer(3, [1, 16], {
    en: "phrases of one answer synthesised at the same time",
    ru: "сколько фраз одного ответа синтезируется одновременно",
  }),
  FILLER_AFTER_MS: integer(900, [0, 10000], {
    unit: "ms",
    en: "when the bot says a filler if the answer is not ready; 0: never",
    ru: "через сколько произнести слово-заполнитель, если ответ ещё не готов; 0 — никогда",
  }),
} as const satisfies Table;

const YANDEX = {
  YANDEX_API_KEY: secret({
    en: "API key of a Yandex Cloud service account",
    ru: "API-ключ сервисного аккаунта Yandex Cloud",
  }),
  YANDEX_SERVICE_ACCOUNT_KEY_FILE: text("", {
    unit: "path",
    en: "authorized key (JSON) of a Yandex Cloud service account, used if there is no API key",
    ru: "авторизованный ключ (JSON) сервисного аккаунта Yandex Cloud; нужен, если нет API-ключа",
  }),
  OAUTH_TOKEN: secret({
    en: "OAuth token of a Yandex user, used if there is neither an API key nor a key file",
    ru: "OAuth-токен пользователя Яндекса; нужен, если нет ни API-ключа, ни файла с ключом",
  }),
  YANDEX_FOLDER_ID: text("", {
    en: "Yandex Cloud folder; embeddings need it, speech only with OAUTH_TOKEN",
    ru: "каталог Yandex Cloud; нужен эмбеддингам, а речи — только вместе с OAUTH_TOKEN",
  }),
  YANDEX_STT_MODEL: text("general", {
    en: "recognition model",
    ru: "модель распознавания",
  }),
  YANDEX_STT_LANGUAGE: text("", {
    en: "language code such as ru-RU; empty: by ASTERISK_LANG",
    ru: "код языка, например ru-RU; пусто — по ASTERISK_LANG",
  }),
  YANDEX_STT_NORMALIZATION: flag(true, {
    en: "Yandex writes numbers, dates and phone numbers in digits",
    ru: "Yandex записывает числа, даты и телефоны цифрами",
  }),
  YANDEX_STT_EOU: choice("external", ["external", "default", "high"], {
    en: "what decides that an utterance is over: the bot (external), or Yandex with default or " +
      "high sensitivity",
    ru: "кто решает, что реплика закончена: бот (external) или Yandex с чувствительностью " +
      "default или high",
  }),
  YANDEX_STT_MAX_PAUSE_MS: integer(0, [0, 5000], {
    unit: "ms",
    en: "hint to Yandex's end-of-utterance detector: longest pause between words; 0: no hint",
    ru: "подсказка детектору конца реплики: самая длинная пауза между словами; 0 — без подсказки",
  }),
  YANDEX_TTS_VOICE: text("jane", {
    en: "voice",
    ru: "голос",
  }),
  YANDEX_TTS_ROLE: text("", {
    en: "role of the voice, such as good; empty: the voice's default",
    ru: "роль голоса, например good; пусто — обычная для этого голоса",
  }),
  YANDEX_TTS_SPEED: number(1.2, [0.1, 3], {
    en: "speaking rate",
    ru: "темп речи",
  }),
  YANDEX_TTS_MODE: choice("utterance", ["utterance", "stream"], {
    en: "utterance: a request for each phrase; stream: one stream for each answer, fed phrase by " +
      "phrase",
    ru: "utterance — запрос на каждую фразу; stream — один поток на ответ, фраза за фразой",
  }),
  YANDEX_STT_ENDPOINT: text("stt.api.cloud.yandex.net:443", {
    en: "recognition (gRPC): host:port, or http://host:port without TLS",
    ru: "распознавание (gRPC): host:port, а без TLS — http://host:port",
  }),
  YANDEX_TTS_ENDPOINT: text("tts.api.cloud.yandex.net:443", {
    en: "synthesis (gRPC): host:port, or http://host:port without TLS",
    ru: "синтез (gRPC): host:port, а без TLS — http://host:port",
  }),
  YANDEX_TTS_V1_ENDPOINT: url("https://tts.api.cloud.yandex.net", {
    en: "synthesis (REST v1), the fallback of the gRPC one",
    ru: "синтез (REST v1), запасной для gRPC",
  }),
  YANDEX_IAM_ENDPOINT: url("https://iam.api.cloud.yandex.net", {
    en: "service that issues IAM tokens",
    ru: "сервис, который выдаёт IAM-токены",
  }),
  YANDEX_CA_FILE: text("", {
    unit: "path",
    en: "CA certificate (PEM) to verify the gRPC endpoints with, instead of the usual ones",
    ru: "сертификат удостоверяющего центра (PEM) для проверки gRPC-серверов вместо системных",
  }),
} as const satisfies Table;

const OPENAI_SPEECH = {
  OPENAI_STT_MODEL: text("gpt-4o-mini-transcribe", {
    en: "transcription model",
    ru: "модель распознавания",
  }),
  OPENAI_TTS_MODEL: text("gpt-4o-mini-tts", {
    en: "speech model",
    ru: "модель речи",
  }),
  OPENAI_TTS_VOICE: text("nova", {
    en: "voice",
    ru: "голос",
  }),
  OPENAI_TTS_SPEED: number(1, [0.25, 4], {
    en: "speaking rate",
    ru: "темп речи",
  }),
  CHUNK_STREAMING_SECONDS: number(5, [1, 60], {
    unit: "s",
    en: "length of the pieces that are transcribed while the caller is still speaking",
    ru: "длина кусков речи, которые распознаются, пока звонящий ещё говорит",
  }),
  CHUNK_OVERLAP_MS: integer(150, [0, 2000], {
    unit: "ms",
    en: "overlap of two pieces where there was no pause to cut at",
    ru: "нахлёст двух кусков, если между ними не нашлось паузы",
  }),
} as const satisfies Table;

const SERVICE = {
  DATA_DIR: text("data", {
    unit: "path",
    en: "folder of recordings, journal and caches",
    ru: "папка записей, журнала и кешей",
  }),
  KEEP_JOURNAL_DAYS: integer(90, [0, 36500], {
    unit: "days",
    en: "how long the journal keeps what was said in a call that has ended; 0: for ever",
    ru: "сколько журнал хранит сказанное в законченном звонке; 0 — всегда",
  }),
  KEEP_RECORDINGS_DAYS: integer(30, [0, 36500], {
    unit: "days",
    en: "how long recordings are kept, at most KEEP_JOURNAL_DAYS; 0: for ever",
    ru: "сколько хранятся записи разговоров, не дольше KEEP_JOURNAL_DAYS; 0 — всегда",
  }),
  MIN_FREE_DISK_MB: integer(500, [0, 1_000_000], {
    unit: "MB",
    en:
      "with less free on DATA_DIR's disk no call is recorded, so that the journal has room; 0: record always",
    ru:
      "если на диске DATA_DIR свободно меньше, разговоры не записываются, чтобы хватило места журналу; 0 — записывать всегда",
  }),
  CONSOLE_HOST: text("127.0.0.1", {
    en: "address on which the HTTP console listens",
    ru: "адрес, на котором слушает HTTP-консоль",
  }),
  CONSOLE_PORT: integer(9000, [0, 65535], {
    en: "port of the HTTP console; 0: any free one",
    ru: "порт HTTP-консоли; 0 — любой свободный",
  }),
  CONSOLE_TOKEN: secret({
    en: "token that the HTTP console asks for (Authorization: Bearer …), 16 characters or more; " +
      "needed when CONSOLE_HOST is not loopback",
    ru: "токен, который требует HTTP-консоль (Authorization: Bearer …), не короче 16 символов; " +
      "обязателен, если CONSOLE_HOST — не loopback",
  }),
  CONSOLE_ALLOWED_HOSTS: text("", {
    en: "names, besides localhost and CONSOLE_HOST, by which browsers and programs may ask the " +
      "console, as a comma-separated list",
    ru: "имена, кроме localhost и CONSOLE_HOST, по которым браузерам и программам можно " +
      "обращаться к консоли, через запятую",
  }),
  ALLOW_NET: text("", {
    en: "hosts that the service may reach or listen on besides those of the other settings, as a " +
      "comma-separated list of host or host:port; whole: any host",
    ru: "к каким узлам, кроме названных в других настройках, служба может обращаться: список " +
      "host или host:port через запятую; whole — к любым",
  }),
  HUNG_THREADS_IDLE: flag(false, {
    en: "give hung threads only the CPU time that nobody else wants; needs all permissions of " +
      "Deno, so start runs with --allow-all (docs/security.md)",
    ru: "отдавать зависшим потокам только то процессорное время, которое больше никому не нужно; " +
      "для этого start получает все разрешения Deno, --allow-all (docs/security.md)",
  }),
  LOG_LEVEL: choice("info", ["debug", "info", "warning", "error"], {
    en: "least severe level of the log lines shown",
    ru: "минимальный уровень строк, попадающих в журнал",
  }),
  LOG_FORMAT: choice("text", ["text", "json"], {
    en: "text: lines for people; json: an object a line, for programs that collect logs",
    ru:
      "text — строки для людей; json — по объекту в строке, для программ, которые собирают журналы",
  }),
} as const satisfies Table;

/** The settings in the order and under the headings of docs/settings.md. */
export const SECTIONS: readonly { readonly title: Doc; readonly settings: Table }[] = [
  { title: { en: "Asterisk", ru: "Asterisk" }, settings: ASTERISK },
  { title: { en: "Media", ru: "Звук" }, settings: MEDIA },
  { title: { en: "Turn-taking", ru: "Очерёдность реплик" }, settings: TURN_TAKING },
  { title: { en: "Deadlines and supervision", ru: "Сроки и надзор" }, settings: SUPERVISION },
  { title: { en: "Assistant", ru: "Помощник" }, settings: ASSISTANT },
  { title: { en: "Search by meaning", ru: "Поиск по смыслу" }, settings: SEARCH_BY_MEANING },
  { title: { en: "Speech", ru: "Речь" }, settings: SPEECH },
  { title: { en: "Yandex Cloud", ru: "Yandex Cloud" }, settings: YANDEX },
  { title: { en: "OpenAI speech", ru: "Речь OpenAI" }, settings: OPENAI_SPEECH },
  { title: { en: "Service", ru: "Служба" }, settings: SERVICE },
];

/** All settings by their environment name. */
export const SCHEMA = {
  ...ASTERISK,
  ...MEDIA,
  ...TURN_TAKING,
  ...SUPERVISION,
  ...ASSISTANT,
  ...SEARCH_BY_MEANING,
  ...SPEECH,
  ...YANDEX,
  ...OPENAI_SPEECH,
  ...SERVICE,
} as const;

/** A setting's environment name. */
export type SettingName = keyof typeof SCHEMA;

/** All settings, by environment name, parsed. A plain object, so that it can be sent to an isolate. */
export type Settings = {
  readonly [N in SettingName]: (typeof SCHEMA)[N] extends Setting<infer T> ? T : never;
};
