import assert from "node:assert/strict";
import { test } from "node:test";
import { DockerfileError } from "../dockerfile-error.ts";
import { parseDockerfile } from "../instructions/index.ts";
import { resolveStages, type StageBase, type StageOptions, stagesNeeded } from "./index.ts";

const platform = { os: "linux", architecture: "amd64" };

function resolve(text: string, options: Partial<StageOptions> = {}) {
  return resolveStages(parseDockerfile(text), { platform, ...options });
}

/** Each stage as `name<base copies…`. */
function shape(text: string, options: Partial<StageOptions> = {}): string[] {
  const show = (base: StageBase) =>
    base.kind === "stage" ? `${base.index}` : base.kind === "image" ? base.reference : "scratch";
  return resolve(text, options).stages.map(({ displayName, base, steps }) =>
    [`${displayName}<${show(base)}`, ...steps.flatMap(({ sources }) => sources.map(show))].join(" "),
  );
}

function needed(text: string, target?: string): number[] {
  return [...stagesNeeded(resolve(text, { target }))].sort((a, b) => a - b);
}

test("FROM, COPY --from by name and index, and mounts are dependencies", () => {
  assert.deepEqual(
    shape(`FROM golang:1 AS Build
FROM scratch
FROM build AS out
COPY --from=BUILD /a /a
COPY --from=1 /a /a
COPY --from=ghcr.io/x/y /a /a
RUN --mount=from=build,target=/b --mount=type=cache,target=/c true`),
    ["build<docker.io/library/golang:1", "stage-1<scratch", "out<0 0 1 ghcr.io/x/y:latest 0 scratch"],
  );
});

test("the number of a mount's source is an image name, not a stage", () => {
  assert.deepEqual(shape("FROM a\nRUN --mount=from=0,target=/b true"), [
    "stage-0<docker.io/library/a:latest docker.io/library/0:latest",
  ]);
});

test("FROM takes the latest stage of a name before it, COPY --from and --target the last of all", () => {
  const text =
    "FROM a AS x\nFROM x AS y\nFROM b AS x\nFROM x\nCOPY --from=x / /\nFROM y\nCOPY --from=x / /\nFROM c AS x";
  assert.deepEqual(
    shape(text).map((stage) => stage.replaceAll("docker.io/library/", "")),
    ["x<a:latest", "y<0", "x<b:latest", "stage-3<2 5", "stage-4<1 5", "x<c:latest"],
  );
  assert.equal(resolve(text, { target: "X" }).target, 5);
});

test("only what the target reaches is needed", () => {
  const text = "FROM a AS base\nFROM base AS dev\nFROM base AS test\nCOPY --from=dev / /\nFROM b AS prod";
  assert.deepEqual(needed(text, "dev"), [0, 1]);
  assert.deepEqual(needed(text, "test"), [0, 1, 2]);
  assert.deepEqual(needed(text), [3]);
});

test("global arguments: build arguments before defaults, and an overridden default is not expanded", () => {
  const text = "ARG V=${MISSING:?no} T=$V-slim\nFROM img:$T";
  assert.deepEqual(shape(text, { buildArgs: { V: "3" } }), ["stage-0<docker.io/library/img:3-slim"]);
});

test("predefined arguments can be used in FROM and overridden", () => {
  const text = "FROM a-$TARGETARCH-$BUILDOS-$TARGETSTAGE AS last";
  const options = { buildArgs: { BUILDOS: "plan9", TARGETSTAGE: "x" } };
  assert.deepEqual(shape(text, options), ["last<docker.io/library/a-amd64-plan9-x:latest"]);
  assert.deepEqual(shape(text), ["last<docker.io/library/a-amd64-linux-last:latest"]);
});

test("FROM --platform is parsed", () => {
  const [first, second] = resolve("FROM --platform=$BUILDPLATFORM a\nFROM --platform=linux/arm/v7 a").stages;
  assert.deepEqual(first!.platform, platform);
  assert.deepEqual(second!.platform, { os: "linux", architecture: "arm", variant: "v7" });
});

