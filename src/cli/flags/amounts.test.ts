import assert from "node:assert/strict";
import { test } from "node:test";
import { parseAge, parseSize } from "./amounts.ts";

for (const [text, milliseconds] of [
  ["30s", 30_000],
  ["90m", 5_400_000],
  ["24h", 86_400_000],
  ["7d", 604_800_000],
  ["1.5h", 5_400_000],
  ["1h30m", 5_400_000],
] as const) {
  test(`the age ${text} is ${milliseconds} ms`, () => {
    assert.equal(parseAge("--older-than", text), milliseconds);
  });
}

for (const [text, bytes] of [
  ["0", 0],
  ["1024", 1024],
  ["500MB", 500_000_000],
  ["10gb", 10_000_000_000],
  ["1.5G", 1_500_000_000],
  ["1GiB", 1_073_741_824],
  ["2kib", 2048],
] as const) {
  test(`the size ${text} is ${bytes} bytes`, () => {
    assert.equal(parseSize("--keep-storage", text), bytes);
  });
}

test("other amounts are refused with an example", () => {
  for (const text of ["", "soon", "24", "-1h", "h", "1.2.3h"]) {
    const message = `Cannot parse --older-than "${text}": expected an age such as 90m, 24h or 7d`;
    assert.throws(() => parseAge("--older-than", text), { message });
  }
  for (const text of ["", "much", "-1", "1EB", "1 GB"]) {
    const message = `Cannot parse --keep-storage "${text}": expected a size such as 500MB or 10GB`;
    assert.throws(() => parseSize("--keep-storage", text), { message });
  }
});
