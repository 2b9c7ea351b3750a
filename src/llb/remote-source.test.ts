import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type GitSource,
  gitSourceOp,
  type HttpSource,
  httpSourceOp,
  toGitSource,
  toHttpSource,
} from "./index.ts";

test("an http source becomes BuildKit's operation, and comes back", () => {
  const source: HttpSource = {
    url: "https://example.com/a?b#c",
    filename: "a",
    checksum: "sha256:1",
    mode: 0o644,
  };
  const op = httpSourceOp(source);
  assert.deepEqual(op, {
    kind: "source",
    identifier: "https://example.com/a?b#c",
    attrs: { "http.filename": "a", "http.checksum": "sha256:1", "http.perm": "0644" },
  });
  assert.deepEqual(toHttpSource(op), source);
  assert.equal(toGitSource(op), undefined);
});

const plain = { keepGitDir: false, submodules: true, mtime: "checkout" } as const;

const identifiers: readonly (readonly [source: GitSource, identifier: string])[] = [
  [{ remote: "https://example.com/foo.git", ...plain }, "git://example.com/foo.git"],
  [
    { remote: "https://u:p@example.com:80/foo.git", ref: "main", ...plain },
    "git://example.com:80/foo.git#main",
  ],
  [
    { remote: "git@example.com:foo/bar.git", ref: "a/b", subdir: "c", ...plain },
    "git://example.com/foo/bar.git#a/b:c",
  ],
  [{ remote: "git@example.com:/srv/bar.git", subdir: "c:d", ...plain }, "git://example.com/srv/bar.git#:c:d"],
];

for (const [source, identifier] of identifiers) {
  test(`the operation of ${source.remote} is ${identifier}, and comes back`, () => {
    const op = gitSourceOp(source);
    assert.equal(op.identifier, identifier);
    assert.deepEqual(toGitSource(op), source);
    assert.equal(toHttpSource(op), undefined);
  });
}

test("what a git source says besides goes into attributes of BuildKit's names", () => {
  const source: GitSource = {
    remote: "https://example.com/foo.git",
    checksum: "abc",
    keepGitDir: true,
    submodules: false,
    mtime: "commit",
  };
  const op = gitSourceOp(source);
  assert.deepEqual(op.attrs, {
    "git.fullurl": "https://example.com/foo.git",
    "git.checksum": "abc",
    "git.keepgitdir": "true",
    "git.skipsubmodules": "true",
    "git.mtime": "commit",
  });
  assert.deepEqual(toGitSource(op), source);
});
