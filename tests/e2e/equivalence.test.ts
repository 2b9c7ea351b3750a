import assert from "node:assert/strict";
import { test } from "node:test";
import { findDifference } from "../equivalence/find-difference.ts";
import { missingForContainers } from "./rig.ts";

const skip = missingForContainers();

test("builds with a cache equal builds without one, for random Dockerfiles and edits", {
  skip,
}, async (t) => {
  const seed = Date.now() % 1e9;
  t.diagnostic(`seed ${seed}`);
  const { difference, tally } = await findDifference({ seed, cases: 1000, limitMs: 8000 });
  assert.equal(difference, undefined, `seed ${seed}: ${difference}`);
  assert.ok(tally.builds > tally.failed);
});
