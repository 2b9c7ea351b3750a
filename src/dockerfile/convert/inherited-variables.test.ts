import assert from "node:assert/strict";
import { test } from "node:test";
import { convert } from "./test-helpers.ts";

test("variables that stages of a chain set again keep their places, and the last value counts", async () => {
  const { config } = await convert(
    "FROM scratch AS a\nENV A=1 B=1\nFROM a AS b\nENV C=1 A=2\nFROM b\nENV B=3 D=$A$C\n",
  );
  assert.deepEqual(config.config?.Env?.slice(1), ["A=2", "B=3", "C=1", "D=21"]);
});

test("a step of a chain of stages is shown with every argument once, in order of their first declaration", async () => {
  const { config } = await convert(
    "FROM busybox AS a\nARG X=1 Y=1\nFROM a AS b\nARG Z=1 X=2\nFROM b\nARG Y=3 W\nRUN true\n",
  );
  assert.equal(config.history.at(-1)?.created_by, "RUN |4 X=2 Y=3 Z=1 W= /bin/sh -c true # buildkit");
});
