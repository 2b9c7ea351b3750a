import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import fc from "fast-check";
import { anyDirectories, compileLinear, type Match } from "./linear-match.ts";
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

/** How many nodes `action` looks at, over all characters: as many as the sets hold that are made empty for each. */
function workOf(t: TestContext, action: () => void): number {
  let work = 0;
  const { mock } = t.mock.method(Uint8Array.prototype, "fill", function (this: Uint8Array, value: number) {
    work += this.length;
    for (let at = 0; at < this.length; at++) this[at] = value;
    return this;
  });
  action();
  mock.restore();
  return work;
}

test("many stars cost no more than the pattern's length times the text's", (t) => {
  const name = "a".repeat(255);
  const deep = "a/".repeat(2000);
  const stars = `${"*a".repeat(40)}*b`;
  const table: readonly [(pattern: string) => Match | undefined, pattern: string, path: string, boolean][] = [
    [compileGlob, stars, name, false],
    [compileGlob, stars, `${name}b`, true],
    [compilePattern, stars, name, false],
    [compilePattern, `${"*[^b]".repeat(40)}b`, name, false],
    [compilePattern, `${"**/a/".repeat(40)}b`, deep, false],
    [compilePattern, `x${"**a".repeat(40)}b`, `x${deep}`, false],
    [compilePattern, `${"**/*a".repeat(40)}b`, `${name}/${name}`, false],
  ];
  for (const [compile, pattern, path, isMatched] of table) {
    const match = compile(pattern)!;
    const work = workOf(t, () => assert.equal(match(path), isMatched, pattern));
    assert.ok(work > 0 && work <= 2 * pattern.length * (path.length + 1), `${pattern} took ${work}`);
  }
});

test("many `**/` in a row mean what two do, and take no longer", (t) => {
  const paths = [`${"a/".repeat(1_000)}x.c`, "x.c", "a/x.c", "a/xx.c"];
  const workOfMany = (count: number) => {
    const matcher = new PatternMatcher([`${"**/".repeat(count)}x.c`]);
    return workOf(t, () =>
      assert.deepEqual(
        paths.map((path) => matcher.matchBelow(path, undefined).isMatched),
        [true, true, true, false],
      ),
    );
  };
  assert.equal(workOfMany(5_000), workOfMany(2));
});

test("a pattern longer than any path is refused", () => {
  assert.throws(() => new PatternMatcher(["a/".repeat(200_000)]), {
    code: "BAD_PATTERN",
    message: "pattern is longer than 16384 characters",
  });
});
