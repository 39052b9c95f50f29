// Which connections grpc-js speaks over: the runtime's own (tcp_stream.ts says why). The library has
// no option for that, so its one method that opens a socket is replaced.

import type { ChannelOptions } from "@grpc/grpc-js";
import { Http2SubchannelConnector } from "@grpc/grpc-js/build/src/transport.js";
import { TcpStream } from "./tcp_stream.ts";

/** `tcpConnect` of grpc-js 1.14, private there. */
type TcpConnect = (
  address: { readonly host?: string; readonly port?: number },
  options: ChannelOptions,
) => Promise<unknown>;

const connector = Http2SubchannelConnector.prototype as unknown as { tcpConnect: TcpConnect };
const ofTheLibrary = connector.tcpConnect;

/** Replaces it, for the whole thread; an HTTP proxy (`https_proxy`) is still spoken to by the library. */
export function connectByRuntime(): void {
  connector.tcpConnect = function (address, options) {
    const { host, port } = address;
    const proxied = "grpc.http_connect_target" in options;
    if (host === undefined || port === undefined || proxied) {
      return ofTheLibrary.call(this, address, options);
    }
    return TcpStream.connect(host, port);
  };
}
