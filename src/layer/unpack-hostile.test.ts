import assert from "node:assert/strict";
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import * as fc from "fast-check";
import { listXattrs } from "../sys/index.ts";
import { LayerError } from "./layer-error.ts";
import { archiveOf, scratchDirectory, trusted, unpack } from "./test-archives.ts";
import { unpackTar } from "./unpack-tar.ts";

const needsRoot = process.getuid?.() === 0 ? {} : { skip: "owners need root" };

/** A directory with a victim beside the target: both must be as before when an attack is over. */
async function attack(t: Parameters<typeof scratchDirectory>[0], archive: Buffer, options = {}) {
  const outside = scratchDirectory(t);
  writeFileSync(path.join(outside, "victim"), "untouched");
  const target = path.join(outside, "target");
  const outcome = await unpack(t, archive, options, target).then(
    ({ result }) => result,
    (error: unknown) => error,
  );
  assert.equal(readFileSync(path.join(outside, "victim"), "utf8"), "untouched");
  assert.deepEqual(
    readdirSync(outside).filter((name) => name !== "target"),
    ["victim"],
  );
  if (outcome instanceof Error) {
    assert.ok(outcome instanceof LayerError, String(outcome));
    assert.equal(existsSync(target), false);
  }
  return { outcome, target };
}

const refused = [
  [
    "a name with ..",
    [{ path: "../victim", content: "x" }],
    "ESCAPES_ROOT",
    'Cannot unpack "../victim": "../victim" leads out of the root',
  ],
  ["a name that climbs later", [{ path: "a/../../victim", content: "x" }], "ESCAPES_ROOT", undefined],
  [
    "a hard link out of the root",
    [{ path: "l", type: "hardlink", linkPath: "../victim" }],
    "ESCAPES_ROOT",
    undefined,
  ],
  [
    "a hard link to nothing",
    [{ path: "l", type: "hardlink", linkPath: "/victim" }],
    "INVALID_TAR",
    'Cannot unpack "l": no file "/victim" to link to',
  ],
  [
    "a hard link to a directory",
    [
      { path: "d/", type: "directory" },
      { path: "l", type: "hardlink", linkPath: "d" },
    ],
    "INVALID_TAR",
    undefined,
  ],
  ["a hard link to the root", [{ path: "l", type: "hardlink", linkPath: "/" }], "INVALID_TAR", undefined],
  [
    "a file as parent directory",
    [
      { path: "f", content: "x" },
      { path: "f/g", content: "y" },
    ],
    "INVALID_TAR",
    'Cannot unpack "f/g": "f" is no directory',
  ],
  [
    "links in a circle",
    [
      { path: "a", type: "symlink", linkPath: "b" },
      { path: "b", type: "symlink", linkPath: "a" },
      { path: "a/f", content: "" },
    ],
    "INVALID_TAR",
    'Cannot unpack "a/f": too many links on the way',
  ],
  [
    "a whiteout of ..",
    [{ path: "d/.wh..." }],
    "INVALID_TAR",
    'Cannot unpack "d/.wh...": the whiteout names no file',
  ],
  ["a whiteout of nothing", [{ path: ".wh." }], "INVALID_TAR", undefined],
  [
    "a name that is too long",
    [{ path: "n".repeat(300), content: "x" }],
    "WRITE_FAILED",
    `Cannot unpack "${"n".repeat(300)}": ENAMETOOLONG`,
  ],
] as const;

for (const [title, entries, code, message] of refused) {
  test(`${title} is refused`, needsRoot, async (t) => {
    const { outcome } = await attack(t, archiveOf(...entries));
    assert.ok(outcome instanceof LayerError);
    assert.equal(outcome.code, code);
    if (message) assert.equal(outcome.message, message);
  });
}

test("links as parent directories are followed inside the root only", needsRoot, async (t) => {
  for (const linkPath of ["..", "/", "../../../..", "/../..", "../x/../.."]) {
    const { outcome, target } = await attack(
      t,
      archiveOf(
        { path: "escape", type: "symlink", linkPath },
        { path: "escape/victim", content: "in the root" },
      ),
    );
    assert.ok(!(outcome instanceof Error), String(outcome));
    if (linkPath !== "../x/../..") assert.equal(readFileSync(`${target}/victim`, "utf8"), "in the root");
  }
});

test("a link is never written through", needsRoot, async (t) => {
  const { target } = await attack(
    t,
    archiveOf({ path: "l", type: "symlink", linkPath: "../victim" }, { path: "l", content: "mine" }),
  );
  assert.equal(lstatSync(`${target}/l`).isFile(), true);
  const { target: second } = await attack(
    t,
    archiveOf(
      { path: "l", type: "symlink", linkPath: "../victim" },
      { path: "m", type: "hardlink", linkPath: "l" },
    ),
  );
  assert.equal(lstatSync(`${second}/m`).isSymbolicLink(), true);
});

test("a directory replaced by a link no longer counts as one", needsRoot, async (t) => {
  const { target } = await attack(
    t,
    archiveOf(
      { path: "d/", type: "directory" },
      { path: "d/e/", type: "directory" },
      { path: "d", type: "symlink", linkPath: ".." },
      { path: "d/victim", content: "inside" },
      { path: "d/e/victim", content: "inside" },
    ),
  );
  assert.equal(readFileSync(`${target}/victim`, "utf8"), "inside");
  assert.equal(readFileSync(`${target}/e/victim`, "utf8"), "inside");
});

