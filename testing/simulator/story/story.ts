// A story played on a PBX, and everything the PBX says during it: the simulator must agree with the
// real one. story_22.10.1.json was recorded on a real Asterisk 22.10.1.

import type { TestCaller, TestPbx } from "../../caller.ts";
import { FRAME_BYTES } from "../../../media/frame.ts";
import { type Json, TestClient, type TestEvents, type TestMedia } from "../../test_client.ts";
import { Normaliser } from "./story_normaliser.ts";

/** What a PBX said in one chapter, without what differs from run to run. */
export interface Chapter {
  readonly title: string;
  /** Every request with its answer, in order. */
  readonly requests: string[];
  /** Events by subject, each in order: between two channels the order is chance. */
  readonly events: Record<string, string[]>;
  /** Text messages of the media socket, in order. */
  readonly media: string[];
}

/** The means by which a chapter is played. */
interface Teller {
  readonly events: TestEvents;
  ari(method: string, path: string): Promise<Json>;
  /** Opens the events of another application. */
  listen(app: string): Promise<TestEvents>;
  media(connectionId: string): Promise<TestMedia>;
  /** A call that has entered the application. */
  call(): Promise<{ readonly caller: TestCaller; readonly id: string }>;
}

/** Plays the whole story. Each chapter leaves the PBX empty. */
export async function tellStory(pbx: TestPbx): Promise<Chapter[]> {
  const chapters: Chapter[] = [];
  for (const [title, tell] of Object.entries(CHAPTERS)) {
    await using client = new TestClient(pbx);
    chapters.push(await tellChapter(title, tell, pbx, client));
  }
  return chapters;
}

/** The query of all external media channels here. */
const MEDIA_QUERY = "app=voxbot&transport=websocket&encapsulation=none&connection_type=server" +
  "&external_host=INCOMING&format=slin16&transport_data=f(json)";

