import assert from "node:assert/strict";

import { eventually } from "../../testing/eventually.ts";

const PROCESS = new URL("./console_process.ts", import.meta.url).pathname;

Deno.test("a process that ran out of file descriptors lives on, and its console answers again by itself", async () => {
  const script = `ulimit -n 200; exec "$0" run -A --no-check "$1"`;
  await using child = new Deno.Command("bash", {
    args: ["-c", script, Deno.execPath(), PROCESS],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const said: string[] = [];
  const reading = Promise.all(
    [child.stdout, child.stderr].map((stream) =>
      stream.pipeThrough(new TextDecoderStream()).pipeTo(
        new WritableStream({ write: (text) => void said.push(text) }),
      )
    ),
  );
  const input = child.stdin.getWriter();
  const tell = async (line: string) => {
    await input.write(new TextEncoder().encode(`${line}\n`));
    await eventually(() => said.join("").includes(`${line}\n`), `the process did "${line}"`);
  };
  const held: Deno.TcpConn[] = [];
  try {
    const started = () => /^http:\S+$/m.exec(said.join(""))?.[0];
    const url = new URL(await eventually(started, "the process has a console"));
    await tell("fill");
    for (let n = 0; n < 20; n++) {
      held.push(await Deno.connect({ hostname: url.hostname, port: Number(url.port) }));
    }
    // The kernel has queued all twenty. Each line is a round of the process's event loop, in which it
    // tries to take them, and cannot.
    for (let n = 0; n < 20; n++) await tell(`round ${n}`);
    await tell("free");
    for (const client of held.splice(0)) client.close();
    await eventually(() => answers(url), "the console answers again");
    assert.match(said.join(""), /it takes no connections/);
  } finally {
    for (const client of held) client.close();
    await input.close();
    child.kill("SIGKILL");
    await child.status;
    await reading;
  }
});

async function answers(url: URL): Promise<boolean> {
  const signal = AbortSignal.timeout(1000);
  return await fetch(new URL("/live", url), { signal }).then(
    async (response) => await response.text() === "alive",
    () => false,
  );
}
