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

Deno.test("a gRPC channel connects by its name: a permission for the host of its address is enough", async () => {
  await using server = await YandexGrpcServer.start();
  const port = new URL(server.endpoint).port;
  const program = `
    import { YandexChannel } from ${
    JSON.stringify(import.meta.resolve("../../speech/yandex/channel.ts"))
  };
    const credentials = {
      kind: "api-key",
      proof: () => Promise.resolve({ authorization: "Api-Key test-key" }),
      refused: () => false,
    };
    const endpoint = "http://localhost:${port}";
    using channel = new YandexChannel({ service: "tts", endpoint, caFile: "", credentials });
    await channel.warm(5000);
  `;
  const permissions = [
    "--no-prompt",
    "--allow-env",
    "--allow-read",
    "--allow-net=localhost",
  ];
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--no-check", ...permissions, "-"],
    cwd: new URL("../..", import.meta.url),
    stdin: "piped",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(program));
  await writer.close();
  const { success, stderr } = await child.output();
  assert.ok(success, new TextDecoder().decode(stderr));
});
