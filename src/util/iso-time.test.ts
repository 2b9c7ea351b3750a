import assert from "node:assert/strict";
import test from "node:test";
import * as fc from "fast-check";
import { isoTime } from "./iso-time.ts";

test("a time is written as Date writes it", () => {
  const anyTime = fc.date({ noInvalidDate: true });
  const likely = fc.date({ min: new Date(0), max: new Date("2100-01-01T00:00:00Z"), noInvalidDate: true });
  fc.assert(
    fc.property(fc.oneof(likely, anyTime), (time) => {
      assert.equal(isoTime(time.getTime()), time.toISOString());
    }),
  );
});

test("years at both ends of four digits, and beyond", () => {
  for (const text of [
    "0000-01-01T00:00:00.000Z",
    "9999-12-31T23:59:59.999Z",
    "+010000-01-01T00:00:00.000Z",
  ]) {
    assert.equal(isoTime(Date.parse(text)), text);
  }
});

test("what is no time is refused", () => {
  assert.throws(() => isoTime(Number.NaN), RangeError);
});
