import assert from "node:assert/strict";
import { test } from "node:test";
import { formatBytes, formatSeconds } from "./index.ts";

test("sizes are decimal with at most three significant digits", () => {
  const table: [number, string][] = [
    [0, "0B"],
    [134, "134B"],
    [999, "999B"],
    [1000, "1kB"],
    [1984567, "1.98MB"],
    [12_345_678, "12.3MB"],
    [330_000_000, "330MB"],
    [1_500_000_000, "1.5GB"],
    [2e18, "2000PB"],
  ];
  for (const [size, text] of table) assert.equal(formatBytes(size), text);
});

test("durations have one decimal and are never negative", () => {
  assert.deepEqual([-5, 0, 49, 1234, 61_000].map(formatSeconds), ["0.0s", "0.0s", "0.0s", "1.2s", "61.0s"]);
});
