import assert from "node:assert/strict";
import { test } from "node:test";
import { convert, printGraph } from "./test-helpers.ts";

const stage = "BUILDKIT_SBOM_SCAN_STAGE";
const context = "BUILDKIT_SBOM_SCAN_CONTEXT";

/** Three stages of which the last is the target, and one that it does not need. */
function dockerfile({ global = "", a = "", b = "", target = "" }: Record<string, string>): string {
  return [
    global,
    `FROM alpine AS a\n${a}\nRUN a`,
    `FROM a AS b\n${b}\nRUN b`,
    `FROM alpine AS unneeded\nARG ${stage}=true`,
    `FROM alpine AS app\n${target}\nCOPY --from=b /x /x`,
  ].join("\n");
}

const cases: readonly [
  title: string,
  lines: Record<string, string>,
  buildArgs: Record<string, string>,
  parts: readonly string[],
][] = [
  ["nothing is asked for", {}, {}, []],
  ["a build argument alone declares nothing", {}, { [stage]: "true" }, []],
  ["a stage, and one that starts from it", { a: `ARG ${stage}=true` }, {}, ["a", "b"]],
  ["but not where that says no", { a: `ARG ${stage}=1`, b: `ARG ${stage}=false` }, {}, ["a"]],
  ["an argument without a value changes nothing", { a: `ARG ${stage}=1`, b: `ARG ${stage}` }, {}, ["a", "b"]],
  ["every stage that is needed", { global: `ARG ${stage}=true` }, {}, ["a", "b"]],
  ["those of a list", { global: `ARG ${stage}=b,unneeded,app` }, {}, ["b"]],
  ["as the caller says", { global: `ARG ${stage}` }, { [stage]: "a" }, ["a"]],
  ["the context by the target", { target: `ARG ${context}=true` }, {}, ["context"]],
  ["the context by no other stage", { a: `ARG ${context}=true` }, {}, []],
  ["the context by the target's name", { global: `ARG ${context}=app` }, {}, ["context"]],
  ["both", { global: `ARG ${context}=true`, b: `ARG ${stage}=true` }, { [context]: "t" }, ["context", "b"]],
];
for (const [title, lines, buildArgs, parts] of cases) {
  test(`packages are listed of ${title}`, async () => {
    const { scannedParts } = await convert(dockerfile(lines), { buildArgs });
    assert.deepEqual(
      scannedParts.map(({ name }) => name),
      parts,
    );
  });
}

test("a stage is listed as it ends, the context without what is ignored, though nothing reads it", async () => {
  const text = dockerfile({ target: `ARG ${context}=true`, b: `ARG ${stage}=true` });
  const { scannedParts, definition } = await convert(text, { contextIgnorePatterns: ["node_modules"] });
  const last = scannedParts.map((part) => printGraph(part.definition).at(-1));
  assert.deepEqual(last, ["#0 local://context node_modules", "#2 exec on #1 in /: /bin/sh -c b"]);
  assert.ok(!printGraph(definition).some((line) => line.includes("local://")));
});
