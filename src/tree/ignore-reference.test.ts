import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { parseIgnoreFile } from "./ignore-file.ts";
import { PatternMatcher } from "./pattern-matcher.ts";

// The documented meaning of patterns, written down as naively as possible: segment by segment, by recursion.

function matchesPath(pattern: readonly string[], path: readonly string[]): boolean {
  const [head, ...rest] = pattern;
  if (head === undefined) return path.length === 0;
  if (head !== "**")
    return path.length > 0 && matchesName(head, path[0]!) && matchesPath(rest, path.slice(1));
  if (rest.length === 0) return path.length > 0;
  return path.some((_name, index) => matchesPath(rest, path.slice(index)));
}

function matchesName(pattern: string, name: string): boolean {
  if (pattern === "") return name === "";
  const rest = pattern.slice(1);
  if (pattern.startsWith("*"))
    return matchesName(rest, name) || (name !== "" && matchesName(pattern, name.slice(1)));
  return (
    name !== "" && (pattern.startsWith("?") || pattern[0] === name[0]) && matchesName(rest, name.slice(1))
  );
}

function isIgnored(patterns: readonly string[], path: string): boolean {
  const names = path.split("/");
  const ancestors = names.map((_name, index) => names.slice(0, index + 1));
  return patterns.some((pattern) => ancestors.some((ancestor) => matchesPath(pattern.split("/"), ancestor)));
}

const letters = fc.constantFrom("a", "b", "ab", "a.b");
const nameGlob = fc
  .array(fc.constantFrom("a", "b", ".", "*", "?"), { minLength: 1, maxLength: 4 })
  .map((chars) => chars.join("").replace(/\*+/g, "*"))
  .filter((glob) => !/^\.+$/.test(glob));
const pattern = fc
  .array(fc.oneof({ weight: 3, arbitrary: nameGlob }, letters, fc.constant("**")), {
    minLength: 1,
    maxLength: 4,
  })
  .map((segments) => segments.filter((segment, index) => segment !== "**" || segments[index - 1] !== "**"))
  .map((segments) => segments.join("/"));
const anyPath = fc.array(letters, { minLength: 1, maxLength: 5 }).map((names) => names.join("/"));

test("patterns without exceptions match as the naive reference does", () => {
  fc.assert(
    fc.property(fc.array(pattern, { maxLength: 3 }), anyPath, (patterns, path) => {
      assert.equal(new PatternMatcher(patterns).matches(path), isIgnored(patterns, path));
    }),
    { numRuns: 1500 },
  );
});

test("a last exception takes out exactly what it matches itself", () => {
  fc.assert(
    fc.property(fc.array(pattern, { maxLength: 3 }), anyPath, (patterns, path) => {
      const matcher = new PatternMatcher([...patterns, `!${path}`]);
      assert.equal(matcher.matches(path), false);
      assert.equal(matcher.matches(`${path}x`), isIgnored(patterns, `${path}x`));
    }),
    { numRuns: 800 },
  );
});

test("any text of an ignore file gives a matcher or moby's error", () => {
  const char = fc.constantFrom(
    "a",
    "/",
    ".",
    "*",
    "?",
    "[",
    "]",
    "^",
    "-",
    "\\",
    "!",
    "#",
    " ",
    "\n",
    "{",
    "|",
    "é",
  );
  fc.assert(
    fc.property(fc.array(char, { maxLength: 30 }), (chars) => {
      const patterns = parseIgnoreFile(chars.join(""));
      try {
        new PatternMatcher(patterns).matches("a/b");
      } catch (error) {
        assert.match(String(error), /syntax error in pattern|illegal exclusion pattern: "!"/);
      }
    }),
    { numRuns: 1500 },
  );
});