const CHAPTERS: Readonly<Record<string, (teller: Teller) => Promise<void>>> = {
  async "a conversation that the caller ends"(teller) {
    const { ari, events } = teller;
    const { caller, id, media } = await converse(teller);
    await caller.press("5");
    await events.first("ChannelDtmfReceived", id);
    await media.event("DTMF_END");
    await ari("GET", "/bridges/bridge");
    await ari("GET", "/applications/voxbot");
    await ari("POST", "/bridges/bridge/addChannel?channel=media");
    await ari("POST", "/bridges/bridge/removeChannel?channel=media");
    await ari("POST", "/bridges/bridge/removeChannel?channel=media");
    await ari("POST", "/bridges/bridge/addChannel?channel=media");
    await caller.hangUp();
    await events.first("StasisEnd", id);
    await ari("DELETE", "/channels/media");
    await events.first("ChannelDestroyed", "media");
    await ari("DELETE", "/bridges/bridge");
    await events.first("BridgeDestroyed");
  },

  async "media that its client closes in order, and a caller hung up by ARI"(teller) {
    const { ari, events } = teller;
    const { id, media } = await converse(teller);
    media.socket.close(1000);
    await events.first("ChannelDestroyed", "media");
    await ari("DELETE", `/channels/${id}?reason=normal`);
    await events.first("StasisEnd", id);
    await ari("DELETE", `/channels/${id}`);
    await ari("DELETE", "/bridges/bridge");
    await events.first("BridgeDestroyed");
  },

  async "media that its client loses, and a caller sent on in the dialplan"(teller) {
    const { ari, events } = teller;
    const { caller, id, media } = await converse(teller);
    media.socket.terminate();
    await events.first("ChannelDestroyed", "media");
    await ari("POST", `/channels/${id}/continue?context=voxbot-fallback&extension=s&priority=1`);
    await events.first("StasisEnd", id);
    await ari("POST", `/channels/${id}/answer`);
    await ari("POST", `/bridges/bridge/addChannel?channel=${id}`);
    await caller.hangUp();
    await ari("DELETE", "/bridges/bridge");
    await events.first("BridgeDestroyed");
  },

  async "playbacks: one stopped, one that fails, one that holds up a command"(teller) {
    const { ari, events } = teller;
    const { caller, id } = await teller.call();
    const finished = (playback: string) =>
      events.events.first((event) =>
        event.type === "PlaybackFinished" && event.playback.id === playback
      );
    await ari("POST", `/channels/${id}/play/endless?media=tone:ring`);
    await events.first("PlaybackStarted");
    await ari("GET", "/playbacks/endless");
    await ari("POST", `/channels/${id}/play/missing?media=sound:no-such-sound`);
    await ari("DELETE", "/playbacks/endless");
    await ari("DELETE", "/playbacks/endless");
    await finished("missing");
    await ari("POST", "/bridges/bridge?type=mixing&name=call");
    await ari("POST", `/channels/${id}/play/short?media=sound:beep`);
    await ari("POST", `/bridges/bridge/addChannel?channel=${id}`);
    await finished("short");
    await caller.hangUp();
    await events.first("StasisEnd", id);
    await ari("DELETE", "/bridges/bridge");
    await events.first("BridgeDestroyed");
  },

  async "music on hold: begun, ended by a playback, begun again and stopped"(teller) {
    const { ari, events } = teller;
    const { caller, id } = await teller.call();
    await ari("POST", `/channels/${id}/moh`);
    await ari("POST", `/channels/${id}/play/short?media=sound:beep`);
    await events.first("PlaybackFinished");
    await ari("POST", `/channels/${id}/moh`);
    await ari("DELETE", `/channels/${id}/moh`);
    await ari("DELETE", `/channels/${id}/moh`);
    await caller.hangUp();
    await events.first("StasisEnd", id);
    await ari("POST", `/channels/gone/moh`);
    await ari("DELETE", `/channels/gone/moh`);
  },

  async "variables, and a channel handed to another application"(teller) {
    const { ari } = teller;
    const { caller, id } = await teller.call();
    await ari("GET", `/channels/${id}/variable?variable=COLOUR`);
    await ari("POST", `/channels/${id}/variable?variable=COLOUR&value=red`);
    await ari("GET", `/channels/${id}/variable?variable=COLOUR`);
    const other = await teller.listen("other");
    await ari("POST", `/channels/${id}/move?app=other&appArgs=x,y`);
    await other.first("StasisStart", id);
    await ari("GET", "/applications/other");
    await ari("POST", `/channels/${id}/move?app=nobody`);
    await other.first("ApplicationMoveFailed", id);
    await caller.hangUp();
    await other.first("StasisEnd", id);
  },

  async "a media channel that nobody connects to"(teller) {
    const { ari, events } = teller;
    await ari("POST", `/channels/externalMedia?channelId=media&${MEDIA_QUERY}`);
    await ari("POST", "/bridges/bridge");
    await ari("POST", "/bridges/bridge/addChannel?channel=media");
    await ari("DELETE", "/bridges/bridge");
    await ari("DELETE", "/channels/media");
    await events.first("ChannelDestroyed", "media");
  },

  async "an application taken over by a second connection"(teller) {
    const { events } = teller;
    const { caller, id } = await teller.call();
    const second = await teller.listen("voxbot");
    await events.first("ApplicationReplaced");
    await caller.hangUp();
    await second.first("StasisEnd", id);
  },

  async "control of the media"(teller) {
    const { ari, events } = teller;
    const { caller, id, media } = await converse(teller);
    const audio = (frames: number) => media.socket.send(new Uint8Array(FRAME_BYTES * frames));
    media.command("PAUSE_MEDIA");
    media.command("GET_STATUS");
    media.socket.send(new Uint8Array(FRAME_BYTES * 2 + 7));
    media.socket.send(new Uint8Array(FRAME_BYTES - 1));
    media.command("MARK_MEDIA", "lost");
    media.command("GET_STATUS");
    for (let sent = 0; sent < 1000; sent += 50) audio(50);
    media.command("FLUSH_MEDIA");
    media.command("GET_STATUS");
    media.command("MARK_MEDIA", "x".repeat(100));
    media.command("NO_SUCH_COMMAND");
    media.socket.send('"GET_STATUS"');
    media.command("START_MEDIA_BUFFERING");
    media.socket.send(new Uint8Array(FRAME_BYTES + 100));
    media.socket.send(new Uint8Array(100));
    media.command("STOP_MEDIA_BUFFERING", "bulk");
    media.command("GET_STATUS");
    media.command("CONTINUE_MEDIA");
    await media.event("MEDIA_BUFFERING_COMPLETED", "bulk");
    media.command("REPORT_QUEUE_DRAINED");
    await media.event("QUEUE_DRAINED");
    audio(2);
    media.command("MARK_MEDIA", "heard");
    media.command("MARK_MEDIA");
    await media.event("MEDIA_MARK_PROCESSED", "");
    media.command("HANGUP");
    await events.first("ChannelDestroyed", "media");
    await caller.hangUp();
    await events.first("StasisEnd", id);
    await ari("DELETE", "/bridges/bridge");
    await events.first("BridgeDestroyed");
  },

  async "requests that are refused"({ ari }) {
    await ari("GET", "/no-such-resource");
    await ari("PUT", "/channels");
    await ari("GET", "/channels/gone");
    await ari("POST", "/channels/gone/answer");
    await ari("DELETE", "/channels/gone");
    await ari("GET", "/bridges/gone");
    await ari("POST", "/bridges/bridge");
    await ari("POST", "/bridges/bridge");
    await ari("POST", "/bridges/bridge/addChannel");
    await ari("POST", "/bridges/bridge/addChannel?channel=gone");
    await ari("DELETE", "/bridges/bridge");
    await ari("POST", "/bridges/odd?type=odd");
    await ari("GET", "/playbacks/gone");
    await ari("GET", "/applications/gone");
    await ari("GET", "/asterisk/modules/gone.so");
    for (
      const [wanted, given] of [
        ["app=voxbot", "app="],
        ["format=slin16", "format="],
        ["encapsulation=none", "encapsulation=rtp"],
        ["connection_type=server", "connection_type=client"],
      ] as const
    ) await ari("POST", `/channels/externalMedia?${MEDIA_QUERY.replace(wanted, given)}`);
  },
};

