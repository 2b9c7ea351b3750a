import assert from "node:assert/strict";
import { test } from "node:test";
import type { ContainerConfig } from "../../../oci/index.ts";
import { parseDockerfile } from "../../instructions/index.ts";
import { resolveStages } from "../../stages/index.ts";
import { checkTarget } from "./check-target.ts";

const platform = { os: "linux", architecture: "amd64" };

/** `line Rule: message` of each finding; the user of base images is `app`, so that root is no matter where it is none. */
function check(text: string, target?: string, config: ContainerConfig = { User: "app" }): string[] {
  const graph = resolveStages(parseDockerfile(text), { platform, target });
  return [...checkTarget(graph, { baseImage: () => ({ ...platform, config }) })].map(
    ({ rule, message, instruction }) => `${instruction.range.startLine} ${rule}: ${message}`,
  );
}

const unnamed = "No target reaches this stage: it has no name, is not the last, and no other stage uses it";

const cases: [title: string, text: string, wanted: string[], target?: string][] = [
  ["named stages are targets", "FROM a AS x\nFROM a AS y\nFROM a", []],
  ["an unnamed stage that is used is reached", "FROM a\nFROM a\nCOPY --from=0 /x /y", []],
  [
    "an unnamed stage that only an unreachable one uses is not",
    "FROM a\nFROM a\nCOPY --from=0 /x /y\nFROM a",
    [`1 UnreachableStage: ${unnamed}`, `2 UnreachableStage: ${unnamed}`],
  ],
  [
    "the first of two stages of one name is no target",
    "FROM a AS x\nFROM a AS x\n",
    [
      '1 UnreachableStage: No target reaches this stage: a later stage is named "x" too, and no other stage uses this one',
    ],
  ],
  ["but it may be what others are FROM", "FROM a AS x\nFROM x AS y\nFROM a AS x\n", []],
  [
    "a mount is a use",
    "FROM a\nRUN --mount=type=bind,from=x,target=/x true\nFROM a AS x\nFROM a AS y\n",
    [`1 UnreachableStage: ${unnamed}`],
  ],
  [
    "a copy of a whole root into a stage below the target is one into the target",
    "FROM a AS b\nFROM a AS base\nCOPY --from=b /. /\nFROM base AS app\n",
    ['3 CopyWholeRoot: The whole root of "b" becomes part of the target; copy only the files that it needs'],
  ],
  ["into another stage it is not", "FROM a AS b\nCOPY --from=img / /\nFROM a\nCOPY --from=b /x /\n", []],
  ["onto scratch it makes one layer", "FROM a AS b\nFROM scratch\nCOPY --from=b / /\n", []],
  [
    "a compiler's image",
    "FROM golang:1.23-alpine AS app\n",
    [
      '1 BuildToolsShipped: The build tools of "golang:1.23-alpine" become part of the target; build in a stage of its own and copy the result',
    ],
  ],
  ["is good for building", "FROM golang:1.23 AS build\nFROM alpine\nCOPY --from=build /x /x\n", []],
  [
    "runtimes are no compilers",
    "FROM node:22\nFROM python:3.13\nFROM mcr.microsoft.com/dotnet/aspnet:8.0\nFROM golang/x/img AS y\n",
    [1, 2, 3].map((line) => `${line} UnreachableStage: ${unnamed}`),
  ],
  [
    "packages that build",
    "FROM a\nRUN apt-get update && apt-get install -y --no-install-recommends curl gcc=4:12 \\\n  libpq-dev && rm -rf /var/lib/apt\n",
    [
      "2 BuildToolsShipped: Build tools become part of the target (gcc, libpq-dev); install and use them in a stage of its own, or remove them in the same step",
    ],
  ],
  [
    "packages that are removed again",
    "FROM a\nRUN apk add --virtual .b gcc musl-dev && make && apk del .b\n",
    [],
  ],
  [
    "packages in a heredoc",
    "FROM a\nRUN <<EOF\nset -e\ndnf install -y cmake\nEOF\n",
    [
      "2 BuildToolsShipped: Build tools become part of the target (cmake); install and use them in a stage of its own, or remove them in the same step",
    ],
  ],
  [
    "dependencies of development",
    "FROM a\nCOPY package.json .\nRUN cd /app && npm ci\n",
    [
      '3 BuildToolsShipped: "npm ci" also installs dependencies of development; use "npm ci --omit=dev" in the target',
    ],
  ],
  ["not with a flag", "FROM a\nRUN npm ci --omit=dev && pnpm i -P && composer install --no-dev -o\n", []],
  ["not with a variable", "FROM a\nENV NODE_ENV=production\nRUN npm ci && yarn\n", []],
  ["not with a variable of the command", "FROM a\nRUN NODE_ENV=production npm ci\n", []],
  ["not when they are pruned", "FROM a\nRUN npm ci\nRUN npm run build && npm prune --omit=dev\n", []],
  ["not in another stage", "FROM a AS build\nRUN npm ci\nFROM a\nCOPY --from=build /x /x\n", []],
  [
    "the last USER counts",
    "FROM a\nUSER root\nUSER app\nFROM a\nUSER app\nUSER 0:0\n",
    [
      `1 UnreachableStage: ${unnamed}`,
      '6 RootUserShipped: The target runs as "0:0"; end it with another USER',
    ],
  ],
  [
    "that of the stage below counts too",
    "FROM a AS base\nUSER root\nFROM base\nRUN x\n",
    ['2 RootUserShipped: The target runs as "root"; end it with another USER'],
  ],
  ["a variable may be anyone", "FROM a\nUSER $U\n", []],
  [
    "a copy of everything before an install",
    "FROM a\nCOPY --chown=app . /app\nRUN --mount=type=cache,target=/c cd /app && pip install --no-cache-dir -r requirements.txt\n",
    [
      '2 CopyBeforeInstall: A change of any file runs "pip install -r requirements.txt" again; copy the requirements file before it, and the rest behind it',
    ],
  ],
  ["after it is right", "FROM a\nCOPY go.mod go.sum ./\nRUN go mod download\nCOPY . .\nRUN go build\n", []],
  [
    "another stage's files are no context",
    "FROM a AS x\nFROM a\nCOPY --from=x . .\nRUN go mod download\n",
    ['3 CopyWholeRoot: The whole root of "x" becomes part of the target; copy only the files that it needs'],
  ],
  [
    "a global ARG in a RUN",
    "ARG V=1 W\nFROM a\nRUN echo $V ${W} '$V' \\$V\n",
    [
      '3 ArgNotRedeclared: $V is empty here: the global ARG of line 1 is not known in this stage; add "ARG V" below the FROM of line 2',
      '3 ArgNotRedeclared: $W is empty here: the global ARG of line 1 is not known in this stage; add "ARG W" below the FROM of line 2',
    ],
  ],
  [
    "a predefined ARG in an instruction",
    "FROM a\nCOPY bin-$TARGETARCH /bin/\nRUN echo $TARGETARCH\n",
    [
      '2 ArgNotRedeclared: $TARGETARCH is empty here: the predefined ARG TARGETARCH is not known in this stage; add "ARG TARGETARCH" below the FROM of line 1',
    ],
  ],
  ["declared below it is known", "ARG V=1\nFROM a AS x\nARG V\nFROM x\nRUN echo $V\n", []],
  ["ENV sets it too", "ARG V=1\nFROM a\nENV V=2\nRUN echo $V\n", []],
  ["a shell may set it", "ARG V=1\nFROM a\nRUN V=2; echo $V\nRUN for V in 1 2; do echo $V; done\n", []],
  ["a default means that it may be empty", "ARG V=1\nFROM a\nRUN echo ${V:-2}\n", []],
];

