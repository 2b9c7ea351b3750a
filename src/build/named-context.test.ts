import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import { parseNamedContext } from "./named-context.ts";

const cwd = mkdtempSync(path.join(tmpdir(), "slipway-named-"));
mkdirSync(path.join(cwd, "dir"));
writeFileSync(path.join(cwd, "file"), "");
after(() => rmSync(cwd, { recursive: true }));

const digest = `sha256:${"0".repeat(64)}`;

const good: readonly (readonly [name: string, value: string, key: string, spec: object])[] = [
  ["x", "dir", "x", { kind: "local", directory: path.join(cwd, "dir") }],
  ["docker.io/library/x:latest", "./dir/", "x", { kind: "local", directory: path.join(cwd, "dir") }],
  ["ghcr.io/a/b:1", cwd, "ghcr.io/a/b:1", { kind: "local", directory: cwd }],
  ["x::linux/arm64/v8", "dir", "x::linux/arm64", { kind: "local", directory: path.join(cwd, "dir") }],
  ["x", "docker-image://alpine:3", "x", { kind: "image", reference: "alpine:3" }],
  ["x", "docker-image://scratch", "x", { kind: "image", reference: "scratch" }],
  ["x", "target:build", "x", { kind: "stage", stage: "build" }],
  ["x", "oci-layout://dir", "x", { kind: "image", reference: `oci-layout://${cwd}/dir:latest` }],
  ["x", `oci-layout:///l:v1@${digest}`, "x", { kind: "image", reference: `oci-layout:///l:v1@${digest}` }],
];

for (const [name, value, key, spec] of good) {
  test(`${name}=${value} is understood`, () => {
    assert.deepEqual(parseNamedContext(name, value, cwd), [key, spec]);
  });
}

test("a repository or a file of the network is fetched; no credentials are shown", () => {
  const [, git] = parseNamedContext("x", "https://me:pass@example.com/x.git#v1:sub", cwd);
  assert.ok(git.kind === "fetched");
  assert.equal(git.context.op.identifier, "git://example.com/x.git#v1:sub");
  assert.equal(git.context.description, "[context x] https://xxxxx:xxxxx@example.com/x.git#v1:sub");
  const [, http] = parseNamedContext("x", "http://example.com/x.tar", cwd);
  assert.ok(http.kind === "fetched" && http.context.archive === undefined);
});

const bad: readonly (readonly [name: string, value: string, code: string, message: string])[] = [
  [
    "X",
    "dir",
    "INVALID_CONTEXT",
    "invalid context name X: invalid reference format: repository name (library/X) must be lowercase",
  ],
  ["", "dir", "INVALID_CONTEXT", "invalid context name : repository name must have at least one component"],
  [
    "x::what",
    "dir",
    "INVALID_CONTEXT",
    'invalid context name x::what: "what": unknown operating system or architecture: invalid argument',
  ],
  ["x", "no", "CONTEXT_NOT_FOUND", "failed to get build context x: stat no: no such file or directory"],
  ["x", "", "CONTEXT_NOT_FOUND", "failed to get build context x: stat : no such file or directory"],
  ["x", "file", "CONTEXT_NOT_FOUND", "failed to get build context x: stat file: not a directory"],
  [
    "x",
    "oci-layout://dir@sha256:1",
    "INVALID_CONTEXT",
    'invalid value of context x: Cannot parse digest "sha256:1": expected "sha256:" and 64 hexadecimal digits',
  ],
];

for (const [name, value, code, message] of bad) {
  test(`${name}=${value} is refused`, () => {
    assert.throws(() => parseNamedContext(name, value, cwd), { code, message });
  });
}
