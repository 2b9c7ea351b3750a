import assert from "node:assert/strict";
import { test } from "node:test";
import { convert } from "./test-helpers.ts";

test("build checks look at the stages that the target needs, with their images' variables", async () => {
  const text = "FROM alpine AS unused\nENV a b\nFROM alpine\nENV c=$PATH d=$nope\nCMD x\n";
  const { warnings } = await convert(text);
  assert.deepEqual(
    warnings.map(({ rule, location }) => [rule, location.range.startLine]),
    [
      ["UndefinedVar", 4],
      ["JSONArgsRecommended", 5],
    ],
  );
});

test("a copied file that the ignore file excludes is a warning", async () => {
  const { warnings } = await convert("FROM alpine\nCOPY /x.log a /b/\n", {
    contextIgnorePatterns: ["*.log"],
  });
  assert.deepEqual(
    warnings.map(({ message }) => message),
    ['Attempting to Copy file "/x.log" that is excluded by .dockerignore'],
  );
});

test("check=error=true fails the conversion", async () => {
  await assert.rejects(convert("# check=error=true\nFROM alpine\nENV a b\n"), {
    code: "DOCKERFILE_CHECK",
    message: "lint violation found for rules: LegacyKeyValueFormat",
    hint: '- LegacyKeyValueFormat: "ENV key=value" should be used instead of legacy "ENV key value" format (line 3)',
  });
});
