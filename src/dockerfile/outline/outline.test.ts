import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeImages } from "../convert/fake-images.ts";
import { parseDockerfile } from "../instructions/index.ts";
import { resolveStages } from "../stages/index.ts";
import { listTargets } from "./list-targets.ts";
import { type Outline, outlineTarget } from "./outline-target.ts";

const platform = { os: "linux", architecture: "amd64" };

function outline(
  text: string,
  options: { readonly target?: string; readonly buildArgs?: Readonly<Record<string, string>> } = {},
): Promise<Outline> {
  const graph = resolveStages(parseDockerfile(text), { platform, ...options });
  return outlineTarget(graph, {}, new FakeImages());
}

/** `line name=value description` of each. */
function args({ args: list }: Outline): string[] {
  return list.map(({ range, name, value, description }) =>
    `${range.startLine} ${name}=${value} ${description}`.trim(),
  );
}

function inputs(list: Outline["secrets"]): string[] {
  return list.map(({ range, id, isRequired }) => `${range.startLine} ${id}${isRequired ? " required" : ""}`);
}

// What docker build --call=outline says of these files.
const file = `ARG A=1
ARG B=$A
# C is c
ARG C=x
ARG UNUSED=1
FROM alpine:\${D:-latest} AS base
# A local one
ARG A
ARG B
# mid is the middle
FROM base AS mid
# Z z
ARG Z=$A$B
RUN --mount=type=secret,id=s1 --mount=type=secret,id=s2,env=X,required=true true
FROM mid
COPY --from=base /etc/x /x
ARG C
RUN --mount=type=ssh,id=a --mount=type=ssh,required=true --mount=type=secret,id=s1,required=true y
FROM alpine AS other
ARG OTHER=1
`;

test("an outline has the arguments of every stage that the target needs, and global ones where they are used", async () => {
  const found = await outline(file.replace("FROM alpine AS other\nARG OTHER=1\n", ""));
  assert.deepEqual(args(found), ["1 A=1", "2 B=1", "4 C=x is c", "13 Z=11 z"]);
  assert.equal(found.name, "");
});

test("a secret that several steps ask for is that of the step nearest to the target", async () => {
  const found = await outline(file.replace("FROM alpine AS other\nARG OTHER=1\n", ""));
  assert.deepEqual(inputs(found.secrets), ["14 s2 required", "18 s1 required"]);
  assert.deepEqual(inputs(found.ssh), ["18 a", "18 default required"]);
});

test("build arguments are the values, and make a declaration in a stage the one that counts", async () => {
  const found = await outline(file, { target: "MID", buildArgs: { A: "9", Z: "8" } });
  assert.deepEqual(args(found), ["2 B=9", "8 A=9 local one", "13 Z=8 z"]);
  assert.deepEqual(inputs(found.secrets), ["14 s1", "14 s2 required"]);
  assert.deepEqual([found.name, found.description], ["mid", "is the middle"]);
});

test("arguments of FROM lines bring those that their defaults use", async () => {
  const found = await outline("ARG V=latest\nARG U=$V\nARG W=1\nFROM alpine:$U\nARG TARGETARCH\nARG Q R=1\n");
  assert.deepEqual(args(found), ["1 V=latest", "2 U=latest", "6 Q=", "6 R=1"]);
});

test("stages that copy from each other's bases many times over are outlined at once", async () => {
  const stage = (index: number) =>
    `FROM alpine AS s${index}\nCOPY --from=s${index - 1} / /\nCOPY --from=s${index - 2} / /\n`;
  const chain = Array.from({ length: 60 }, (_, index) => stage(index + 2)).join("");
  const found = await outline(`FROM alpine AS s0\nARG A=1\nFROM alpine AS s1\n${chain}`);
  assert.deepEqual(args(found), ["2 A=1"]);
});

test("targets are the stages as written, the last one the default", () => {
  const text =
    "FROM --platform=$BUILDPLATFORM alpine AS A\n# a no\nFROM $X AS B\n# b desc  two\n# other\nFROM scratch AS c\n# c it\nFROM c\n";
  const targets = listTargets(parseDockerfile(text)).map(({ range, ...target }) => ({
    ...target,
    line: range.startLine,
  }));
  const none = { description: "", isDefault: false, platform: "" };
  assert.deepEqual(targets, [
    { ...none, name: "a", base: "alpine", platform: "$BUILDPLATFORM", line: 1 },
    { ...none, name: "b", base: "$X", line: 3 },
    { ...none, name: "c", base: "scratch", line: 6 },
    { ...none, name: "", base: "c", isDefault: true, line: 8 },
  ]);
});
