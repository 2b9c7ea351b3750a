import assert from "node:assert/strict";
import { test } from "node:test";
import { parseOwner } from "./owner.ts";

const cases = [
  ["1", { user: 1, group: 1 }],
  ["app", { user: "app" }],
  ["app:staff", { user: "app", group: "staff" }],
  ["1:nosuch", { user: 1, group: "nosuch" }],
  ["root", { user: 0, group: 0 }],
  ["1:", { user: 1, group: 0 }],
  ["app:", { user: "app", group: 0 }],
  [":5", { user: 0, group: 5 }],
  [":", { user: 0, group: 0 }],
  ["+5", { user: 5, group: 5 }],
  ["05:010", { user: 5, group: 10 }],
  ["-1", { user: "-1" }],
  ["2147483648", { user: "2147483648" }],
] as const;

for (const [text, owner] of cases) {
  test(`the owner ${JSON.stringify(text)} is ${JSON.stringify(owner)}`, () => {
    assert.deepEqual(parseOwner(text), owner);
  });
}
