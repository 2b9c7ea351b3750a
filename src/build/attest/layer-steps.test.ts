import assert from "node:assert/strict";
import { test } from "node:test";
import { DefinitionBuilder, type ExecOp, type FileOp, type VertexDigest } from "../../llb/index.ts";
import { layerSteps } from "./layer-steps.ts";

const builder = () => new DefinitionBuilder();
const image = { kind: "source", identifier: "docker-image://busybox" } as const;

function file(name: string): FileOp {
  return {
    kind: "file",
    base: 0,
    actions: [{ kind: "mkdir", path: `/${name}`, mode: 0o755, makeParents: false }],
  };
}

function exec(root: number, from: number): ExecOp {
  const bind = (dest: string, input: number) => ({ type: "bind", dest, input, readonly: false }) as const;
  const mounts = [bind("/", root), bind("/other", from)];
  const rest = { cwd: "/", user: "", network: "default", security: "sandbox" } as const;
  return { kind: "exec", args: ["x"], env: [], mounts, ...rest };
}

test("steps of the image's chain end with its layers from the bottom, those of other stages with none of them", () => {
  const made = builder();
  const add = (op: Parameters<typeof made.add>[0], inputs: readonly VertexDigest[]) =>
    made.add(op, inputs, { description: "" });
  const base = add(image, []);
  const other = add(file("other"), [base]);
  const first = add(exec(1, 0), [other, base]);
  const root = add(file("last"), [first]);
  assert.deepEqual(layerSteps(made.build(root), 5), {
    "step0:0": 3,
    "step2:0": 4,
    "step3:0": 5,
  });
});

test("what a merge lays on its base is of several layers", () => {
  const made = builder();
  const add = (op: Parameters<typeof made.add>[0], inputs: readonly VertexDigest[]) =>
    made.add(op, inputs, { description: "" });
  const base = add(image, []);
  const one = add({ ...file("one"), base: -1 }, []);
  const two = add({ ...file("two"), base: -1 }, []);
  const three = add(file("three"), [two]);
  const root = add({ kind: "merge" }, [base, one, three]);
  assert.deepEqual(layerSteps(made.build(root), 4), { "step4:0": 4, "step0:0": 1 });
});

test("on nothing, and with nothing, there are only the layers of steps", () => {
  const made = builder();
  const root = made.add({ ...file("one"), base: -1 }, [], { description: "" });
  assert.deepEqual(layerSteps(made.build(root), 1), { "step0:0": 1 });
  assert.deepEqual(layerSteps(builder().build(undefined), 0), {});
});
