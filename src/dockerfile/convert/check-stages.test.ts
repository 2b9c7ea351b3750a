import assert from "node:assert/strict";
import { test } from "node:test";
import { CodedError } from "../../errors/index.ts";
import { parseDockerfile } from "../instructions/index.ts";
import { checkStages } from "./check-stages.ts";
import { FakeImages } from "./fake-images.ts";
import type { ImageConfigResolver } from "./options.ts";

async function check(
  text: string,
  options: { readonly target?: string; readonly resolver?: ImageConfigResolver } = {},
): Promise<{ warnings: string[]; error: string | undefined; line: number | undefined }> {
  const { target, resolver = new FakeImages() } = options;
  const platform = { os: "linux", architecture: "amd64" };
  const stageOptions = { target, platform };
  const { warnings, error } = await checkStages(parseDockerfile(text), stageOptions, {
    options: {},
    resolver,
  });
  return {
    warnings: warnings.map(({ rule, location }) => `${location.range.startLine} ${rule}`),
    error: error?.message,
    line: error?.location?.range.startLine,
  };
}

const good = { error: undefined, line: undefined };

test("without a target every stage is checked, with one what it needs", async () => {
  const text = "FROM alpine AS a\nCMD x\nFROM alpine AS b\nENV c d\n";
  assert.deepEqual(await check(text), {
    ...good,
    warnings: ["2 JSONArgsRecommended", "4 LegacyKeyValueFormat"],
  });
  assert.deepEqual(await check(text, { target: "a" }), { ...good, warnings: ["2 JSONArgsRecommended"] });
});

test("an instruction that cannot be carried out ends the check there", async () => {
  const text = "FROM alpine AS a\nCMD x\nRUN --mount=type=bad true\nENV a b\nFROM alpine\nMAINTAINER me\n";
  assert.deepEqual(await check(text), {
    warnings: ["6 MaintainerDeprecated", "2 JSONArgsRecommended"],
    error: 'unsupported mount type "bad" (did you mean bind?)',
    line: 3,
  });
});

test("stages that cannot be resolved are checked as text", async () => {
  assert.deepEqual(await check("FROM --platform=linux/amd64 alpine AS A\nCMD x\nFROM $nope\n"), {
    warnings: [
      "1 StageNameCasing",
      "3 InvalidDefaultArgInFrom",
      "1 FromPlatformFlagConstDisallowed",
      "3 UndefinedArgInFrom",
    ],
    error: "base name ($nope) should not be blank",
    line: 3,
  });
});

test("an image that is not found is told with its line", async () => {
  const resolver = { resolveImageConfig: () => Promise.reject(new CodedError("NOT_FOUND", "not found")) };
  const result = await check("FROM alpine AS A\nCMD x\n", { resolver });
  assert.deepEqual(result, { warnings: ["1 StageNameCasing"], error: "not found", line: 1 });
});

test("what is no error of the file or an image is thrown", async () => {
  const resolver = { resolveImageConfig: () => Promise.reject(new Error("Internal error: broken")) };
  await assert.rejects(check("FROM alpine\n", { resolver }), { message: "Internal error: broken" });
});

test("wrong options of the checks are the error", async () => {
  assert.deepEqual(await check("# check=foo=true\nFROM alpine\nCMD x\n"), {
    warnings: [],
    error: 'failed to parse check options: invalid check option "foo"',
    line: undefined,
  });
});

test("check=error=true makes warnings an error beside them", async () => {
  assert.deepEqual(await check("# check=error=true\nFROM alpine\nCMD x\nMAINTAINER me\n"), {
    warnings: ["4 MaintainerDeprecated", "3 JSONArgsRecommended"],
    error: "lint violation found for rules: MaintainerDeprecated, JSONArgsRecommended",
    line: undefined,
  });
});
