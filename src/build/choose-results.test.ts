import assert from "node:assert/strict";
import { test } from "node:test";
import { type Stack, type StackLayer, type StepResult } from "../engine/index.ts";
import { chooseResults } from "./choose-results.ts";

const megabyte = 1_000_000;

/** A layer whose name tells its size: `base:100` has 100 MB. */
const layer = (name: string) =>
  ({ identity: name, layer: { kind: "directory", layer: name, identity: name } }) as unknown as StackLayer;
const stack = (...names: string[]): Stack => ({ layers: names.map(layer) });
const sizeOf = ({ identity }: StackLayer) => Number(identity.split(":")[1]) * megabyte;

function step(name: string, durationMs: number, inputs: Stack[], isCheap = false): StepResult {
  return { keys: [name], layer: layer(name), durationMs, inputs, isCheap };
}

function chosen(
  mode: "auto" | "min" | "max",
  results: readonly StepResult[],
  { image = stack(), isPushed = false } = {},
): string[] {
  const kept = chooseResults(mode, { results, stacks: [image] }, { isPushed, sizeOf });
  return kept.map(({ keys }) => keys[0]!);
}

const cases: [string, readonly StepResult[], readonly string[]][] = [
  ["what takes long and is small is kept", [step("a:1", 5000, [stack("base:10")])], ["a:1"]],
  ["what is large and made in no time is not", [step("a:500", 500, [stack("base:10")])], []],
  ["what is empty always is", [step("a:0", 0, [stack()])], ["a:0"]],
  [
    "a copy out of a large stage is kept, for the stage would have to be there",
    [step("copy:20", 10, [stack("base:10"), stack("base:10", "builder:2000")])],
    ["copy:20"],
  ],
  [
    "what is needed by what is kept is kept",
    [step("large:500", 100, [stack("base:10")]), step("slow:1", 60_000, [stack("base:10", "large:500")])],
    ["large:500", "slow:1"],
  ],
  [
    "the end of a chain is left out alone",
    [step("slow:1", 60_000, [stack("base:10")]), step("large:500", 100, [stack("base:10", "slow:1")])],
    ["slow:1"],
  ],
  ["copies of local files are not kept", [step("copy:1", 60_000, [stack("base:10")], true)], []],
];

for (const [title, results, expected] of cases) {
  test(`mode=auto: ${title}`, () => assert.deepEqual(chosen("auto", results), expected));
}

test("mode=auto: layers of a pushed image travel anyway", () => {
  const results = [step("a:500", 500, [stack("base:10")]), step("b:500", 500, [stack("base:10")])];
  const image = stack("base:10", "a:500");
  assert.deepEqual(chosen("auto", results, { image, isPushed: true }), ["a:500"]);
  assert.deepEqual(chosen("auto", results, { image }), []);
});

test("mode=min keeps the image's layers, mode=max everything", () => {
  const results = [
    step("copy:1", 1, [stack("base:10")], true),
    step("a:500", 1, [stack("base:10")]),
    step("b:1", 9000, [stack("base:10")]),
  ];
  const image = stack("base:10", "copy:1", "a:500");
  assert.deepEqual(chosen("min", results, { image }), ["copy:1", "a:500"]);
  assert.deepEqual(chosen("max", results, { image }), ["copy:1", "a:500", "b:1"]);
});

test("a thousand steps in one chain are decided in a moment", () => {
  const names = Array.from({ length: 1000 }, (_, number) => `s${number}:1`);
  const results = names.map((name, index) => step(name, 1000, [stack(...names.slice(0, index))]));
  assert.equal(chosen("auto", results).length, 1000);
});
