import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";
import { Rig, unavailable } from "./rig.ts";

let rig: Rig;
const skip = await unavailable();
const options = skip === undefined ? {} : { skip };

before(async () => {
  if (skip === undefined) rig = await Rig.start();
});
after(async () => {
  await rig?.[Symbol.asyncDispose]();
});

const cache = (sharing: "shared" | "private" | "locked", extra: object = {}) =>
  ({
    type: "cache",
    base: "",
    dest: "/cache",
    id: "../../hostile",
    namespace: "tests",
    sharing,
    layers: [],
    mode: 0o750,
    uid: 1000,
    gid: 100,
    readonly: false,
    ...extra,
  }) as const;

test("a cache mount keeps its files, its owner and its mode between steps", options, async () => {
  const { layer } = await rig.sh("echo kept > /cache/file", { mounts: [cache("shared")], keep: true });
  assert.deepEqual(fs.readdirSync(rig.store.layers.fsOf(layer)), []);
  const { stdout } = await rig.sh("cat /cache/file; stat -c %u:%g:%a /cache", { mounts: [cache("shared")] });
  assert.equal(stdout, "kept\n1000:100:750\n");
});

test("a locked cache has one user at a time; private users have one each", options, async () => {
  const script = "mkdir /cache/lock || exit 1; sleep 0.2; rm -r /cache/lock";
  for (const sharing of ["locked", "private"] as const) {
    const mounts = [cache(sharing, { id: sharing })];
    const results = await Promise.all([1, 2, 3].map(() => rig.sh(script, { mounts })));
    assert.deepEqual(
      results.map(({ exitCode }) => exitCode),
      [0, 0, 0],
    );
  }
});

test(
  "a step may mount one cache twice, and steps with the same caches in other order do not wait for ever",
  options,
  async () => {
    const one = cache("locked", { id: "one" });
    const two = cache("locked", { id: "two", dest: "/two" });
    const again = cache("shared", { id: "one", dest: "/again" });
    const script = "echo x > /cache/here; cat /again/here; sleep 0.1";
    const [first, second] = await Promise.all([
      rig.sh(script, { mounts: [one, two, again] }),
      rig.sh(script, { mounts: [again, two, one] }),
    ]);
    assert.deepEqual([first.stdout, second.stdout], ["x\n", "x\n"]);
  },
);

test("a cache starts with the files of its layers", options, async () => {
  const seed = rig.layer((root) => {
    fs.mkdirSync(path.join(root, "sub"));
    fs.writeFileSync(path.join(root, "sub/seed"), "seed");
  });
  const mounts = [cache("shared", { id: "seeded", layers: [seed], selector: "/sub" })];
  assert.equal((await rig.sh("cat /cache/seed", { mounts })).stdout, "seed");
});
