import assert from "node:assert/strict";
import { test } from "node:test";
import { planSolve } from "./plan-solve.ts";
import type { SolverVertex } from "./solver.ts";

/** A vertex that knows whether it is recorded, and fails the test when it is executed. */
function vertex(
  id: string,
  inputs: readonly string[],
  isRecorded: boolean,
  ignoreCache = false,
): [string, SolverVertex<string>] {
  const operation = {
    findRecorded: () => Promise.resolve(isRecorded ? id : undefined),
    execute: () => Promise.reject(new Error(`${id} was executed`)),
  };
  return [id, { id, inputs, operation, ignoreCache }];
}

test("a vertex below one that would run is not decided yet, one beside it is", async () => {
  const vertices = new Map([
    vertex("base", [], true),
    vertex("edited", ["base"], false),
    vertex("above", ["edited"], true),
    vertex("beside", ["base"], true),
    vertex("root", ["above", "beside"], true),
    vertex("unneeded", ["base"], false),
  ]);
  assert.deepEqual(
    [...(await planSolve(vertices, "root"))],
    [
      ["base", "cached"],
      ["edited", "run"],
      ["above", "depends"],
      ["beside", "cached"],
      ["root", "depends"],
    ],
  );
});

test("a vertex that ignores the cache would run", async () => {
  const vertices = new Map([vertex("root", [], true, true)]);
  assert.deepEqual([...(await planSolve(vertices, "root"))], [["root", "run"]]);
});

test("a graph of 20,000 vertices in one chain is planned without recursion", async () => {
  const vertices = new Map(
    Array.from({ length: 20_000 }, (_, n) => vertex(`${n}`, n === 0 ? [] : [`${n - 1}`], true)),
  );
  assert.equal((await planSolve(vertices, "19999")).size, 20_000);
});
