import assert from "node:assert/strict";
import { test } from "node:test";
import { solve, solveAll, type SolverObserver, type SolverVertex, type Turn } from "./solver.ts";

test("each vertex that the root needs is executed once, after its inputs, and no other", async () => {
  const graph = toyGraph({ a: [], b: ["a"], c: ["a"], d: ["b", "c"], unused: ["a"] });
  assert.equal(await solve(graph.vertices, "d", options()), "d(b(a),c(a))");
  assert.deepEqual(graph.executed.toSorted(), ["a", "b", "c", "d"]);
  assert.equal(graph.executed[0], "a");
  assert.equal(graph.executed[3], "d");
});

test("a chain of a hundred thousand vertices is solved, whatever else they read from", async () => {
  const name = (index: number) => `v${index}`;
  const edges = Array.from({ length: 100_000 }, (_, index) => {
    return [name(index), index === 0 ? [] : [name(Math.floor(index / 2)), name(index - 1)]] as const;
  });
  const recorded = Object.fromEntries(edges.map(([id]) => [id, id]));
  const graph = toyGraph(Object.fromEntries(edges), { recorded });
  assert.equal(await solve(graph.vertices, name(99_999), options()), "v99999");
});

test("several roots share what they have in common", async () => {
  const graph = toyGraph({ a: [], b: ["a"], c: ["a"], unused: [] });
  assert.deepEqual(await solveAll(graph.vertices, ["c", "b", "a"], options()), ["c(a)", "b(a)", "a"]);
  assert.deepEqual(graph.executed.toSorted(), ["a", "b", "c"]);
  assert.deepEqual(await solveAll(graph.vertices, [], options()), []);
});

test("a recorded result is taken instead of execution", async () => {
  const graph = toyGraph({ a: [], b: ["a"] }, { recorded: { a: "A" } });
  assert.equal(await solve(graph.vertices, "b", options()), "b(A)");
  assert.deepEqual(graph.executed, ["b"]);
});

test("ignoreCache executes even if a result is recorded", async () => {
  const graph = toyGraph({ a: [] }, { recorded: { a: "A" }, ignoreCache: ["a"] });
  assert.equal(await solve(graph.vertices, "a", options()), "a");
});

test("independent vertices run at the same time, but never more than jobs", async () => {
  let running = 0;
  let most = 0;
  const graph = toyGraph(
    { a: [], b: [], c: [], d: [], all: ["a", "b", "c", "d"] },
    {
      work: async () => {
        most = Math.max(most, ++running);
        await new Promise((resolve) => setTimeout(resolve, 5));
        running--;
      },
    },
  );
  await solve(graph.vertices, "all", options({ jobs: 3 }));
  assert.equal(most, 3);
});

test("of the vertices that wait, the one with the longest chain of dependants runs first", async () => {
  const graph = toyGraph({ short: [], long: [], next: ["long"], last: ["next"], all: ["short", "last"] });
  await solve(graph.vertices, "all", options({ jobs: 1 }));
  assert.deepEqual(graph.executed, ["short", "long", "next", "last", "all"]);
  const crowded = toyGraph({
    first: [],
    short: [],
    long: [],
    next: ["long"],
    all: ["first", "short", "next"],
  });
  await solve(crowded.vertices, "all", options({ jobs: 1 }));
  assert.deepEqual(crowded.executed, ["first", "long", "short", "next", "all"]);
});

test("a failure is thrown after everything that ran has ended, and starts nothing more", async () => {
  const ended: string[] = [];
  const graph = toyGraph(
    { bad: [], slow: [], after: ["bad"], all: ["after", "slow"] },
    {
      work: async (id, { signal }) => {
        if (id === "bad") throw new Error("bad failed");
        await new Promise<void>((resolve) => signal.addEventListener("abort", () => setTimeout(resolve, 5)));
        ended.push(id);
        signal.throwIfAborted();
      },
    },
  );
  const outcomes: string[] = [];
  const observer: SolverObserver = { completed: (id, outcome) => outcomes.push(`${id} ${outcome}`) };
  await assert.rejects(solve(graph.vertices, "all", options({ observer })), { message: "bad failed" });
  assert.deepEqual(ended, ["slow"]);
  assert.deepEqual(graph.executed, ["bad", "slow"]);
  assert.deepEqual(outcomes, ["bad failed", "slow cancelled"]);
});

test("while an execution only waits, its turn goes to another", async () => {
  let free = (): void => {};
  const freed = new Promise<void>((resolve) => (free = resolve));
  let running = 0;
  const graph = toyGraph(
    { waits: [], next: [], all: ["waits", "next"] },
    {
      work: async (id, turn) => {
        assert.equal(++running, 1);
        if (id === "next") free();
        if (id === "waits") {
          running--;
          await turn.idle(() => freed);
          assert.equal(++running, 1);
        }
        await Promise.resolve();
        running--;
      },
    },
  );
  assert.equal(await solve(graph.vertices, "all", options({ jobs: 1 })), "all(waits,next)");
  assert.deepEqual(graph.executed, ["waits", "next", "all"]);
});

