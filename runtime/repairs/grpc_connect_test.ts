import assert from "node:assert/strict";
import { YandexGrpcServer } from "../../tests/servers/yandex/yandex_grpc_server.ts";
import { channelTo } from "../../tests/servers/yandex/yandex_setup.ts";

Deno.test("a gRPC channel connects over Deno's own TCP: grpc-js still has the method that is replaced", async () => {
  await using server = await YandexGrpcServer.start();
  const { connect } = Deno;
  const ports: (number | undefined)[] = [];
  Deno.connect = ((options: Deno.ConnectOptions) => {
    ports.push(options.port);
    return connect(options);
  }) as typeof connect;
  try {
    using channel = channelTo(server, "tts");
    await channel.warm(5000);
  } finally {
    Deno.connect = connect;
  }
  assert.ok(ports.includes(Number(new URL(server.endpoint).port)), `connected to ${ports}`);
});
