import assert from "node:assert/strict";
import { linkSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { type TestContext, test } from "node:test";
import { findBytes } from "./find-bytes.ts";

const needle = Buffer.from("a secret value");

test("bytes are found in files, link targets and names, each with the pattern that it holds", (t) => {
  const dir = directory(t);
  mkdirSync(path.join(dir, "b/c"), { recursive: true });
  writeFileSync(path.join(dir, "a"), `x${needle.toString()}y`);
  linkSync(path.join(dir, "a"), path.join(dir, "again"));
  writeFileSync(path.join(dir, "b/c/none"), "nothing here");
  writeFileSync(path.join(dir, "b/c/other"), "another");
  symlinkSync(`/x/${needle.toString()}`, path.join(dir, "link"));
  writeFileSync(Buffer.from(`${dir}/z\xe9 ${needle.toString()}`, "latin1"), "");
  symlinkSync("/etc/passwd", path.join(dir, "outside"));
  const patterns = [Buffer.from("another"), needle, Buffer.from("root:")];
  assert.deepEqual(findBytes(dir, patterns, { limit: 100 }), [
    { path: "/a", pattern: 1 },
    { path: "/b/c/other", pattern: 0 },
    { path: "/link", pattern: 1 },
    { path: `/z\xe9 ${needle.toString()}`, pattern: 1 },
  ]);
  assert.equal(findBytes(dir, patterns, { limit: 2 }).length, 2);
  assert.deepEqual(findBytes(dir, [], { limit: 2 }), []);
});

test("bytes are found across the borders of what is read at once", (t) => {
  const dir = directory(t);
  const chunkBytes = 1 << 20;
  for (const [index, at] of [
    chunkBytes - 7,
    chunkBytes - needle.length,
    chunkBytes,
    2 * chunkBytes - 20,
  ].entries()) {
    writeFileSync(path.join(dir, String(index)), Buffer.concat([Buffer.alloc(at), needle]));
  }
  assert.equal(findBytes(dir, [needle], { limit: 100 }).length, 4);
  const long = Buffer.alloc(3 * chunkBytes, "long ");
  writeFileSync(path.join(dir, "long"), Buffer.concat([Buffer.alloc(chunkBytes), long]));
  assert.deepEqual(findBytes(dir, [long], { limit: 100 }), [{ path: "/long", pattern: 0 }]);
});

function directory(t: TestContext): string {
  const dir = mkdtempSync(path.join(tmpdir(), "slipway-find-"));
  t.after(() => rmSync(dir, { recursive: true }));
  return dir;
}
