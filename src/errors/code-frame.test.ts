import assert from "node:assert/strict";
import { test } from "node:test";
import { codeFrame } from "./code-frame.ts";

function frame(text: string, startLine: number, endLine = startLine): string[] {
  const range = { startLine, startColumn: 1, endLine, endColumn: 1 };
  return codeFrame({ file: "Dockerfile", range, text }).split("\n").slice(2, -1);
}

test("one line is shown with two lines on each side", () => {
  assert.deepEqual(frame("a\nb\nc\nd\ne\nf", 4), [
    "   2 |     b",
    "   3 |     c",
    "   4 | >>> d",
    "   5 |     e",
    "   6 |     f",
  ]);
});

test("several lines are shown with one line on each side", () => {
  assert.deepEqual(frame("a\nb \n\nd\ne\nf", 2, 3), [
    "   1 |     a",
    "   2 | >>> b ",
    "   3 | >>> ",
    "   4 |     d",
  ]);
});

test("the frame stays inside the file, and control characters do not reach the terminal", () => {
  assert.deepEqual(frame("a\u001b[2J\r\n", 1, 9), ["   1 | >>> a\ufffd[2J", "   2 | >>> "]);
});

test("of very many or very long lines the first part is shown", () => {
  const lines = Array.from({ length: 1000 }, (_, index) => `line ${index + 1}`);
  const many = frame(lines.join("\n"), 2, 900);
  assert.deepEqual(
    [many.length, many[0], many[1], many.at(-2), many.at(-1)],
    [201, "   1 |     line 1", "   2 | >>> line 2", " 200 | >>> line 200", "     | ... 701 more lines"],
  );
  assert.deepEqual(frame("x".repeat(9_000), 1), [`   1 | >>> ${"x".repeat(2_000)}...`]);
});
