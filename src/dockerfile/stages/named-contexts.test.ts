import assert from "node:assert/strict";
import { test } from "node:test";
import { parseDockerfile } from "../instructions/index.ts";
import { type NamedContext, resolveStages, type StageBase } from "./index.ts";

const platform = { os: "linux", architecture: "amd64" };

/** Each stage as `name<base sources…`. */
function shape(text: string, contexts: Record<string, NamedContext>): string[] {
  const show = (base: StageBase) =>
    base.kind === "stage"
      ? `${base.index}`
      : base.kind === "image"
        ? base.reference
        : base.kind === "context"
          ? `[${base.context}]`
          : "scratch";
  const namedContexts = new Map(Object.entries(contexts));
  const { stages } = resolveStages(parseDockerfile(text), { platform, namedContexts });
  return stages.map(({ displayName, base, steps, isReplaced }) =>
    [
      `${displayName}${isReplaced ? "=" : "<"}${show(base)}`,
      ...steps.flatMap(({ sources }) => sources.map(show)),
    ].join(" "),
  );
}

const local: NamedContext = { kind: "local" };

test("names of images are compared in their familiar form, in FROM, COPY --from and mounts", () => {
  const text = `FROM docker.io/library/alpine:latest
COPY --from=alpine /a /a
RUN --mount=from=library/alpine,target=/m true
FROM alpine:3
FROM ghcr.io/x/alpine`;
  assert.deepEqual(shape(text, { alpine: local }), [
    "stage-0<[alpine] [alpine] [alpine]",
    "stage-1<docker.io/library/alpine:3",
    "stage-2<ghcr.io/x/alpine:latest",
  ]);
});

test("a stage is replaced with all of its steps, whatever its case", () => {
  const text = "FROM a AS One\nCOPY --from=two / /\nFROM b AS two\nFROM one\nCOPY --from=ONE / /\n";
  assert.deepEqual(shape(text, { one: { kind: "image", reference: "busybox" } }), [
    "one=docker.io/library/busybox:latest",
    "two<docker.io/library/b:latest",
    "stage-2<0 0",
  ]);
});

test("scratch is never replaced, and no stage with the main context's name; an image of that name is", () => {
  const contexts = { scratch: local, context: local };
  assert.deepEqual(shape("FROM context\n", contexts), ["stage-0<[context]"]);
  assert.deepEqual(shape("FROM scratch AS context\nFROM context\n", contexts), [
    "context<scratch",
    "stage-1<0",
  ]);
});

test("a context for the platform of a FROM counts before one for all platforms", () => {
  const text = "FROM x\nFROM --platform=linux/arm64 x\nFROM --platform=linux/s390x x\n";
  assert.deepEqual(shape(text, { "x::linux/amd64": local, "x::linux/arm64": local }), [
    "stage-0<[x::linux/amd64]",
    "stage-1<[x::linux/arm64]",
    "stage-2<docker.io/library/x:latest",
  ]);
});

test("another stage can stand for a name, but only an earlier one in FROM", () => {
  const contexts: Record<string, NamedContext> = { x: { kind: "stage", stage: "made" } };
  assert.deepEqual(shape("FROM scratch AS made\nFROM x\nCOPY --from=x / /\n", contexts), [
    "made<scratch",
    "stage-1<0 0",
  ]);
  assert.throws(() => shape("FROM x\nFROM scratch AS made\n", contexts), {
    code: "DOCKERFILE_STAGE",
    message: "failed to find target made for context x",
  });
});

test("circles through contexts are found", () => {
  const text = "FROM scratch AS made\nCOPY --from=x / /\n";
  assert.throws(() => shape(text, { x: { kind: "stage", stage: "made" } }), {
    message: "circular dependency detected on stage: made",
  });
});

test("an image reference that cannot be parsed is reported where it is used, and only there", () => {
  const contexts: Record<string, NamedContext> = { x: { kind: "image", reference: "Bad" } };
  assert.deepEqual(shape("FROM y\n", contexts), ["stage-0<docker.io/library/y:latest"]);
  assert.throws(() => shape("FROM x\n", contexts), {
    message:
      'failed to parse named context "x": invalid reference format: repository name (library/Bad) must be lowercase',
  });
});
