import assert from "node:assert/strict";
import { mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import { readLock } from "./lock/lock-file.ts";
import { readDockerfile } from "./read-dockerfile.ts";

const contextDir = mkdtempSync(path.join(tmpdir(), "slipway-read-dockerfile-"));
after(() => rmSync(contextDir, { recursive: true }));

test("a Dockerfile without end is refused, found or named", () => {
  symlinkSync("/dev/zero", path.join(contextDir, "Dockerfile"));
  assert.throws(() => readDockerfile({ contextDir, dockerfile: { kind: "file", path: undefined } }), {
    code: "DOCKERFILE_UNREADABLE",
    message: 'Cannot read "Dockerfile": it is no regular file',
  });
  assert.throws(() => readDockerfile({ contextDir, dockerfile: { kind: "file", path: "/dev/zero" } }), {
    code: "DOCKERFILE_UNREADABLE",
    message: 'Cannot read "/dev/zero": larger than 16777216 bytes',
  });
});

test("a directory that is named as Dockerfile is told in words", () => {
  assert.throws(() => readDockerfile({ contextDir, dockerfile: { kind: "file", path: contextDir } }), {
    code: "DOCKERFILE_UNREADABLE",
    message: `Cannot read "${contextDir}": it is a directory`,
  });
});

test("a lock file without end is refused", () => {
  const file = path.join(contextDir, "Dockerfile.lock");
  symlinkSync("/dev/zero", file);
  assert.throws(() => readLock(file), {
    code: "LOCK_INVALID",
    message: 'Cannot use lock file "Dockerfile.lock": it is no regular file',
  });
});
