import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { SelectedEntry, TreeStat } from "../tree/index.ts";
import { SelectionRecord } from "./selection-record.ts";

const directoryStat: TreeStat = {
  type: "directory",
  mode: 0o755,
  uid: 0,
  gid: 0,
  sizeBytes: 4096,
  mtimeNs: 7n,
  ctimeNs: 8n,
  dev: 1,
  ino: 9,
  nlink: 2,
  rdev: 0,
  isBlock: false,
};

const text = (maxLength: number) =>
  fc
    .array(fc.integer({ min: 1, max: 255 }), { maxLength })
    .map((bytes) => Buffer.from(bytes).toString("latin1"));
const nanoseconds = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });

const file = fc.record({
  name: text(300),
  stat: fc.record({
    type: fc.constant("file" as const),
    mode: fc.nat(0o7777),
    sizeBytes: fc.maxSafeNat(),
    ino: fc.maxSafeNat(),
    mtimeNs: nanoseconds,
    ctimeNs: nanoseconds,
  }),
  hardLinkTo: fc.option(text(20), { nil: undefined }),
});
const other = fc.record({
  name: text(20),
  stat: fc.record({ type: fc.constantFrom("directory", "fifo", "socket"), mode: fc.nat(0o7777) }),
});
const link = fc.record({
  name: text(20),
  stat: fc.record({ type: fc.constant("symlink" as const), mode: fc.constant(0o777) }),
  linkTarget: text(4000),
});
const device = fc.record({
  name: text(20),
  stat: fc.record({
    type: fc.constant("device" as const),
    mode: fc.nat(0o7777),
    rdev: fc.nat(0xffffffff),
    isBlock: fc.boolean(),
  }),
});
const entry = fc.oneof(file, other, link, device);
const source = fc.record({ match: text(20), path: text(20), isContentsOnly: fc.boolean() });
const selection = fc.array(fc.record({ source, entries: fc.array(entry, { maxLength: 10 }) }), {
  maxLength: 5,
});

type Selection = typeof selection extends fc.Arbitrary<infer Value> ? Value : never;

function record(found: Selection): SelectionRecord {
  const made = new SelectionRecord();
  for (const one of found) {
    made.addSource({ ...one.source, stat: directoryStat, entries: [] });
    for (const { stat, ...names } of one.entries) {
      const whole = { ...directoryStat, ...stat };
      made.addEntry({ path: "", xattrs: [], ...names, stat: whole } as SelectedEntry);
    }
  }
  return made;
}

/** What a record has to tell of a selection. */
function told(found: Selection): unknown[] {
  return found.flatMap(({ source: { match, path, isContentsOnly }, entries }) => [
    { kind: "source", match, isContentsOnly },
    ...entries.map(({ stat, ...names }) => ({
      kind: "entry",
      path: names.name === "" ? path : `${path === "/" ? "" : path}/${names.name}`,
      xattrs: [],
      ...Object.fromEntries(Object.entries(names).filter(([, value]) => value !== undefined)),
      stat: {
        uid: 0,
        gid: 0,
        rdev: 0,
        isBlock: false,
        sizeBytes: 0,
        ino: 0,
        mtimeNs: 0n,
        ctimeNs: 0n,
        ...stat,
      },
    })),
  ]);
}

test("a record tells what was added", () => {
  fc.assert(fc.property(selection, (found) => assert.deepEqual([...record(found)], told(found))));
});

test("a text may be longer than a chunk, and rows fill many", () => {
  const long = {
    source: { match: "/", path: "/", isContentsOnly: true },
    entries: [] as Selection[0]["entries"],
  };
  for (let index = 0; index < 1000; index++)
    long.entries.push({
      name: `d/${index}`,
      stat: { type: "symlink", mode: 0o777 },
      linkTarget: "x".repeat(index),
    });
  long.entries.push({ name: "x".repeat(1_000_000), stat: { type: "fifo", mode: 0o600 } });
  assert.deepEqual([...record([long])], told([long]));
});

test("fingerprints are the same where, and only where, all that is recorded is", () => {
  fc.assert(
    fc.property(selection, selection, (one, two) => {
      assert.deepEqual(record(one).fingerprint(), record(one).fingerprint());
      const isSame = JSON.stringify(one, withBigInts) === JSON.stringify(two, withBigInts);
      assert.equal(record(one).fingerprint().equals(record(two).fingerprint()), isSame);
    }),
  );
});

test("each part of a selection changes the fingerprint", () => {
  const base = {
    source: { match: "/a", path: "/b", isContentsOnly: false },
    file: { name: "ab", stat: { type: "file", mode: 0o644, sizeBytes: 1, ino: 2, mtimeNs: 3n, ctimeNs: 4n } },
    link: { name: "l", stat: { type: "symlink", mode: 0o777 }, linkTarget: "t" },
    device: { name: "n", stat: { type: "device", mode: 0o600, rdev: 5, isBlock: false } },
  };
  const whole = [{ source: base.source, entries: [base.file, base.link, base.device] }] as Selection;
  const fingerprints = new Set([record(whole).fingerprint().toString("hex")]);
  type Part = "source" | "file" | "link" | "device";
  const variants: [Part, Record<string, unknown>][] = [
    ["source", { match: "/" }],
    ["source", { path: "/" }],
    ["source", { isContentsOnly: true }],
    ["file", { name: "ac" }],
    ["file", { hardLinkTo: "" }],
    ["file", { stat: { ...base.file.stat, mode: 0o645 } }],
    ["file", { stat: { ...base.file.stat, sizeBytes: 2 ** 33 } }],
    ["file", { stat: { ...base.file.stat, ino: 2 ** 34 } }],
    ["file", { stat: { ...base.file.stat, mtimeNs: 4n } }],
    ["file", { stat: { ...base.file.stat, ctimeNs: 3n } }],
    ["link", { linkTarget: "u" }],
    ["link", { linkTarget: undefined }],
    ["device", { stat: { ...base.device.stat, rdev: 6 } }],
    ["device", { stat: { ...base.device.stat, isBlock: true } }],
  ];
  for (const [part, change] of variants) {
    const { source: from, ...entries } = { ...base, [part]: { ...base[part], ...change } };
    const changed = [{ source: from, entries: Object.values(entries) }] as Selection;
    fingerprints.add(record(changed).fingerprint().toString("hex"));
  }
  assert.equal(fingerprints.size, variants.length + 1);
});

function withBigInts(_: string, value: unknown): unknown {
  return typeof value === "bigint" ? `${value}n` : value;
}
