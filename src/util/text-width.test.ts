import assert from "node:assert/strict";
import { test } from "node:test";
import { fit, widthOf } from "./text-width.ts";

const widths: readonly (readonly [text: string, columns: number, why: string])[] = [
  ["", 0, "nothing"],
  ["COPY . .", 8, "ASCII"],
  ["COPY …", 6, "an ellipsis"],
  ["é", 1, "a letter of Latin"],
  ["e\u0301", 1, "a mark upon a letter"],
  ["日本", 4, "two columns each"],
  ["한글", 4, "syllables"],
  ["ｱ", 1, "half a width"],
  ["✅", 2, "an emoji"],
  ["👩‍💻", 2, "an emoji of several"],
  ["\u001b[32mgreen\u001b[0m", 5, "escape sequences take none"],
];

for (const [text, columns, why] of widths)
  test(`${JSON.stringify(text)} takes ${columns} columns: ${why}`, () =>
    assert.equal(widthOf(text), columns));

const cuts: readonly (readonly [text: string, width: number, shown: string])[] = [
  ["abc", 3, "abc"],
  ["abcd", 3, "ab…"],
  ["abc", 1, "…"],
  ["abc", 0, ""],
  ["日本語", 6, "日本語"],
  ["日本語", 5, "日本…"],
  ["日本語", 4, "日…"],
  ["日本語", 1, "…"],
  ["né à Paris", 4, "né …"],
];

for (const [text, width, shown] of cuts)
  test(`${text} in ${width} columns is ${JSON.stringify(shown)}`, () =>
    assert.equal(fit(text, width), shown));

test("whatever is cut fits", () => {
  const parts = ["a", "日", "👩‍💻", "e\u0301", "…", "\ud83d", "한"];
  for (let seed = 0; seed < 500; seed++) {
    const text = Array.from(
      { length: 12 },
      (_, place) => parts[(seed * 31 + place * place * 7) % parts.length],
    ).join("");
    for (let width = 1; width < 20; width++)
      assert.ok(widthOf(fit(text, width)) <= width, `${text} in ${width}`);
  }
});
