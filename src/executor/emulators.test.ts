import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { hostPlatform } from "../oci/index.ts";
import { emulatorFor, readEmulators } from "./emulators.ts";

const foreign = hostPlatform().architecture === "arm64" ? "amd64" : "arm64";
const processor = foreign === "arm64" ? "aarch64" : "x86_64";

test("emulators are read from what the kernel shows of binfmt_misc", (t) => {
  const dir = mkdtempSync(path.join(tmpdir(), "slipway-binfmt-"));
  t.after(() => rmSync(dir, { recursive: true }));
  const entry = (name: string, lines: readonly string[]) =>
    writeFileSync(path.join(dir, name), `${lines.join("\n")}\noffset 0\nmagic 7f454c46\n`);
  entry("status", ["enabled"]);
  entry("register", []);
  entry("python3.11", ["enabled", "interpreter /usr/bin/python3.11", "flags: "]);
  entry("qemu-s390x", ["disabled", "interpreter /usr/bin/qemu-s390x-static", "flags: F"]);
  entry("qemu-riscv64", ["enabled", "interpreter /usr/bin/qemu-riscv64", "flags: "]);
  entry(`qemu-${processor}`, ["enabled", "interpreter /usr/libexec/qemu x", "flags: POCF"]);
  const emulators = readEmulators(dir);
  const found = { processor, interpreter: "/usr/libexec/qemu x", isHeld: true };
  assert.deepEqual(emulatorFor({ os: "linux", architecture: foreign }, emulators), found);
  assert.equal(emulatorFor({ os: "linux", architecture: "riscv64" }, emulators)?.isHeld, false);
  assert.equal(emulatorFor({ os: "linux", architecture: "s390x" }, emulators), undefined);
  assert.equal(emulatorFor(hostPlatform(), emulators), undefined);
});

test("without binfmt_misc there is none", () => {
  assert.deepEqual(readEmulators("/nonexistent"), []);
});