test("a vertex begins with what is foreseen of its input, and then executes without waiting for others", async () => {
  const begun: string[] = [];
  const graph = toyGraph(
    { a: [], b: ["a"], c: ["b"], other: [], all: ["c", "other"] },
    {
      work: async (id, turn) => {
        if (id !== "other") turn.foresee(`soon ${id}`);
        await new Promise(setImmediate);
      },
      begin: (id, inputs) => begun.push(`${id}(${inputs.join(",")})`) > 0,
    },
  );
  assert.equal(await solve(graph.vertices, "all", options({ jobs: 1 })), "all(c(b(a)),other)");
  assert.deepEqual(begun, ["b(soon a)", "c(soon b)"]);
  assert.deepEqual(graph.executed, ["a", "b", "c", "other", "all"]);
});

test("nothing begins that waits for more than what is foreseen, or is to ignore the cache", async () => {
  const graph = toyGraph(
    { a: [], slow: [], both: ["a", "slow"], fresh: ["a"], all: ["both", "fresh"] },
    {
      ignoreCache: ["fresh"],
      work: async (id, turn) => {
        if (id === "a") turn.foresee("soon a");
        for (let turns = id === "slow" ? 5 : 1; turns > 0; turns--) await new Promise(setImmediate);
      },
      begin: (id) => assert.fail(`${id} has begun`),
    },
  );
  assert.equal(await solve(graph.vertices, "all", options()), "all(both(a,slow),fresh(a))");
});

test("of several that could begin, one does: the one with the longest chain of dependants that has something to make ready", async () => {
  const asked: string[] = [];
  const graph = toyGraph(
    {
      a: [],
      short: ["a"],
      long: ["a"],
      longest: ["a"],
      x: ["longest"],
      y: ["x", "long"],
      all: ["y", "short"],
    },
    {
      work: async (id, turn) => {
        if (id === "a") turn.foresee("soon a");
      },
      begin: (id) => asked.push(id) > 0 && id !== "longest",
    },
  );
  await solve(graph.vertices, "all", options());
  assert.deepEqual(asked, ["longest", "long"]);
});

test("the slot of a vertex that had begun is free again when it is not executed", async () => {
  const toy = {
    recorded: { b: "B" },
    work: async (id: string, turn: Turn<string>) => turn.foresee(`soon ${id}`),
    begin: (id: string) => id === "b",
  };
  const graph = toyGraph({ a: [], b: ["a"], c: ["b"] }, toy);
  assert.equal(await solve(graph.vertices, "c", options({ jobs: 1 })), "c(B)");
});

test("an abort from outside is thrown as its reason", async () => {
  const controller = new AbortController();
  const graph = toyGraph({ a: [] }, { work: async () => controller.abort(new Error("interrupted")) });
  const afterwards = toyGraph(
    { a: [], b: ["a"] },
    { work: async () => controller.abort(new Error("interrupted")) },
  );
  assert.equal(await solve(graph.vertices, "a", options({ signal: new AbortController().signal })), "a");
  await assert.rejects(solve(afterwards.vertices, "b", options({ signal: controller.signal })), {
    message: "interrupted",
  });
});

interface ToyOptions {
  readonly recorded?: Record<string, string>;
  readonly ignoreCache?: readonly string[];
  readonly work?: (id: string, turn: Turn<string>) => Promise<void>;
  readonly begin?: (id: string, inputs: readonly string[]) => boolean;
}

function toyGraph(edges: Record<string, readonly string[]>, toy: ToyOptions = {}) {
  const executed: string[] = [];
  const vertices = new Map<string, SolverVertex<string>>();
  for (const [id, inputs] of Object.entries(edges)) {
    const operation = {
      begin: (foreseen: readonly string[]) => toy.begin?.(id, foreseen) ?? false,
      findRecorded: () => Promise.resolve(toy.recorded?.[id]),
      execute: async (results: readonly string[], turn: Turn<string>) => {
        executed.push(id);
        await toy.work?.(id, turn);
        return results.length === 0 ? id : `${id}(${results.join(",")})`;
      },
    };
    vertices.set(id, { id, inputs, operation, ignoreCache: toy.ignoreCache?.includes(id) ?? false });
  }
  return { vertices, executed };
}

function options(overrides: { jobs?: number; signal?: AbortSignal; observer?: SolverObserver } = {}) {
  return { jobs: 2, signal: new AbortController().signal, ...overrides };
}
