import assert from "node:assert/strict";
import { test } from "node:test";
import { ask, feed } from "./run-engine.ts";

test("a program that is not there is told as that, and nothing else", async () => {
  const command = ["no-such-engine", "images"];
  const options = { env: process.env };
  for (const run of [() => ask(command, options), () => feed(command, undefined, options)]) {
    await assert.rejects(run, {
      code: "ENGINE_UNREACHABLE",
      message: "Cannot load with no-such-engine: it is not installed, or not in $PATH",
    });
  }
});
