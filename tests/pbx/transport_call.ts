// A real SIP caller and a media transport in one bridge (or, with files, on one channel): a call without
// the service.

import assert from "node:assert/strict";
import {
  AriConnection,
  type AriEvent,
  AriFileControl,
  type ChannelOffer,
  unlessGone,
} from "../../asterisk/ari/mod.ts";
import type { Testbed } from "../asterisk/testbed.ts";
import { prepareMedia } from "../../asterisk/transports/mod.ts";
import type { TestCaller } from "../../testing/mod.ts";
import type { Pcm } from "../../media/frame.ts";
import type {
  MediaAddress,
  MediaHandlers,
  MediaPlan,
  MediaTransport,
} from "../../media/transport.ts";
import type { LossyLine } from "../bench/lossy_line.ts";
import { nothingLeft } from "./leftovers.ts";

/** Longer than the longest phrase of a test, in ms. */
const HEARS_DEADLINE_MS = 40_000;

/** The transport's reports to its owner. */
export class Ear implements MediaHandlers {
  readonly frames: Pcm[] = [];
  readonly told: string[] = [];
  /** Why the transport ended. */
  lastWords = "";
  #changed = Promise.withResolvers<void>();

  onFrame(frame: Pcm): void {
    this.frames.push(frame);
  }
  onMark(markId: string): void {
    this.#tell(`mark ${markId}`);
  }
  onClose(reason: string, detail: string): void {
    this.lastWords = detail;
    this.#tell(`close ${reason}`);
  }

  /** Resolves once the transport has reported `what`; on timeout, fails with what it reported instead. */
  async hears(what: string): Promise<void> {
    let tooLate = false;
    const deadline = setTimeout(() => {
      tooLate = true;
      this.#changed.resolve();
    }, HEARS_DEADLINE_MS);
    while (!this.told.includes(what) && !tooLate) await this.#changed.promise;
    clearTimeout(deadline);
    const told = this.told.join(", ") || "nothing";
    assert.ok(!tooLate, `waited for "${what}", told was ${told} (${this.lastWords})`);
  }

  #tell(what: string): void {
    this.told.push(what);
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }
}

/** Waits until the channels of a call have arrived in the application. */
class Arrivals {
  readonly #starts = new Map<string, PromiseWithResolvers<string>>();

  onEvent(event: AriEvent): void {
    if (event.type !== "StasisStart") return;
    const { id } = event.channel;
    this.#start(/^(media|snoop)-/.exec(id)?.[1] ?? "caller").resolve(id);
  }

  /** The id of the caller's, the media or the snoop channel. */
  of(what: "caller" | "media" | "snoop"): Promise<string> {
    return this.#start(what).promise;
  }

  #start(what: string): PromiseWithResolvers<string> {
    const known = this.#starts.get(what) ?? Promise.withResolvers<string>();
    this.#starts.set(what, known);
    return known;
  }
}

/** Inserts the line between the PBX and the transport. */
async function throughLine(
  line: LossyLine,
  offer: Extract<ChannelOffer, { kind: "rtp" }>,
  makeChannel: (offer: ChannelOffer) => Promise<MediaAddress>,
): Promise<MediaAddress> {
  const address = await makeChannel({ ...offer, port: line.port });
  if (address.kind !== "rtp") throw new TypeError(`the PBX made ${address.kind} of an rtp offer`);
  line.connect(offer.port, address.port);
  return { ...address, port: line.port };
}

/** One call, up and listening. */
export class TransportCall implements AsyncDisposable {
  readonly #stack: AsyncDisposableStack;

  private constructor(
    readonly caller: TestCaller,
    readonly transport: MediaTransport,
    readonly ear: Ear,
    /** Ends the PBX's side of the audio; the caller stays on the line. */
    readonly hangUpMedia: () => Promise<void>,
    stack: AsyncDisposableStack,
  ) {
    this.#stack = stack;
  }

  /** Places a call whose audio travels by `plan`; RTP goes through `line` if there is one. */
  static async open(pbx: Testbed, plan: MediaPlan, line?: LossyLine): Promise<TransportCall> {
    await using stack = new AsyncDisposableStack();
    stack.defer(() => nothingLeft(pbx));
    const app = pbx.env.ARI_APP_NAME;
    const arrivals = new Arrivals();
    let control: AriFileControl | undefined;
    const connection = stack.use(
      new AriConnection(
        { url: pbx.env.ARI_HTTP_URL, user: pbx.env.ARI_USER, password: pbx.env.ARI_PASSWORD },
        app,
        {
          onEvent(event) {
            arrivals.onEvent(event);
            control?.onEvent(event);
          },
          onUp() {},
          onDown() {},
        },
      ),
    );
    await connection.connect();
    const ari = connection.commands;
    const caller = stack.use(await pbx.call());
    const channelId = await arrivals.of("caller");
    const ear = new Ear();
    const [mediaId, snoopId, bridgeId] = ["media", "snoop", "bridge"].map((s) =>
      `${s}-${channelId}`
    );
    if (plan.kind === "files") {
      control = stack.use(new AriFileControl(ari, { channelId, snoopId: snoopId!, app }));
    }
    const listener = stack.use(await prepareMedia(plan, control));
    const hangUpMedia = async () =>
      void await unlessGone(ari.hangUp(plan.kind === "files" ? snoopId! : mediaId!));
    if (plan.kind !== "files") {
      await ari.createBridge(bridgeId!);
      stack.defer(() => ari.destroyBridge(bridgeId!));
      await ari.addToBridge(bridgeId!, channelId);
      stack.defer(hangUpMedia);
    }
    const makeChannel = async (offer: ChannelOffer) =>
      (await ari.externalMedia(mediaId!, app, undefined, offer)).address;
    const { offer } = listener;
    const address = offer.kind === "files"
      ? { kind: "files" } as const
      : offer.kind === "rtp" && line
      ? await throughLine(line, offer, makeChannel)
      : await makeChannel(offer);
    const transport = stack.use(listener.transport(address));
    await transport.open(ear, AbortSignal.timeout(5000));
    if (plan.kind !== "files") {
      await arrivals.of("media");
      await ari.addToBridge(bridgeId!, mediaId!);
    }
    return new TransportCall(caller, transport, ear, hangUpMedia, stack.move());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack[Symbol.asyncDispose]();
  }
}
