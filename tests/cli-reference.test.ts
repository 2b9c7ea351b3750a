import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";

test("docs/cli.md says what the commands say", () => {
  const { status, stderr } = spawnSync(process.execPath, ["scripts/cli-reference.mjs", "--check"], {
    encoding: "utf8",
  });
  assert.equal(status, 0, stderr);
});
