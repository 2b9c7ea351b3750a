import assert from "node:assert/strict";
import { test } from "node:test";
import { DefinitionBuilder, joinDefinitions, type Op } from "./index.ts";

const source: Op = { kind: "source", identifier: "local://context" };
const copy = (dest: string): Op => ({
  kind: "file",
  base: -1,
  actions: [{ kind: "mkdir", path: dest, mode: 0o755, makeParents: true }],
});

test("joined graphs have equal vertices once, inputs first, and one root for each result", () => {
  const define = (dest: string, ignoreCache: boolean) => {
    const builder = new DefinitionBuilder();
    const context = builder.add(source, [], { description: "context", ignoreCache });
    return builder.build(builder.add(copy(dest), [context], { description: dest }));
  };
  const [one, two] = [define("/one", false), define("/two", true)];
  const scratch = new DefinitionBuilder().build(undefined);
  const { graph, roots } = joinDefinitions([one, two, scratch, one]);
  assert.deepEqual(roots, [one.root, two.root]);
  const vertices = [...graph.vertices.values()];
  assert.deepEqual(
    vertices.map(({ metadata }) => metadata.description),
    ["context", "/one", "/two"],
  );
  assert.equal(vertices[0]!.metadata.ignoreCache, true, "one of them is to run again");
});
