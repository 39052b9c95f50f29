// A real Asterisk for tests: installed once, started on free loopback ports with the sample
// configuration of asterisk/etc, and called by real SIP phones.

import type { Leftovers, PbxEnv, TestPbx } from "../../testing/mod.ts";
import type { G711Law } from "../../media/codec/g711.ts";
import { AsteriskProcess, consoleCommand } from "./asterisk_process.ts";
import { TestbedError } from "./error.ts";
import { installAsterisk } from "./install.ts";
import { createInstance, type Instance, removeInstance } from "./instance.ts";
import { Phones } from "./phones/phones.ts";
import type { ReleaseName } from "./releases.ts";
import { SipCaller } from "./phones/sip_caller.ts";
import { sipScenario } from "./phones/sip_scenario.ts";
import { linkPrompts, PROMPT_FOLDERS, type PromptLanguage, soundsFolder } from "./sounds.ts";
import { PAYLOAD_EVENT } from "./phones/telephone_event.ts";

/** The dialplan's extensions in asterisk/etc/extensions.conf. */
export const BOT_EXTENSION = "100";
export const OPERATOR_EXTENSION = "200";

/** A recorded human voice that comes with Asterisk: 8 kHz 16-bit mono WAV. */
export interface Prompt {
  /** Its name in ARI and the dialplan, e.g. "vm-goodbye" or "digits/1". */
  readonly name: string;
  /** Absolute path on this machine. */
  readonly path: string;
}

/** The caller, the extension called, and the codec. */
export interface SipCallOptions {
  readonly callerNumber?: string;
  readonly extension?: string;
  readonly codec?: G711Law;
}

/** An Asterisk that a test owns. */
export interface Testbed extends TestPbx {
  readonly kind: "asterisk";
  readonly release: ReleaseName;
  /** The folder of this Asterisk's etc, run, log and spool, on this machine. */
  readonly folder: string;
  /** Asterisk's folder of sounds, on this machine. */
  readonly soundsDir: string;
  /** Asterisk's folder of ARI recordings, on this machine. */
  readonly recordingDir: string;
  /** How a SIP phone of one's own calls: the port of the loopback address, and the line's password. */
  readonly sip: { readonly port: number; readonly user: string; readonly password: string };
  /** Calls from a SIP phone, which can also `vanish()`; `codec` is the only one it offers. */
  call(options?: SipCallOptions): Promise<SipCaller>;
  /** Runs a command on Asterisk's console (`asterisk -rx`). @returns its output. */
  cli(command: string): Promise<string>;
  /** Asterisk's log since its first start, oldest first. */
  log(): Promise<string>;
  /** The recorded prompts of a language, by name. */
  prompts(language: PromptLanguage): Promise<readonly Prompt[]>;
  /** The path of a recorded prompt, e.g. `("en", "vm-goodbye")`. */
  promptPath(language: PromptLanguage, name: string): string;
  /** Shuts Asterisk down, unless it is down, and starts it again on the same ports. */
  restart(): Promise<void>;
  /** Kills Asterisk, like a power failure; `restart` brings it back. */
  kill(): Promise<void>;
}

/**
 * Installs Asterisk if necessary, and starts one. Dispose it to stop it and remove its files. If
 * this process dies, Asterisk dies with it, and the next start removes the files.
 *
 * @throws {TestbedError} with the cure, when this machine cannot run it.
 */
export async function startTestbed(
  { release = "22", httpPath = "" }: { release?: ReleaseName; httpPath?: string } = {},
): Promise<Testbed> {
  const tree = await installAsterisk(release);
  await linkPrompts(tree);
  await using started = new AsyncDisposableStack();
  const instance = await createInstance(tree, httpPath);
  started.defer(() => removeInstance(instance));
  const phones = started.use(await Phones.start());
  const process = await AsteriskProcess.start(tree, instance);
  return new RealAsterisk(release, tree, instance, process, phones, started.move());
}

class RealAsterisk implements Testbed {
  readonly kind = "asterisk";
  readonly env: PbxEnv;
  readonly sip: Testbed["sip"];
  readonly folder: string;
  readonly soundsDir: string;
  readonly recordingDir: string;
  readonly #phones: Phones;
  readonly #owned: AsyncDisposable;
  readonly #callers = new Set<SipCaller>();
  #process: AsteriskProcess;
  #lastCall = 0;

