import assert from "node:assert/strict";
import { test } from "node:test";
import { freeRange, subordinateRanges } from "./subordinate-ids.ts";

test("the range that a user is to ask for is nobody's yet", () => {
  assert.equal(freeRange(["", ""]), "100000-165535");
  assert.equal(freeRange(["a:100000:65536\nb:165536:65536\n", "a:100000:65536\n"]), "231072-296607");
  assert.equal(freeRange(["a:100000:65536\n", "c:500000:1000\n# odd\n"]), "501000-566535");
  assert.equal(freeRange(["a:10:20\n", ""]), "100000-165535");
});

test("a user's ranges are found by name and by number, each once", () => {
  const text = "a:100000:65536\n1000:300000:10\nb:1:1\na:100000:65536\na:x:1\na:5:0\n";
  assert.deepEqual(subordinateRanges(text, { name: "a", uid: 1000 }), [
    { start: 100_000, count: 65_536 },
    { start: 300_000, count: 10 },
  ]);
});
