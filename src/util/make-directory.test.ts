import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { makeDirectory } from "./index.ts";

test("missing parents are made, each with the mode", (t) => {
  const root = temporary(t);
  makeDirectory(path.join(root, "a/b/c"), 0o700);
  for (const name of ["a", "a/b", "a/b/c"]) assert.equal(statSync(path.join(root, name)).mode & 0o777, 0o700);
});

test("a directory that exists, also behind a link, stays as it is", (t) => {
  const root = temporary(t);
  mkdirSync(path.join(root, "real"), { mode: 0o750 });
  symlinkSync("real", path.join(root, "link"));
  makeDirectory(path.join(root, "link"), 0o700);
  makeDirectory("/");
  assert.equal(statSync(path.join(root, "real")).mode & 0o777, 0o750);
});

test("a place where none can be made is an error, whatever the kernel calls it", (t) => {
  const root = temporary(t);
  writeFileSync(path.join(root, "file"), "");
  symlinkSync("nowhere", path.join(root, "dangling"));
  for (const [place, code] of [
    [path.join(root, "file"), "EEXIST"],
    [path.join(root, "file/x"), "ENOTDIR"],
    [path.join(root, "dangling"), "EEXIST"],
    [path.join(root, "dangling/x"), "EEXIST"],
    ["/proc/x", "ENOENT"],
    ["/proc/x/y", "ENOENT"],
  ] as const) {
    assert.throws(() => makeDirectory(place), { code }, place);
  }
});

function temporary(t: { after(fn: () => void): void }): string {
  const dir = mkdtempSync(path.join(tmpdir(), "slipway-mkdir-"));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}
