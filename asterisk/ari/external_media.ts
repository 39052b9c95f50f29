// What to ask the PBX for so that a call's audio arrives where its isolate waits for it, and where
// the audio is to be had once there is a channel.

import type { MediaAddress, MediaOffer } from "../../media/transport.ts";
import type { Channel } from "./models.ts";

/** An offer the PBX can make a channel for; the files transport plays and records without one. */
export type ChannelOffer = Exclude<MediaOffer, { kind: "files" }>;

/** The parameters of `POST /channels/externalMedia`, besides the channel's id and application. */
export function externalMediaParams(offer: ChannelOffer): Readonly<Record<string, string>> {
  switch (offer.kind) {
    case "websocket":
      return {
        external_host: "INCOMING",
        encapsulation: "none",
        transport: "websocket",
        connection_type: "server",
        format: "slin16",
        transport_data: "f(json)",
      };
    case "audiosocket":
      return {
        external_host: `${offer.host}:${offer.port}`,
        encapsulation: "audiosocket",
        transport: "tcp",
        format: offer.format,
        data: offer.uuid,
      };
    case "rtp":
      return {
        external_host: `${offer.host}:${offer.port}`,
        encapsulation: "rtp",
        transport: "udp",
        format: offer.format,
      };
  }
}

/**
 * Where the audio of a channel made by these parameters is.
 *
 * @param ariUrl the PBX's HTTP address, which also serves media websockets.
 * @returns undefined when the channel does not say: it then lacks a variable named in
 * `MEDIA_VARIABLES`.
 */
export function mediaAddress(
  offer: ChannelOffer,
  channel: Channel,
  ariUrl: string,
): MediaAddress | undefined {
  const vars = channel.channelvars ?? {};
  switch (offer.kind) {
    case "websocket": {
      const id = vars.MEDIA_WEBSOCKET_CONNECTION_ID;
      return id
        ? { kind: "websocket", url: `${ariUrl.replace(/^http/, "ws")}/media/${id}` }
        : undefined;
    }
    case "audiosocket":
      return { kind: "audiosocket" };
    case "rtp": {
      const { UNICASTRTP_LOCAL_ADDRESS: host, UNICASTRTP_LOCAL_PORT: port } = vars;
      return host && port ? { kind: "rtp", host, port: Number(port) } : undefined;
    }
  }
}

/** The channel variables in which the PBX says where its end of the audio is. */
export const MEDIA_VARIABLES: Readonly<Record<ChannelOffer["kind"], string>> = {
  websocket: "MEDIA_WEBSOCKET_CONNECTION_ID",
  audiosocket: "AUDIOSOCKET_UUID",
  rtp: "UNICASTRTP_LOCAL_ADDRESS and UNICASTRTP_LOCAL_PORT",
};