const broken: [title: string, text: string, line: number | undefined, message: string, target?: string][] = [
  [
    "an unknown target",
    "FROM a AS build\nFROM a",
    undefined,
    'target stage "bulid" could not be found (did you mean build?)',
    "bulid",
  ],
  ["a target by number", "FROM a\nFROM a", undefined, 'target stage "1" could not be found', "1"],
  [
    "a stage that copies from itself",
    "FROM a AS s\nCOPY --from=s / /",
    2,
    "circular dependency detected on stage: s",
  ],
  [
    "a circle of two",
    "FROM a AS a1\nCOPY --from=b1 / /\nFROM a AS b1\nRUN --mount=from=a1,target=/t true",
    2,
    "circular dependency detected on stage: a1",
  ],
  ["an index out of range", "FROM a\nCOPY --from=9 / /", 2, "invalid stage index 9"],
  [
    "a variable in --from",
    "FROM a\nCOPY --from=$x / /",
    2,
    "variable expansion is not supported for --from, define a new stage with FROM using ARG from global scope as a workaround",
  ],
  [
    "the name of a stage in capitals",
    "FROM a AS TEST\nFROM TEST",
    2,
    'failed to parse stage name "TEST": invalid reference format: repository name (library/TEST) must be lowercase',
  ],
  [
    "an image name that is none in a stage that is not needed",
    "FROM a:b:c AS x\nFROM a",
    1,
    'failed to parse stage name "a:b:c": invalid reference format',
  ],
  ["an empty base", "FROM ${X}", 1, "base name (${X}) should not be blank"],
  ["an empty platform", "FROM --platform=$X a", 1, "empty platform value from expression $X"],
  [
    "an empty platform with a name that is nearly known",
    "FROM --platform=$BULIDPLATFORM a",
    1,
    "empty platform value from expression $BULIDPLATFORM (did you mean BUILDPLATFORM?)",
  ],
  [
    "a platform with an empty part",
    "ARG BASEE=x\nFROM --platform=x/$BASE/y a",
    2,
    'failed to parse platform x/$BASE/y: "" is an invalid component of "x//y": platform specifier component must match "^[A-Za-z0-9_.-]+$": invalid argument (did you mean BASEE?)',
  ],
  [
    "a platform of four parts",
    "FROM --platform=linux/a/b/c a",
    1,
    'failed to parse platform linux/a/b/c: "linux/a/b/c": cannot parse platform specifier: invalid argument',
  ],
  [
    "a platform of one unknown word",
    "FROM --platform=foo a",
    1,
    'failed to parse platform foo: "foo": unknown operating system or architecture: invalid argument',
  ],
  ["a bad expansion", "FROM ${", 1, "failed to process \"${\": syntax error: missing '}'"],
];

for (const [title, text, line, message, target] of broken) {
  test(`reported: ${title}`, () => {
    assert.throws(
      () => resolve(text, { target }),
      (error) => {
        assert.ok(error instanceof DockerfileError);
        assert.equal(error.message, message);
        assert.equal(error.location?.range.startLine, line);
        return true;
      },
    );
  });
}

const hints: [title: string, text: string, hint: string][] = [
  [
    "the names of the stages, each once",
    "FROM a AS base\nFROM base AS Test\nFROM base AS test\nFROM a",
    "stages are base, test",
  ],
  [
    "that no stage has a name",
    "FROM a\nFROM a",
    "no stage has a name (FROM IMAGE AS NAME); without a target the last one is built",
  ],
  [
    "the first names of very many",
    Array.from({ length: 23 }, (_, index) => `FROM a AS s${index}`).join("\n"),
    `stages are ${Array.from({ length: 20 }, (_, index) => `s${index}`).join(", ")} and 3 more`,
  ],
];

for (const [title, text, hint] of hints) {
  test(`an unknown target is told ${title}`, () => {
    assert.throws(() => resolve(text, { target: "production" }), {
      message: 'target stage "production" could not be found',
      hint,
    });
  });
}

test("names like those of object members are ordinary names", () => {
  assert.deepEqual(shape("ARG constructor\nFROM constructor AS toString\nFROM tostring AS hasownproperty"), [
    "tostring<docker.io/library/constructor:latest",
    "hasownproperty<0",
  ]);
});
