import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";

const properNames = /^(?:Linux|AppArmor)\b/;

test("every hint begins in lower case, for it goes on from the word hint", () => {
  const hints = [...literals()];
  assert.ok(hints.length > 80, `found only ${hints.length}`);
  assert.deepEqual(
    hints.filter(({ text }) => /^[A-Z][a-z]/.test(text) && !properNames.test(text)),
    [],
  );
});

/** Texts given to a name that ends in "hint", also behind a condition or on the next line. */
function* literals(): Generator<{ file: string; text: string }> {
  for (const file of readdirSync("src", { recursive: true, encoding: "utf8" })) {
    if (!file.endsWith(".ts") || file.endsWith(".test.ts")) continue;
    const source = readFileSync(path.join("src", file), "utf8");
    for (const [, text] of source.matchAll(
      /hint(?:: string)?\s*[:=]\s*(?:[^"'`,;{}]*[?:]\s*)?["'`]([^\n]*)/gi,
    ))
      yield { file, text: text! };
  }
}
