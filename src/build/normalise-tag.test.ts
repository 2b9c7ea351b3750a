import assert from "node:assert/strict";
import { test } from "node:test";
import { normaliseNewTag, normaliseTag } from "./normalise-tag.ts";

const pinned = `app@sha256:${"0".repeat(64)}`;

test("an image is asked for by its digest, and not named by one", () => {
  assert.equal(normaliseTag(pinned), `docker.io/library/${pinned}`);
  assert.equal(normaliseNewTag("app"), "docker.io/library/app:latest");
  for (const name of [pinned, pinned.replace("@", ":1@")]) {
    assert.throws(() => normaliseNewTag(name), {
      code: "INVALID_TAG",
      message: `invalid tag "${name}": a digest is no name that can be given`,
    });
  }
});
