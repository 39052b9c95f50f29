// The parameters that make the PBX send a call's audio to where its isolate waits, and the address
// of the audio once the channel exists.

import type { MediaAddress, MediaOffer } from "../../media/transport.ts";
import type { Channel } from "./models.ts";

/** An offer that the PBX makes a channel for. The files transport plays and records without one. */
export type ChannelOffer = Exclude<MediaOffer, { kind: "files" }>;

/** The parameters of `POST /channels/externalMedia`, except the channel's id and application. */
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
 * The address of the audio of a channel that was made with these parameters.
 *
 * @param ariUrl the PBX's HTTP address, which also serves media websockets.
 * @returns undefined when the channel lacks a variable named in `MEDIA_VARIABLES`.
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

/** The channel variables that name the PBX's end of the audio. */
export const MEDIA_VARIABLES: Readonly<Record<ChannelOffer["kind"], string>> = {
  websocket: "MEDIA_WEBSOCKET_CONNECTION_ID",
  audiosocket: "AUDIOSOCKET_UUID",
  rtp: "UNICASTRTP_LOCAL_ADDRESS and UNICASTRTP_LOCAL_PORT",
};
