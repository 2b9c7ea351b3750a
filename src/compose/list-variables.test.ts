import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import { listVariables } from "./list-variables.ts";

const cwd = mkdtempSync(path.join(tmpdir(), "slipway-list-variables-"));
after(() => rmSync(cwd, { recursive: true }));

function list(...texts: readonly string[]): string[] {
  const files = texts.map((text, index) => {
    writeFileSync(path.join(cwd, `${index}.yaml`), text);
    return `${index}.yaml`;
  });
  return listVariables({ files, cwd, env: { SET: "1" } }).map(
    ({ name, isRequired, defaultValue, alternateValue }) =>
      [name, isRequired ? "required" : "", defaultValue, alternateValue].join("|"),
  );
}

test("each variable of all files is listed once, set or not, with its default and its alternate value", () => {
  const first =
    "services:\n  web:\n    image: i:${TAG:-latest}\n    command: [$SET, '${FOO?}', '$$NO', '${ALT:+x}']\n";
  const second =
    "services:\n  web:\n    image: i:${TAG:?say it}\n    environment: {A: '${OUTER:-${INNER-in}}'}\n";
  assert.deepEqual(list(first, second), [
    "ALT|||x",
    "FOO|required||",
    "INNER||in|",
    "OUTER||${INNER-in}|",
    "SET|||",
    "TAG|required|latest|",
  ]);
});

test("a template that is wrong is an error with its place", () => {
  assert.throws(() => list("services:\n  web:\n    image: ${\n"), {
    message: '0.yaml:3:12: Invalid template: "${": a brace is not closed',
  });
});
