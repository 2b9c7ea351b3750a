import assert from "node:assert/strict";
import { test } from "node:test";
import { familiarReference, familiarRepository, formatReference, parseReference } from "./index.ts";

const sha = `sha256:${"0f".repeat(32)}`;

/** What was typed, the normalised form, the familiar form. */
const good: readonly (readonly [string, string, string])[] = [
  ["golang", "docker.io/library/golang:latest", "golang:latest"],
  ["golang:1.23-alpine", "docker.io/library/golang:1.23-alpine", "golang:1.23-alpine"],
  ["library/golang", "docker.io/library/golang:latest", "golang:latest"],
  ["docker.io/golang", "docker.io/library/golang:latest", "golang:latest"],
  ["index.docker.io/golang", "docker.io/library/golang:latest", "golang:latest"],
  ["index.docker.io/a/b", "docker.io/a/b:latest", "a/b:latest"],
  ["user/app", "docker.io/user/app:latest", "user/app:latest"],
  ["library/a/b", "docker.io/library/a/b:latest", "library/a/b:latest"],
  [`golang@${sha}`, `docker.io/library/golang@${sha}`, `golang@${sha}`],
  [`golang:1@${sha}`, `docker.io/library/golang:1@${sha}`, `golang:1@${sha}`],
  ["localhost/app", "localhost/app:latest", "localhost/app:latest"],
  ["localhost:5000/app:dev", "localhost:5000/app:dev", "localhost:5000/app:dev"],
  ["test.com", "docker.io/library/test.com:latest", "test.com:latest"],
  ["test.com:5000", "docker.io/library/test.com:5000", "test.com:5000"],
  ["test:5000/repo", "test:5000/repo:latest", "test:5000/repo:latest"],
  ["ghcr.io/o/r/x:v1", "ghcr.io/o/r/x:v1", "ghcr.io/o/r/x:v1"],
  ["[::1]:5000/repo", "[::1]:5000/repo:latest", "[::1]:5000/repo:latest"],
  ["Foo/bar", "Foo/bar:latest", "Foo/bar:latest"],
  ["test_com/foo", "docker.io/test_com/foo:latest", "test_com/foo:latest"],
  ["dock__er/docker---x.y", "docker.io/dock__er/docker---x.y:latest", "dock__er/docker---x.y:latest"],
  ["lowercase:Uppercase", "docker.io/library/lowercase:Uppercase", "lowercase:Uppercase"],
  [`a:${"t".repeat(128)}`, `docker.io/library/a:${"t".repeat(128)}`, `a:${"t".repeat(128)}`],
  [`x.io/${"0f".repeat(32)}`, `x.io/${"0f".repeat(32)}:latest`, `x.io/${"0f".repeat(32)}:latest`],
];
for (const [text, normalised, familiar] of good) {
  test(`${text.slice(0, 60)} is ${normalised.slice(0, 60)}`, () => {
    const reference = parseReference(text);
    assert.equal(formatReference(reference), normalised);
    assert.equal(familiarReference(reference), familiar);
    assert.deepEqual(parseReference(normalised), reference);
    assert.deepEqual(parseReference(familiar), reference);
  });
}

test("a familiar repository has neither tag nor digest", () => {
  assert.equal(familiarRepository(parseReference(`golang:1@${sha}`)), "golang");
  assert.equal(familiarRepository(parseReference("localhost:5000/a/b:1")), "localhost:5000/a/b");
});

const format = "invalid reference format";
const long = "repository name must not be more than 255 characters";
/** What was typed and docker's reason for refusing it. */
const bad: readonly (readonly [string, string])[] = [
  ["", "repository name must have at least one component"],
  ["Foo", "invalid reference format: repository name (library/Foo) must be lowercase"],
  ["foo/Bar:tag", "invalid reference format: repository name (foo/Bar) must be lowercase"],
  ["x.io/a/B", "invalid reference format: repository name (a/B) must be lowercase"],
  [
    "0f".repeat(32),
    `invalid repository name (${"0f".repeat(32)}), cannot specify 64-byte hexadecimal strings`,
  ],
  [":justtag", format],
  [`@${sha}`, format],
  ["a:", format],
  ["a@", format],
  ["a@sha256:1234", format],
  ["a b", format],
  ["a\n", format],
  ["a\u0000", format],
  ["-docker", format],
  ["docker-/docker", format],
  ["docker///docker", format],
  ["docker/", format],
  ["/docker", format],
  ["dock..er/docker", format],
  ["____/____", format],
  ["../../etc/passwd", format],
  ["x.io/../a", format],
  ["https://github.com/docker/docker", format],
  ["user:secret@host.io/image", format],
  ["[fc00::1]:5000", format],
  ["[fe80::1%eth0]:5000/debian", format],
  ["ünicode", format],
  [`a:${"t".repeat(129)}`, format],
  [`busybox@sha256:${"f".repeat(34)}`, "invalid checksum digest length"],
  [`busybox@sha256:${"F".repeat(64)}`, "invalid checksum digest format"],
  [`busybox@foo:${"f".repeat(34)}`, "unsupported digest algorithm"],
  ["a".repeat(300), long],
  ["a/".repeat(128) + "a", long],
  ["a".repeat(1_000_000), long],
  ["-".repeat(1_000_000), long],
  [`a${"-".repeat(100_000)}!`, format],
];
for (const [text, message] of bad) {
  test(`${JSON.stringify(text.slice(0, 60))} is refused: ${message.slice(0, 70)}`, () => {
    const start = process.cpuUsage();
    assert.throws(() => parseReference(text), { code: "INVALID_REFERENCE", message });
    assert.ok(process.cpuUsage(start).user < 3_000_000, "microseconds of processor time");
  });
}