test("absolute names lie in the root", needsRoot, async (t) => {
  const { target } = await attack(t, archiveOf({ path: "//victim", content: "x" }));
  assert.equal(readFileSync(`${target}/victim`, "utf8"), "x");
});

test("attributes of overlayfs are never applied, and 0:0 devices are left out", needsRoot, async (t) => {
  const value = Buffer.from("y");
  const names = [
    "trusted.overlay.opaque",
    "trusted.overlay.redirect",
    "user.overlay.opaque",
    "security.selinux",
  ];
  const { target, outcome } = await attack(
    t,
    archiveOf(
      { path: "d/", type: "directory", xattrs: names.map((name) => ({ name, value })) },
      { path: "f", xattrs: names.map((name) => ({ name, value })) },
      { path: "wh", type: "character-device" },
    ),
  );
  assert.deepEqual(
    [...listXattrs(`${target}/d`), ...listXattrs(`${target}/f`)].filter((n) => names.includes(n)),
    [],
  );
  assert.equal(existsSync(`${target}/wh`), false);
  assert.equal((outcome as { skippedDevices: number }).skippedDevices, 1);
});

test("limits hold for bytes of the tar, bytes of files and entries", needsRoot, async (t) => {
  const archive = archiveOf({ path: "a", content: "x".repeat(2000) }, { path: "b" });
  for (const limits of [{ tarBytes: 1500 }, { unpackedBytes: 1999 }, { entries: 1 }]) {
    const { outcome } = await attack(t, archive, { limits });
    assert.equal((outcome as LayerError).code, "LIMIT_EXCEEDED");
  }
  const bomb = gzipSync(Buffer.alloc(50_000_000));
  assert.equal(
    ((await attack(t, bomb, { limits: { tarBytes: 1_000_000 } })).outcome as LayerError).code,
    "LIMIT_EXCEEDED",
  );
  await assert.doesNotReject(
    unpack(t, archive, { limits: { tarBytes: archive.length, unpackedBytes: 2000, entries: 2 } }),
  );
});

test("a size that lies about the bytes that follow is detected", needsRoot, async (t) => {
  const whole = archiveOf({ path: "a", content: "x".repeat(5000) });
  assert.equal(((await attack(t, whole.subarray(0, 3000))).outcome as LayerError).code, "TRUNCATED_TAR");
});

test("what the source throws is thrown, and a file that is missing is named", needsRoot, async (t) => {
  const target = path.join(scratchDirectory(t), "target");
  const options = { form: "layer", opaqueXattr: trusted } as const;
  for (const pack of [(bytes: Buffer) => bytes, gzipSync]) {
    async function* broken() {
      yield pack(Buffer.alloc(100_000)).subarray(0, 60);
      throw new Error("connection reset");
    }
    await assert.rejects(unpackTar(broken(), target, options), { message: "connection reset" });
  }
  const missing = path.join(target, "none");
  await assert.rejects(unpackTar(missing, target, options), {
    code: "READ_FAILED",
    message: `Cannot read tar "${missing}": ENOENT`,
  });
  const signal = AbortSignal.abort(new Error("stop"));
  await assert.rejects(unpack(t, archiveOf({ path: "a" }), { signal }), { message: "stop" });
});

test("an existing directory is not taken for a new layer's", needsRoot, async (t) => {
  const target = scratchDirectory(t);
  mkdirSync(`${target}/d`);
  await assert.rejects(unpack(t, archiveOf({ path: "a" }), {}, target), { code: "WRITE_FAILED" });
  assert.equal(existsSync(`${target}/d`), true);
});

const name = fc.constantFrom("a", "b", "..", ".", "", ".wh.a", ".wh..wh..opq", "victim", "\xff");
const anyPath = fc.array(name, { minLength: 1, maxLength: 4 }).map((names) => names.join("/"));
const entry = fc.record({
  path: anyPath,
  type: fc.constantFrom("file", "hardlink", "symlink", "directory", "fifo", "character-device"),
  linkPath: anyPath.map((text) => text || "x"),
  mode: fc.integer({ min: 0, max: 0o7777 }),
  content: fc.constantFrom("", "x", "y".repeat(600)),
});

test(
  "no sequence of entries escapes the root, or fails with anything but a LayerError",
  needsRoot,
  async (t) => {
    await fc.assert(
      fc.asyncProperty(fc.array(entry, { maxLength: 8 }), async (entries) => {
        const safe = entries.map((e) => (e.type === "file" ? e : { ...e, content: "" }));
        await attack(t, archiveOf(...safe));
      }),
      { numRuns: 150 },
    );
  },
);

test("damaged archives and random bytes fail with a LayerError or not at all", needsRoot, async (t) => {
  const good = archiveOf(
    { path: "d/", type: "directory" },
    { path: "d/h\xf6", content: "x".repeat(700), xattrs: [{ name: "user.a", value: Buffer.from("b") }] },
    { path: "l", type: "symlink", linkPath: "d" },
  );
  const damage = fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { minLength: 1, maxLength: 5 });
  await fc.assert(
    fc.asyncProperty(damage, async (changes) => {
      const bad = Buffer.from(good);
      for (const [at, byte] of changes) bad[at] = byte;
      await attack(t, bad);
    }),
    { numRuns: 150 },
  );
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 3000 }), async (bytes) => {
      await attack(t, Buffer.from(bytes));
    }),
    { numRuns: 50 },
  );
});