for (const [title, text, wanted, target] of cases) {
  test(`${title}: ${JSON.stringify(text)}`, () => {
    assert.deepEqual(check(text, target), wanted);
  });
}

test("what ships depends on the target", () => {
  const text = "FROM golang AS build\nUSER root\nFROM alpine AS app\nUSER app\n";
  assert.deepEqual(check(text, "app"), []);
  assert.deepEqual(
    check(text, "build").map((line) => line.split(":")[0]),
    ["1 BuildToolsShipped", "2 RootUserShipped"],
  );
});

test("without a USER the base image's counts", () => {
  const root = ["1 RootUserShipped: The target runs as root; add a USER"];
  assert.deepEqual(check("FROM a AS x\n", undefined, {}), root);
  assert.deepEqual(check("FROM a AS x\n", undefined, { User: "0" }), root);
  assert.deepEqual(check("FROM a AS x\n", undefined, { User: "65532" }), []);
  assert.deepEqual(check("FROM scratch AS x\n", undefined, {}), []);
});

test("long lines of any kind are checked at once", () => {
  for (const part of ["apt-get install ", "$V", "' ", "a/", "V=", "${V", "npm "]) {
    const text = `ARG V\nFROM a\nRUN <<EOF\n${`${part.repeat(500)}\n`.repeat(100)}EOF\n`;
    assert.ok(check(text).length <= 2);
  }
});
