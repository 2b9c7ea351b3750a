import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { type TestContext, test } from "node:test";
import { buildSync } from "esbuild";
import { digestOf } from "../oci/index.ts";
import { openStore, type Store } from "./index.ts";

test("a blob that was put is read back under its digest", (t) => {
  const store = temporaryStore(t);
  const { digest, sizeBytes } = store.content.put("hello");
  assert.equal(digest, `sha256:${createHash("sha256").update("hello").digest("hex")}`);
  assert.equal(sizeBytes, 5);
  assert.equal(store.content.read(digest, 5).toString(), "hello");
  assert.deepEqual(
    [...store.content.list()].map((blob) => blob.digest),
    [digest],
  );
});

test("ingest stores exactly the bytes that were promised", async (t) => {
  const store = temporaryStore(t);
  const digest = digestOf("hello world");
  await store.content.ingest(chunks("hello", " world"), { digest, sizeBytes: 11 });
  assert.ok(store.content.has(digest, 11));
  assert.ok(!store.content.has(digest, 12));
  assert.equal(await text(store.content.stream(digest, 11)), "hello world");
  assert.deepEqual(readdirSync(store.temp.dir()), []);
});

const lies = [
  {
    name: "too many bytes",
    body: "hello world!",
    code: "SIZE_EXCEEDED",
    said: "expected 11 bytes, got more",
  },
  { name: "too few bytes", body: "hello", code: "SIZE_MISMATCH", said: "expected 11 bytes, got 5" },
  {
    name: "other bytes",
    body: "hello w0rld",
    code: "DIGEST_MISMATCH",
    said: `the bytes received have digest ${digestOf("hello w0rld")}`,
  },
];
for (const { name, body, code, said } of lies) {
  test(`ingest refuses ${name} and leaves nothing`, async (t) => {
    const store = temporaryStore(t);
    const digest = digestOf("hello world");
    await assert.rejects(store.content.ingest(chunks(body), { digest, sizeBytes: 11 }), {
      code,
      message: `Cannot verify blob ${digest}: ${said}`,
    });
    assert.equal(store.content.has(digest), false);
    assert.deepEqual(readdirSync(store.temp.dir()), []);
  });
}

test("a long blob is stored in order, whatever the sizes of its pieces", async (t) => {
  const store = temporaryStore(t);
  const bytes = randomBytes(70 * 1024 * 1024 + 1);
  const sizes = [1, 65_536, 3_000_000, 40_000_000, 1_048_576, 7, Number.POSITIVE_INFINITY];
  async function* pieces(): AsyncGenerator<Uint8Array> {
    for (let offset = 0, turn = 0; offset < bytes.length; offset += sizes[turn++]!)
      yield bytes.subarray(offset, offset + sizes[turn]!);
  }
  const expected = { digest: digestOf(bytes), sizeBytes: bytes.length };
  await store.content.ingest(pieces(), expected);
  assert.ok(store.content.read(expected.digest, bytes.length).equals(bytes));
  assert.deepEqual(readdirSync(store.temp.dir()), []);
});

test("ingest stops reading a source that never ends", async (t) => {
  const store = temporaryStore(t);
  let pulled = 0;
  async function* endless(): AsyncGenerator<Uint8Array> {
    for (;;) {
      pulled++;
      yield Buffer.alloc(1000);
    }
  }
  const expected = { digest: digestOf("x"), sizeBytes: 2500 };
  await assert.rejects(store.content.ingest(endless(), expected), { code: "SIZE_EXCEEDED" });
  assert.equal(pulled, 3);
});

test("a source that breaks leaves nothing and its error is kept", async (t) => {
  const store = temporaryStore(t);
  async function* broken(): AsyncGenerator<Uint8Array> {
    yield Buffer.from("hel");
    throw new Error("connection reset");
  }
  const expected = { digest: digestOf("hello"), sizeBytes: 5 };
  await assert.rejects(store.content.ingest(broken(), expected), { message: "connection reset" });
  assert.deepEqual(readdirSync(store.temp.dir()), []);
});

test("a writer's blob appears only at commit, and abort after it changes nothing", (t) => {
  const store = temporaryStore(t);
  const writer = store.content.createWriter();
  writer.write(Buffer.from("ab"));
  writer.write(Buffer.from("cd"));
  assert.equal(store.content.has(digestOf("abcd")), false);
  assert.deepEqual(writer.commit(), { digest: digestOf("abcd"), sizeBytes: 4 });
  writer.abort();
  assert.equal(store.content.read(digestOf("abcd"), 4).toString(), "abcd");
});

test("a damaged blob is found out, removed, and can be stored again", async (t) => {
  const store = temporaryStore(t);
  const { digest } = store.content.put("hello");
  const damaged = {
    code: "DIGEST_MISMATCH",
    message: `Cannot verify blob ${digest}: its bytes in the store have changed`,
  };
  writeFileSync(store.content.pathOf(digest), "hellO");
  assert.throws(() => store.content.read(digest, 100), damaged);
  assert.throws(() => store.content.read(digest, 100), {
    code: "BLOB_NOT_FOUND",
    message: `Cannot read blob ${digest}: not in the store`,
  });
  store.content.put("hello");
  writeFileSync(store.content.pathOf(digest), "jello");
  await assert.rejects(text(store.content.stream(digest, 5)), damaged);
  await store.content.ingest(chunks("hello"), { digest, sizeBytes: 5 });
  assert.equal(await text(store.content.stream(digest, 5)), "hello");
});

