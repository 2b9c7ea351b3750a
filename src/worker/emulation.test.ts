import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { type TestContext, test } from "node:test";
import { canExecute, tinyProgram } from "../executor/index.ts";
import { formatPlatform, hostPlatform } from "../oci/index.ts";
import { prepareEmulation } from "./emulation.ts";

const s390x = { os: "linux", architecture: "s390x" };
const emulator = { processor: "s390x", interpreter: "/usr/bin/qemu-s390x", isHeld: false };
const native = tinyProgram(hostPlatform().architecture);
const foreign = tinyProgram("s390x");
const host = formatPlatform(hostPlatform());

interface Rig {
  readonly root: string;
  readonly prepare: (args: readonly string[], emulators?: readonly (typeof emulator)[]) => unknown;
}

test("a program for another processor that cannot be run says what to install", (t) => {
  const { root, prepare } = rig(t);
  if (canExecute("s390x", root)) return t.skip("there is an emulator");
  assert.throws(() => prepare(["sh", "-c", "x"]), {
    code: "EMULATOR_MISSING",
    message: `Cannot run "sh" for linux/s390x: this machine is ${host}, and no emulator is registered with binfmt_misc`,
    hint: /qemu-user-static.*\n.*--platform=\$BUILDPLATFORM/,
  });
  for (const args of [["/bin/sh"], ["bin/link"], ["script"]]) {
    assert.throws(() => prepare(args), { code: "EMULATOR_MISSING" }, args[0]);
  }
});

test("what is looked at is the program, not what the image says; what cannot be told is left to the kernel", (t) => {
  const { prepare } = rig(t);
  for (const args of [["native"], ["text"], ["missing"], ["/bin/outside"], ["/bin"], []]) {
    assert.deepEqual(prepare(args), [], args[0]);
  }
});

test("an emulator that the kernel does not hold is put where the kernel looks for it", (t) => {
  const { prepare } = rig(t);
  assert.deepEqual(prepare(["sh"], [emulator]), [
    {
      point: { dest: "/usr/bin/qemu-s390x", kind: "file" },
      mount: {
        type: "bind",
        source: "/usr/bin/qemu-s390x",
        options: ["bind", "ro", "nosuid", "nodev"],
      },
    },
  ]);
  assert.deepEqual(prepare(["sh"], [{ ...emulator, isHeld: true }]), []);
});

test("nothing is looked at for this machine's own platform", () => {
  const command = { args: ["sh"], env: [], cwd: "/", platform: hostPlatform() };
  assert.deepEqual(
    prepareEmulation({ emulators: [], memoryDir: "/nonexistent" }, () => "/nonexistent", command),
    [],
  );
});

function rig(t: TestContext): Rig {
  const dir = mkdtempSync(path.join(tmpdir(), "slipway-emulation-"));
  t.after(() => rmSync(dir, { recursive: true }));
  const root = path.join(dir, "root");
  mkdirSync(path.join(root, "bin"), { recursive: true });
  const write = (name: string, bytes: Buffer | string) => writeFileSync(path.join(root, "bin", name), bytes);
  write("busybox", foreign);
  symlinkSync("/bin/busybox", path.join(root, "bin/sh"));
  symlinkSync("../../../../bin/sh", path.join(root, "bin/link"));
  write("script", "#! /bin/sh -e\n");
  write("native", native);
  write("text", "no program");
  writeFileSync(path.join(dir, "outside"), foreign);
  symlinkSync(path.join(dir, "outside"), path.join(root, "bin/outside"));
  const prepare: Rig["prepare"] = (args, emulators = []) =>
    prepareEmulation({ emulators, memoryDir: dir }, () => root, {
      args,
      env: ["PATH=/nowhere:/bin"],
      cwd: "/",
      platform: s390x,
    });
  return { root, prepare };
}