/** Bridge, media channel and media socket of a new call. */
async function converse(teller: Teller) {
  const { ari, events } = teller;
  const { caller, id } = await teller.call();
  await ari("POST", `/channels/${id}/answer`);
  await ari("POST", "/bridges/bridge?type=mixing&name=call");
  await ari("POST", `/bridges/bridge/addChannel?channel=${id}`);
  const { channelvars } = await ari(
    "POST",
    `/channels/externalMedia?channelId=media&${MEDIA_QUERY}`,
  );
  const media = await teller.media(channelvars!.MEDIA_WEBSOCKET_CONNECTION_ID);
  await media.event("MEDIA_START");
  await events.first("StasisStart", "media");
  await ari("POST", "/bridges/bridge/addChannel?channel=media");
  await events.first("ChannelEnteredBridge", "media");
  return { caller, id, media };
}

async function tellChapter(
  title: string,
  tell: (teller: Teller) => Promise<void>,
  pbx: TestPbx,
  client: TestClient,
): Promise<Chapter> {
  const normaliser = new Normaliser();
  const requests: string[] = [];
  const listeners: { readonly app: string; readonly events: TestEvents }[] = [];
  const medias: TestMedia[] = [];
  const listen = async (app: string) => {
    const events = await client.events(app);
    listeners.push({ app, events });
    return events;
  };
  const events = await listen("voxbot");
  await tell({
    events,
    listen,
    async ari(method, path) {
      const { status, json } = await client.ari(method, path);
      requests.push(normaliser.text(`${method} ${path} -> ${status}`, json));
      return json;
    },
    async media(connectionId) {
      const media = await client.media(connectionId);
      medias.push(media);
      return media;
    },
    async call() {
      const caller = await pbx.call({ callerNumber: "5550123" });
      const { channel } = await events.first("StasisStart");
      normaliser.call(channel.id, "caller");
      await caller.answered;
      return { caller, id: channel.id };
    },
  });
  return {
    title,
    requests,
    events: normaliser.events(listeners.map(({ app, events }) => [app, events.events.all])),
    media: medias.flatMap(({ texts }) =>
      texts.all.map((text) => normaliser.text("", JSON.parse(text)))
    ),
  };
}
