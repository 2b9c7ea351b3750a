import assert from "node:assert/strict";
import path from "node:path";
import { test } from "node:test";
import { missingForContainers, run } from "./rig.ts";

// `npm run conformance` builds every case; this keeps the harness itself alive.
test("a sample of the conformance cases equals BuildKit's results", {
  skip: missingForContainers(),
}, async () => {
  const done = await run(process.execPath, [path.resolve("conformance/run.mjs"), "--sample=12"]);
  assert.equal(done.exitCode, 0, done.stdout + done.stderr);
  assert.match(done.stdout, /^[1-9]\d* passed, 0 failed$/m);
});
