import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { anyDirectories, compileLinear } from "./linear-match.ts";
import { compileGlob } from "./glob.ts";
import { compilePattern } from "./pattern.ts";
import { PatternMatcher } from "./pattern-matcher.ts";

const part = fc.constantFrom(
  "a",
  "b",
  "/",
  "\\.",
  "\\x2d",
  "[^/]",
  "[^/]*",
  "[^\\n]*",
  anyDirectories,
  "[ab]",
  "[^a]*",
  "[\\]\\[x]",
  "\\b",
  "\\B",
  "^",
  "$",
  "\\w",
  "\\x07",
  "é",
);
const text = fc.string({
  unit: fc.constantFrom("a", "b", "/", ".", "-", "\n", "]", "x", "é", "😀"),
  maxLength: 12,
});

test("every pattern matches what the regular expression matches", () => {
  fc.assert(
    fc.property(fc.array(part, { maxLength: 10 }), text, (parts, subject) => {
      const source = parts.join("");
      assert.equal(compileLinear(source)(subject), new RegExp(`^${source}$`, "u").test(subject), source);
    }),
    { numRuns: 3000 },
  );
});

/** Runs `action`, which a backtracking matcher would not finish in years. */
function quickly(action: () => void): void {
  const startedAtMs = performance.now();
  action();
  const tookMs = performance.now() - startedAtMs;
  assert.ok(tookMs < 1000, `took ${tookMs} ms`);
}

test("many stars cost no more than the pattern's length times the text's", () => {
  const name = "a".repeat(255);
  const stars = `${"*a".repeat(40)}*b`;
  quickly(() => {
    assert.equal(compileGlob(stars)!(name), false);
    assert.equal(compileGlob(stars)!(`${name}b`), true);
    assert.equal(compilePattern(stars)!(name), false);
    assert.equal(compilePattern(`${"*[^b]".repeat(40)}b`)!(name), false);
  });
  const deep = "a/".repeat(2000);
  quickly(() => {
    assert.equal(compilePattern(`${"**/a/".repeat(40)}b`)!(deep), false);
    assert.equal(compilePattern(`x${"**a".repeat(40)}b`)!(`x${deep}`), false);
    assert.equal(new PatternMatcher([`${"**/*a".repeat(40)}b`]).matches(`${name}/${name}`), false);
  });
});

test("many `**/` in a row mean what two do, and take no longer", () => {
  quickly(() => {
    const matcher = new PatternMatcher([`${"**/".repeat(5_000)}x.c`]);
    const deep = `${"a/".repeat(1_000)}x.c`;
    assert.deepEqual(
      [deep, "x.c", "a/x.c", "a/xx.c"].map((path) => matcher.matchBelow(path, undefined).isMatched),
      [true, true, true, false],
    );
  });
});

test("a pattern longer than any path is refused", () => {
  assert.throws(() => new PatternMatcher(["a/".repeat(200_000)]), {
    code: "BAD_PATTERN",
    message: "pattern is longer than 16384 characters",
  });
});
