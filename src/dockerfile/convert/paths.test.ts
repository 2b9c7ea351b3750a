import assert from "node:assert/strict";
import { test } from "node:test";
import { leavingSources } from "./paths.ts";

test("sources that lead out of their tree are told as they are written", () => {
  assert.deepEqual(leavingSources(["../x", "a/../../y/", "/../z", "..", "a/../b", "..x", "./c", "/d", ""]), {
    "/x": "../x",
    "/y": "a/../../y/",
    "/z": "/../z",
    "/": "..",
  });
  assert.equal(leavingSources(["a", "/b/../c"]), undefined);
});
