import assert from "node:assert/strict";
import { test } from "node:test";
import { canonicalJson } from "./canonical-json.ts";

const table: readonly (readonly [value: unknown, text: string])[] = [
  [{ a: 1, b: [{ d: 1, c: 2 }, "x"] }, '{"a":1,"b":[{"c":2,"d":1},"x"]}'],
  [{ b: { z: null, y: undefined }, a: 1 }, '{"a":1,"b":{"z":null}}'],
  [{ a: { b: 1, a: 2 }, c: 3 }, '{"a":{"a":2,"b":1},"c":3}'],
  [{ x: 1, 10: 1, 9: 2 }, '{"9":2,"10":1,"x":1}'],
  [{ ab: 1, a: 2, B: 3 }, '{"B":3,"a":2,"ab":1}'],
  [[undefined, null], "[null,null]"],
];

for (const [value, text] of table)
  test(`${text} is the canonical text of its value`, () => assert.equal(canonicalJson(value), text));
