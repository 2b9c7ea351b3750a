import assert from "node:assert/strict";
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test, type TestContext } from "node:test";
import { setTimeout } from "node:timers/promises";
import { copyFromDirectory, type CopyHelpers, FileCopies } from "./index.ts";

const count = 1200;

function place(t: TestContext) {
  const root = mkdtempSync(path.join(tmpdir(), "slipway-copies-"));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  for (const name of ["from", "to"]) mkdirSync(path.join(root, name));
  for (let n = 0; n < count; n++) writeFileSync(path.join(root, "from", `f${n}`), `text ${n}`);
  return { from: path.join(root, "from"), to: path.join(root, "to") };
}

const copyOf = (name: string) => ({
  path: `/${name}`,
  target: `/${name}`,
  mode: 0o640,
  mtimeNs: 1_000_000_000_000_000_123n,
  xattrs: [],
  sizeBytes: 8,
  uid: process.getuid!(),
  gid: process.getgid!(),
});

test("files are copies of their own, whoever makes them, and replace what is there", async (t) => {
  const { from, to } = place(t);
  const outside = path.join(from, "../outside");
  writeFileSync(outside, "outside");
  symlinkSync(outside, path.join(to, "f3"));
  writeFileSync(path.join(to, "f900"), "old");
  let helped = 0;
  const helpers: CopyHelpers = {
    isOneFree: () => helped < 2,
    async copy(batch) {
      helped++;
      await setTimeout(20);
      return copyFromDirectory(batch);
    },
  };
  await using files = new FileCopies(from, to, helpers);
  for (let n = 0; n < count; n++) await files.add(copyOf(`f${n}`));
  await files.finish();
  assert.equal(helped, 2);
  for (let n = 0; n < count; n++) assert.equal(readFileSync(path.join(to, `f${n}`), "utf8"), `text ${n}`);
  const stat = lstatSync(path.join(to, "f3"), { bigint: true });
  assert.deepEqual([stat.isFile(), stat.nlink, stat.mode & 0o777n], [true, 1n, 0o640n]);
  assert.equal(stat.mtimeNs, 1_000_000_000_000_000_123n);
  assert.equal(readFileSync(outside, "utf8"), "outside");
});

test("what fails elsewhere ends the copy, and links in the source are not followed", async (t) => {
  const { from, to } = place(t);
  writeFileSync(path.join(from, "../secret"), "secret");
  rmSync(path.join(from, "f10"));
  symlinkSync("../secret", path.join(from, "f10"));
  for (const isHelped of [true, false]) {
    const helpers: CopyHelpers = {
      isOneFree: () => isHelped,
      copy: async (batch) => copyFromDirectory(batch),
    };
    const copied = async () => {
      await using files = new FileCopies(from, to, helpers);
      for (let n = 0; n < count; n++) await files.add(copyOf(`f${n}`));
      await files.finish();
    };
    await assert.rejects(copied(), { code: "UNREADABLE" });
    assert.ok(!existsSync(path.join(to, "f10")));
  }
});
