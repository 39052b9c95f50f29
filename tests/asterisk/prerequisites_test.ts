import assert from "node:assert/strict";
import { TestbedError } from "./error.ts";
import { type Machine, requireChroot, requireDebootstrap } from "./prerequisites.ts";

const GOOD: Machine = {
  os: "linux",
  uid: 0,
  has: () => Promise.resolve(true),
  canUnshare: () => Promise.resolve(true),
};

Deno.test("a machine that has everything passes", async () => {
  await requireChroot(GOOD);
  await requireDebootstrap(() => assert.fail("nothing to say"), GOOD);
});

Deno.test("one error names everything that is missing, each with its cure", async () => {
  const bare: Machine = {
    ...GOOD,
    uid: 1000,
    has: (command) => Promise.resolve(command === "chroot" || command === "mount"),
  };
  await assert.rejects(requireChroot(bare), (error: TestbedError) => {
    assert.ok(error instanceof TestbedError);
    assert.match(error.message, /root.*sudo.*uid 1000/);
    assert.match(error.message, /unshare: apt-get install util-linux/);
    assert.match(error.message, /setpriv: apt-get install util-linux/);
    return true;
  });
});

Deno.test("where a container refuses mounts, the error names the options it needs", async () => {
  const container: Machine = { ...GOOD, canUnshare: () => Promise.resolve(false) };
  await assert.rejects(requireChroot(container), /--privileged.*SYS_ADMIN/);
});

Deno.test("on a system other than Linux, the error says that and nothing else", async () => {
  await assert.rejects(requireChroot({ ...GOOD, os: "darwin", uid: 501 }), /darwin.*on Linux$/);
});

Deno.test("without debootstrap and apt-get, the error names the package to install", async () => {
  const fedora: Machine = { ...GOOD, has: () => Promise.resolve(false) };
  await assert.rejects(requireDebootstrap(() => {}, fedora), /no apt-get.*package debootstrap/);
});
