import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  closeSync,
  constants,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test, type TestContext } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import { standardStream } from "./standard-stream.ts";

test("what is said to a file in one turn is there in the next, in order", async (t) => {
  const file = path.join(directory(t), "out");
  const { stream, node } = open(t, file, "w");
  for (const text of ["a\n", Buffer.from("b\n"), "ü".repeat(100_000)]) stream.write(text);
  await nextTurn();
  assert.equal(readFileSync(file, "utf8"), `a\nb\n${"ü".repeat(100_000)}`);
  assert.deepEqual(node, []);
});

test("of what is said to a pipe, Node's stream gets what a slow reader might have no room for", async (t) => {
  const { stream, node, fd } = open(t, fifo(t), constants.O_RDWR);
  const [first, second, third] = ["a".repeat(30_000), "b".repeat(3000), "c"];
  for (const text of [first, second, third]) {
    stream.write(text);
    await nextTurn();
  }
  assert.equal(read(fd), first);
  assert.equal(Buffer.concat(node).toString(), second + third);
});

test("a pipe that is full and does not wait loses nothing", async (t) => {
  const { stream, node, fd } = open(t, fifo(t), constants.O_RDWR | constants.O_NONBLOCK);
  const before = writeSync(fd, Buffer.alloc(60_000, "x"));
  const text = "y".repeat(20_000);
  stream.write(text);
  await nextTurn();
  stream.write("z");
  await nextTurn();
  const taken = read(fd).slice(before);
  assert.notEqual(node.length, 0);
  assert.equal(taken + Buffer.concat(node).toString(), `${text}z`);
});

test("an error of writing is told", async (t) => {
  const { stream, errors } = open(t, fifo(t), constants.O_RDONLY | constants.O_NONBLOCK);
  stream.write("a");
  await nextTurn();
  assert.deepEqual(errors, ["EBADF"]);
});

function open(t: TestContext, file: string, flags: string | number) {
  const fd = openSync(file, flags);
  t.after(() => closeSync(fd));
  const node: Uint8Array[] = [];
  const errors: (string | undefined)[] = [];
  const stream = standardStream(fd, {
    nodeStream: () => ({ write: (bytes) => node.push(Buffer.from(bytes)) }),
    onError: ({ code }) => errors.push(code),
  });
  return { stream, node, errors, fd };
}

function read(fd: number): string {
  const bytes = Buffer.alloc(100_000);
  return bytes.subarray(0, readSync(fd, bytes)).toString();
}

function fifo(t: TestContext): string {
  const file = path.join(directory(t), "fifo");
  assert.equal(spawnSync("mkfifo", [file]).status, 0);
  return file;
}

function directory(t: TestContext): string {
  const dir = mkdtempSync(path.join(tmpdir(), "slipway-stream-"));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}
