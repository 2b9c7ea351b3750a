import assert from "node:assert/strict";
import { test } from "node:test";
import { DockerfileError } from "../dockerfile-error.ts";
import { checkFrontend } from "./check-frontend.ts";

function check(text: string, buildArgs: Record<string, string> = {}): string | undefined {
  return checkFrontend(text, { fileName: "Dockerfile", buildArgs });
}

const silent = [
  "FROM a",
  "# syntax=docker/dockerfile:1",
  "#syntax=docker/dockerfile",
  "# syntax = docker/dockerfile:1.26.3-labs  ",
  "# SYNTAX=docker.io/docker/dockerfile:latest",
  "# syntax=docker/dockerfile-upstream:labs",
  "# syntax=docker/dockerfile:experimental",
  "# syntax=docker/dockerfile:0.9",
  `# syntax=docker/dockerfile:1.7@sha256:${"a".repeat(64)}`,
  "# syntax=mirror.example.com:5000/hub/docker/dockerfile:1.7",
  "# syntax=docker/dockerfile:1 --with=a-remark",
  "#!/usr/bin/env slipway\n# syntax=docker/dockerfile:1",
  "\ufeff# syntax=docker/dockerfile:1",
  // No directive: behind an empty line, a comment, an instruction, or not in the first column.
  "\n# syntax=example/other",
  "# about\n# syntax=example/other",
  "FROM a\n# syntax=example/other",
  " # syntax=example/other",
  "{ no JSON",
  '{"syntax": 1}',
];

for (const text of silent) {
  test(`answered by the built-in frontend: ${JSON.stringify(text)}`, () => {
    assert.equal(check(text), undefined);
  });
}

test("a newer version than the built-in one is remarked", () => {
  const remark = (image: string) =>
    `syntax=${image} is not fetched: the built-in frontend reads the Dockerfile, and covers docker/dockerfile:1.26`;
  for (const tag of ["1.27", "1.27.0-labs", "2", "v2.1", "master", "master-labs"]) {
    const image = `docker/dockerfile:${tag}`;
    assert.equal(check(`# syntax=${image}\nFROM a`), remark(image));
  }
});

const foreign: [title: string, text: string, image: string, line: number][] = [
  ["a comment", "# syntax=example/other-frontend:1\n{}", "example/other-frontend:1", 1],
  ["a comment after others", "# escape=`\n# syntax=ghcr.io/x/y\n", "ghcr.io/x/y", 2],
  ["slashes", "// syntax = example/a\nx", "example/a", 1],
  ["slashes below #!", "#!/bin/x\n//syntax=example/a\nx", "example/a", 2],
  ["JSON", '{\n"syntax": "example/a b"}', "example/a", 1],
  ["JSON below #!", '#!/bin/x\n{"syntax": "example/a"}', "example/a", 2],
  ["no image at all", "# syntax=Docker\n", "Docker", 1],
];

for (const [title, text, image, line] of foreign) {
  test(`another language is refused: ${title}`, () => {
    assert.throws(
      () => check(text),
      (error) => {
        assert.ok(error instanceof DockerfileError);
        assert.equal(error.code, "UNSUPPORTED");
        assert.equal(
          error.message,
          `Cannot use frontend "${image}" (syntax=): only the built-in Dockerfile frontend is available`,
        );
        assert.equal(error.location?.range.startLine, line);
        return true;
      },
    );
  });
}

test("BUILDKIT_SYNTAX takes the place of the directive", () => {
  const file = "# syntax=example/other\nFROM a";
  assert.equal(check(file, { BUILDKIT_SYNTAX: " docker/dockerfile:1 x=y" }), undefined);
  assert.throws(
    () => check("# syntax=docker/dockerfile:1\nFROM a", { BUILDKIT_SYNTAX: "example/other" }),
    /^DockerfileError: Cannot use frontend "example\/other" \(BUILDKIT_SYNTAX=\): /,
  );
  assert.throws(() => check(file, { BUILDKIT_SYNTAX: "" }), /example\/other/);
});
