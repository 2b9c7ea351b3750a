import assert from "node:assert/strict";
import { test } from "node:test";
import { missReason } from "./miss-reason.ts";

const cases: [string, Record<string, string> | undefined, Record<string, string>, boolean, string][] = [
  ["a step without a past", undefined, { base: "a" }, false, "first build"],
  ["equal parts whose layer is gone", { base: "a" }, { base: "a" }, false, "its result was pruned"],
  ["another stack below", { base: "a" }, { base: "b" }, true, "parent ran"],
  ["another base image", { base: "a" }, { base: "b" }, false, "parent changed"],
  [
    "an ARG, even if the parent changed too",
    { base: "a", "env V": "1" },
    { base: "b", "env V": "2" },
    true,
    'V: "1" → "2"',
  ],
  ["an ARG that is new", {}, { "env V": "2" }, true, 'V: unset → "2"'],
  ["other files", { "source 0": "a" }, { "source 0": "b" }, false, "files to copy changed"],
  ["another command", { command: "a" }, { command: "b" }, false, "instruction changed"],
];

for (const [title, last, parts, parentRan, expected] of cases) {
  test(`a miss is explained by ${title}`, () => {
    assert.equal(missReason(last, parts, parentRan), expected);
  });
}
