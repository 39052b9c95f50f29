// Makes grpc-js connect over TcpStream, whose head says why. grpc-js has no option for that, so its
// one method that opens a socket is replaced. It connects by the channel's name: grpc-js by the
// address that it has resolved, which `--allow-net=<name>` does not allow.
//
// Delete together with tcp_stream.ts.

import type { ChannelOptions } from "@grpc/grpc-js";
import { Http2SubchannelConnector } from "@grpc/grpc-js/build/src/transport.js";
import { splitHostPort } from "@grpc/grpc-js/build/src/uri-parser.js";
import { TcpStream } from "./tcp_stream.ts";

/** What `tcpConnect` of grpc-js 1.14 finds in its object; both private there. */
interface Connector {
  /** The address that the channel was made with: `host:port`. */
  readonly channelTarget: { readonly scheme?: string; readonly path: string };
}

type TcpConnect = (
  this: Connector,
  address: { readonly host?: string; readonly port?: number },
  options: ChannelOptions,
) => Promise<unknown>;

const connector = Http2SubchannelConnector.prototype as unknown as { tcpConnect: TcpConnect };
const originalConnect = connector.tcpConnect;

/** Replaces the method for this thread. Connections through an HTTP proxy (`https_proxy`) stay grpc-js's own. */
export function useTcpStreams(): void {
  connector.tcpConnect = function (address, options) {
    const { host, port } = address;
    const proxied = "grpc.http_connect_target" in options;
    if (host === undefined || port === undefined || proxied) {
      return originalConnect.call(this, address, options);
    }
    return TcpStream.connect(nameOf(this.channelTarget) ?? host, port);
  };
}

/** The host of a channel's target; undefined for one that is no host and port. */
function nameOf({ path }: Connector["channelTarget"]): string | undefined {
  return splitHostPort(path)?.host;
}
