import assert from "node:assert/strict";
import { parseIgnoreFile, PatternMatcher, TreeError } from "../src/tree/index.ts";
import type { FuzzTarget } from "./target.ts";

const pieces = [
  "a",
  "b",
  "/",
  "**",
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
  "..",
  ".",
  "{1,9}",
  "|",
  "(",
  "+",
  "$",
  "é",
  "[:alpha:]",
  "\r\n",
];
const paths = [
  "a",
  "a/b",
  "b/a/b",
  ".a",
  "a/".repeat(60) + "b",
  "é/a",
  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab",
];

/** Random ignore files: read, and matched against some paths. */
export const ignoreTarget: FuzzTarget = {
  generate: (random) => random.list(60, () => random.pick(pieces)).join(""),
  attempt: (input) => {
    try {
      const matcher = new PatternMatcher(parseIgnoreFile(String(input)));
      for (const path of paths) assert.equal(matcher.matches(path), matcher.matches(path));
    } catch (error) {
      if (!(error instanceof TreeError)) throw error;
    }
  },
};
