// ARI's answers to commands: the PBX's HTTP side, taken by the product's own commands.

import { takeInventory } from "../../../actors/service/switchboard/pbx_inventory.ts";
import { AriCommands } from "../../../asterisk/ari/commands.ts";
import { AriError } from "../../../asterisk/ari/error.ts";
import { channelJson, TestAri } from "../../../testing/test_ari.ts";
import type { Border } from "../border.ts";
import type { Mutator } from "../mutator.ts";
import { hostileAnswer } from "./answers.ts";

const BRIDGE = {
  id: "b1",
  name: "",
  technology: "simple_bridge",
  bridge_type: "mixing",
  bridge_class: "base",
  creator: "Stasis",
  channels: ["1.1"],
};
const PLAYBACK = { id: "p1", media_uri: "sound:x", target_uri: "channel:1.1", state: "queued" };
const RECORDING = { name: "r1", format: "sln16", target_uri: "channel:1.1", state: "queued" };
const MEDIA = {
  ...channelJson("m1"),
  channelvars: { MEDIA_WEBSOCKET_CONNECTION_ID: "c1" },
};

/** Valid answers by the last word of the path that asks for them. */
const ANSWERS: readonly (readonly [RegExp, unknown])[] = [
  [/\/channels$/, [channelJson("1.1"), channelJson("1.2")]],
  [/\/bridges$/, [BRIDGE]],
  [/\/bridges\/[^/]+$/, BRIDGE],
  [/\/applications\//, { name: "voxbot", channel_ids: ["1.1"], bridge_ids: ["b1"] }],
  [/\/externalMedia$/, MEDIA],
  [/\/variable$/, { value: "yes" }],
  [/\/play\//, PLAYBACK],
  [/\/record$/, RECORDING],
  [/\/snoop\//, channelJson("s1")],
  [/\/asterisk\/info$/, { system: { version: "22.10.1", entity_id: "02:00:5e:00:53:01" } }],
  [/\/asterisk\/modules$/, [{
    name: "chan_websocket.so",
    description: "WebSocket",
    use_count: 0,
    status: "Running",
  }]],
];

const COMMANDS: readonly ((commands: AriCommands) => Promise<unknown>)[] = [
  (commands) => takeInventory(commands, "voxbot"),
  (commands) => commands.externalMedia("m1", "voxbot"),
  (commands) => commands.variable("1.1", "X"),
  (commands) => commands.globalVariable("X"),
  (commands) => commands.play("1.1", "p1", "sound:x"),
  (commands) => commands.record("1.1", "r1", "sln16"),
  (commands) => commands.snoop("1.1", "s1", "voxbot"),
  (commands) => commands.createBridge("b1"),
  (commands) => commands.info(),
  (commands) => commands.modules(),
  (commands) => commands.answer("1.1"),
];

/** The PBX's answers. */
export const ariAnswers: Border = {
  name: "ari-answers",
  share: 0.03,
  live: false,
  async open() {
    await using scope = new AsyncDisposableStack();
    const pbx = scope.use(new TestAri());
    const commands = scope.use(await AriCommands.open(pbx.address));
    const owned = scope.move();
    return {
      async take(mutator: Mutator) {
        const seen: string[] = [];
        pbx.answer = ({ path }) => {
          const json = ANSWERS.find(([known]) => known.test(path))?.[1] ?? {};
          const { text, response } = hostileAnswer(mutator, { json });
          seen.push(`${path} ${text}`);
          return response;
        };
        try {
          await mutator.random.pick(COMMANDS)(commands);
        } catch (error) {
          if (!(error instanceof AriError)) throw error;
        }
        pbx.seen.length = 0;
        return seen.join("\n");
      },
      [Symbol.asyncDispose]: () => owned[Symbol.asyncDispose](),
    };
  },
};