  constructor(
    readonly release: ReleaseName,
    readonly tree: string,
    readonly instance: Instance,
    process: AsteriskProcess,
    phones: Phones,
    owned: AsyncDisposable,
  ) {
    this.#process = process;
    this.#phones = phones;
    this.#owned = owned;
    this.folder = instance.hostPath;
    this.soundsDir = soundsFolder(tree);
    this.recordingDir = `${instance.hostPath}/spool/recording`;
    const { sipPort: port, sipUser: user, sipPassword: password } = instance;
    this.sip = { port, user, password };
    this.env = {
      ARI_HTTP_URL: `http://127.0.0.1:${instance.httpPort}${instance.httpPath}`,
      ARI_USER: instance.ariUser,
      ARI_PASSWORD: instance.ariPassword,
      ARI_APP_NAME: "voxbot",
      ARI_FALLBACK_CONTEXT: "voxbot-fallback",
    };
  }

  async call(
    { callerNumber = "+70000000001", extension = BOT_EXTENSION, codec = "ulaw" }: SipCallOptions =
      {},
  ): Promise<SipCaller> {
    const phone = await this.#phones.open(codec);
    const name = `call-${++this.#lastCall}.xml`;
    await Deno.writeTextFile(
      `${this.folder}/${name}`,
      sipScenario({
        callerNumber,
        extension,
        user: this.instance.sipUser,
        password: this.instance.sipPassword,
        rtpPort: phone.port,
        codec,
        eventPayload: PAYLOAD_EVENT,
      }),
    );
    const caller = new SipCaller(phone, {
      tree: this.tree,
      scenario: `${this.instance.path}/${name}`,
      sipPort: this.instance.sipPort,
    });
    this.#callers.add(caller);
    caller.ended.then(() => this.#callers.delete(caller));
    return caller;
  }

  async leftovers(): Promise<Leftovers> {
    const [channels, bridges, recordings] = await Promise.all([
      this.#listed<{ id: string }>("channels"),
      this.#listed<{ id: string }>("bridges"),
      this.#listed<{ name: string }>("recordings/stored"),
    ]);
    return {
      channels: channels.map(({ id }) => id),
      bridges: bridges.map(({ id }) => id),
      recordings: recordings.map(({ name }) => name),
    };
  }

  cli(command: string): Promise<string> {
    return consoleCommand(this.tree, this.instance, command);
  }

  log(): Promise<string> {
    return Deno.readTextFile(`${this.folder}/log/messages.log`);
  }

  async prompts(language: PromptLanguage): Promise<readonly Prompt[]> {
    const prompts: Prompt[] = [];
    for (const folder of ["", "digits/", "letters/"]) {
      const path = `${this.soundsDir}/${PROMPT_FOLDERS[language]}/${folder}`;
      for await (const { name: file } of Deno.readDir(path)) {
        if (!file.endsWith(".wav")) continue;
        const name = `${folder}${file.slice(0, -".wav".length)}`;
        prompts.push({ name, path: this.promptPath(language, name) });
      }
    }
    return prompts.sort((a, b) => a.name < b.name ? -1 : 1);
  }

  promptPath(language: PromptLanguage, name: string): string {
    return `${this.soundsDir}/${PROMPT_FOLDERS[language]}/${name}.wav`;
  }

  async restart(): Promise<void> {
    await this.#process.stop();
    this.#process = await AsteriskProcess.start(this.tree, this.instance);
  }

  async kill(): Promise<void> {
    await this.#process.kill();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#callers].map((caller) => caller[Symbol.asyncDispose]()));
    await this.#process.stop();
    await this.#owned[Symbol.asyncDispose]();
  }

  async #listed<T>(what: "channels" | "bridges" | "recordings/stored"): Promise<readonly T[]> {
    const { ariUser, ariPassword } = this.instance;
    const response = await fetch(`${this.env.ARI_HTTP_URL}/ari/${what}`, {
      headers: { authorization: `Basic ${btoa(`${ariUser}:${ariPassword}`)}` },
    });
    if (!response.ok) {
      throw new TestbedError(`GET /ari/${what}: ${response.status} ${await response.text()}`);
    }
    return await response.json() as readonly T[];
  }
}
