import assert from "node:assert/strict";
import { join } from "node:path";
import { LogLines } from "../../testing/log_lines.ts";
import { ownSocket, ServiceManager } from "./service_manager.ts";

/** A manager's socket, as systemd opens it. */
function manager(folder: string) {
  const path = join(folder, "notify");
  const socket = Deno.listenDatagram({ transport: "unixpacket", path });
  return {
    path,
    next: async () => new TextDecoder().decode((await socket.receive())[0]),
    [Symbol.dispose]: () => socket.close(),
  };
}

Deno.test("systemd hears that the service is up, that it lives and that it ends", async () => {
  const folder = await Deno.makeTempDir();
  {
    using systemd = manager(folder);
    using service = new ServiceManager(folder, { path: systemd.path, watchdogMs: 30 });
    await service.ready();
    assert.equal(await systemd.next(), "READY=1");
    for (const _ of [1, 2, 3]) assert.equal(await systemd.next(), "WATCHDOG=1");
    await service.stopping();
    let said = await systemd.next();
    while (said === "WATCHDOG=1") said = await systemd.next();
    assert.equal(said, "STOPPING=1");
  }
  await Deno.remove(folder, { recursive: true });
});

Deno.test("a service that was killed can be started again: its old socket is in nobody's way", async () => {
  const folder = await Deno.makeTempDir();
  await Deno.writeTextFile(ownSocket(folder), "");
  {
    using systemd = manager(folder);
    using service = new ServiceManager(folder, { path: systemd.path, watchdogMs: undefined });
    await service.ready();
    assert.equal(await systemd.next(), "READY=1");
  }
  assert.deepEqual([...Deno.readDirSync(folder)].map(({ name }) => name), ["notify"]);
  await Deno.remove(folder, { recursive: true });
});

Deno.test("a manager that cannot be reached is a warning, and the service goes on", async () => {
  const folder = await Deno.makeTempDir();
  using log = new LogLines();
  {
    using service = new ServiceManager(folder, {
      path: join(folder, "none"),
      watchdogMs: undefined,
    });
    await service.ready();
    await service.stopping();
  }
  assert.equal(log.warnings.length, 2);
  assert.match(log.warnings[0]!, /cannot be told.*socket=.*fix=/);
  await Deno.remove(folder, { recursive: true });
});
