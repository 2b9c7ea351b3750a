import assert from "node:assert/strict";
import { chmodSync, linkSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test, type TestContext } from "node:test";
import { diffTrees, listTree } from "./index.ts";

function layers(t: TestContext, ...makers: ((dir: string) => void)[]): string[] {
  const root = mkdtempSync(path.join(tmpdir(), "slipway-diff-"));
  t.after(() => rmSync(root, { recursive: true }));
  return makers.map((make, index) => {
    const dir = path.join(root, String(index));
    mkdirSync(dir);
    make(dir);
    return dir;
  });
}

test("files of a layer that both stacks have are the same", (t) => {
  const [base, top] = layers(
    t,
    (dir) => writeFileSync(path.join(dir, "a"), "a"),
    (dir) => writeFileSync(path.join(dir, "b"), "b"),
  );
  assert.deepEqual(diffTrees([base!], [base!, top!]), [{ path: "/b", kind: "added", sizeAfter: 1 }]);
  assert.deepEqual(diffTrees([base!, top!], [base!]), [{ path: "/b", kind: "removed", sizeBefore: 1 }]);
  assert.deepEqual(diffTrees([], [top!]), [{ path: "/b", kind: "added", sizeAfter: 1 }]);
});

test("equal files of different layers are the same; the first thing that differs is named", (t) => {
  const [one, two] = layers(
    t,
    (dir) => {
      for (const name of ["same", "mode", "bytes"])
        writeFileSync(path.join(dir, name), name, { mode: 0o644 });
      symlinkSync("x", path.join(dir, "link"));
    },
    (dir) => {
      for (const name of ["same", "mode", "bytes"])
        writeFileSync(path.join(dir, name), name, { mode: 0o644 });
      chmodSync(path.join(dir, "mode"), 0o600);
      writeFileSync(path.join(dir, "bytes"), "BYTES");
      symlinkSync("y", path.join(dir, "link"));
    },
  );
  assert.deepEqual(
    diffTrees([one!], [two!]).map(({ path: file, what }) => [file, what]),
    [
      ["/bytes", "content"],
      ["/link", "target x→y"],
      ["/mode", "mode 0644→0600"],
    ],
  );
});

test("files that differ only in their last byte differ, however large", (t) => {
  const bytes = Buffer.alloc(700_000, 1);
  const [one, two] = layers(
    t,
    (dir) => writeFileSync(path.join(dir, "a"), bytes),
    (dir) => writeFileSync(path.join(dir, "a"), Buffer.concat([bytes.subarray(1), Buffer.from([2])])),
  );
  assert.equal(diffTrees([one!], [two!])[0]?.what, "content");
});

test("a file with two names counts once, a link points where it points", (t) => {
  const [layer] = layers(t, (dir) => {
    writeFileSync(path.join(dir, "a"), "12345");
    linkSync(path.join(dir, "a"), path.join(dir, "b"));
    symlinkSync("/etc/passwd", path.join(dir, "c"));
  });
  assert.deepEqual(
    listTree([layer!]).map(({ path: file, sizeBytes, linkTarget }) => [file, sizeBytes, linkTarget]),
    [
      ["/", 0, undefined],
      ["/a", 5, undefined],
      ["/b", 0, undefined],
      ["/c", 0, "/etc/passwd"],
    ],
  );
});
