import assert from "node:assert/strict";
import { test } from "node:test";
import { goDuration, goList, goQuoteList } from "./go-format.ts";

test("lists have no commas", () => {
  assert.equal(goQuoteList(["a", 'b "c"\n']), '["a" "b \\"c\\"\\n"]');
  assert.equal(goQuoteList([]), "[]");
  assert.equal(goList(["/bin/bash", "-c"]), "[/bin/bash -c]");
});

test("goDuration writes durations as time.Duration does", () => {
  const table: [number, string][] = [
    [0, "0s"],
    [1, "1ns"],
    [1_500, "1.5µs"],
    [500_000_000, "500ms"],
    [1_500_000_000, "1.5s"],
    [30_000_000_000, "30s"],
    [90_000_000_000, "1m30s"],
    [60_000_000_000, "1m0s"],
    [3_600_000_000_000, "1h0m0s"],
    [5_405_050_000_000, "1h30m5.05s"],
  ];
  for (const [nanoseconds, text] of table) assert.equal(goDuration(nanoseconds), text);
});