test("a blob larger than the limit is not read", (t) => {
  const store = temporaryStore(t);
  const { digest } = store.content.put("hello");
  assert.throws(() => store.content.read(digest, 4), {
    code: "SIZE_EXCEEDED",
    message: `Cannot read blob ${digest}: expected at most 4 bytes, got 5`,
  });
});

test("four processes that store the same blob at once all succeed", async (t) => {
  const store = temporaryStore(t);
  const body = "x".repeat(3_000_000);
  const children = [1, 2, 3, 4].map(() => ingestInChild(t, store.root, body.length, body.length));
  assert.deepEqual(await Promise.all(children.map((child) => child.ended)), [0, 0, 0, 0]);
  assert.equal(store.content.read(digestOf(body), body.length).toString(), body);
  assert.equal(store.temp.claimStale().length, 0, "each process cleaned up");
});

test("a process killed during ingest leaves no blob, and what it left is found", async (t) => {
  const store = temporaryStore(t);
  const body = "x".repeat(3_000_000);
  const child = ingestInChild(t, store.root, body.length, 1_000_000);
  await child.stalled;
  child.kill();
  await child.ended;
  assert.equal(store.content.has(digestOf(body)), false);
  assert.deepEqual([...store.content.list()], []);
  const [claimed, ...more] = store.temp.claimStale();
  assert.equal(more.length, 0);
  assert.equal(path.dirname(claimed!), store.temp.dir());
  assert.match(readdirSync(claimed!).join(), /^blob-[0-9a-f]+$/);
  assert.deepEqual(store.temp.listStale(), []);
});

test("a touched blob that a prune takes out and puts back is waited for, another is not", async (t) => {
  const store = temporaryStore(t);
  const { digest, sizeBytes } = store.content.put("used");
  const taken = store.temp.newPath("blob");
  for (const read of [
    () => Promise.resolve(store.content.read(digest, sizeBytes).toString()),
    async () => text(store.content.stream(digest, sizeBytes)),
  ]) {
    assert.ok(store.content.touch(digest));
    renameSync(store.content.pathOf(digest), taken);
    const back = spawn("sh", ["-c", 'sleep 0.03; mv "$1" "$2"', "sh", taken, store.content.pathOf(digest)]);
    const ended = new Promise((resolve) => back.once("close", resolve));
    assert.equal(await read(), "used");
    await ended;
  }
  const startedAt = Date.now();
  assert.throws(() => store.content.read(digestOf("other"), 10), { code: "BLOB_NOT_FOUND" });
  assert.ok(Date.now() - startedAt < 100);
  renameSync(store.content.pathOf(digest), taken);
  assert.throws(() => store.content.read(digest, sizeBytes), { code: "BLOB_NOT_FOUND" });
});

/** Another process that ingests `sizeBytes` times "x" in small pieces and stops for ever after `untilBytes`. */
function ingestInChild(t: TestContext, root: string, sizeBytes: number, untilBytes: number) {
  const script = `
    const { openStore } = await import(process.argv[1]);
    const [root, size, until] = [process.argv[2], Number(process.argv[3]), Number(process.argv[4])];
    const store = openStore(root);
    const { createHash } = await import("node:crypto");
    const digest = "sha256:" + createHash("sha256").update("x".repeat(size)).digest("hex");
    async function* source() {
      for (let done = 0; done < until; done += 10_000) yield Buffer.from("x".repeat(Math.min(10_000, until - done)));
      if (until < size) { console.log("stalled"); await new Promise((resolve) => setTimeout(resolve, 60_000)); }
    }
    await store.content.ingest(source(), { digest, sizeBytes: size });
    store.temp.close();`;
  const args = [
    "--input-type=module",
    "-e",
    script,
    bundledDoor(t),
    root,
    String(sizeBytes),
    String(untilBytes),
  ];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  return {
    kill: () => child.kill("SIGKILL"),
    stalled: new Promise((resolve) => child.stdout.once("data", resolve)),
    ended: new Promise<number | null>((resolve) => child.once("close", resolve)),
  };
}

/** This room as one JavaScript file that another process can import. */
function bundledDoor(t: TestContext): string {
  const outfile = path.join(temporary(t), "content.mjs");
  buildSync({
    entryPoints: ["src/content/index.ts"],
    outfile,
    bundle: true,
    format: "esm",
    platform: "node",
    target: "node20.19",
  });
  return outfile;
}

async function* chunks(...texts: string[]): AsyncGenerator<Uint8Array> {
  for (const piece of texts) yield Buffer.from(piece);
}

async function text(source: AsyncIterable<Uint8Array>): Promise<string> {
  const pieces: Uint8Array[] = [];
  for await (const piece of source) pieces.push(piece);
  return Buffer.concat(pieces).toString();
}

function temporaryStore(t: TestContext): Store {
  return openStore(temporary(t));
}

function temporary(t: TestContext): string {
  const dir = mkdtempSync(path.join(tmpdir(), "slipway-content-"));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}
