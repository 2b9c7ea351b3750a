import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import { readTextFile } from "./read-text-file.ts";

const root = mkdtempSync(path.join(tmpdir(), "slipway-read-text-file-"));
after(() => rmSync(root, { recursive: true }));

test("a file is read as far as it may be large, whatever it says of its size", () => {
  const file = path.join(root, "a");
  writeFileSync(file, "é".repeat(50_000));
  assert.equal(readTextFile(file, { limitBytes: 100_000 }), "é".repeat(50_000));
  assert.equal(readTextFile(file, { limitBytes: 99_999 }), undefined);
  symlinkSync("/dev/zero", path.join(root, "endless"));
  assert.equal(readTextFile(path.join(root, "endless"), { limitBytes: 1 << 20 }), undefined);
});

test("of what nobody named, a pipe or a device is an error", () => {
  const pipe = path.join(root, "pipe");
  execFileSync("mkfifo", [pipe]);
  for (const file of [pipe, path.join(root, "endless")])
    assert.throws(() => readTextFile(file, { limitBytes: 10, isFound: true }), {
      message: "it is no regular file",
    });
});
