import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { test, type TestContext } from "node:test";
import { openStore } from "../content/index.ts";
import { setXattr } from "../sys/index.ts";
import { MountPoints, type PlacedMountPoints } from "./mount-points.ts";
import { StubLayers } from "./stub-layers.ts";

/** A stack of layers whose tree is, for this test, the lowest of them or whatever `look` is told. */
function rig(t: TestContext) {
  const directory = mkdtempSync(path.join(os.tmpdir(), "points-"));
  t.after(() => rmSync(directory, { recursive: true }));
  const mountPoints = new MountPoints(new StubLayers(openStore(path.join(directory, "store"))));
  const layer = (name: string, ...directories: string[]) => {
    const place = path.join(directory, name);
    for (const each of ["", ...directories]) mkdirSync(path.join(place, each), { recursive: true });
    return place;
  };
  const looks: string[] = [];
  const place = (lowers: readonly string[], dest = "/etc/hosts", root = lowers[0]!): PlacedMountPoints => {
    const points = [{ dest, kind: "file" as const }];
    return mountPoints.place({ lowers, points, kept: [] }, () => {
      looks.push(root);
      return root;
    });
  };
  return { layer, place, looks };
}

test("a stack that only has other things on top is not looked at again", (t) => {
  const { layer, place, looks } = rig(t);
  const [base, first, second] = [layer("base", "etc"), layer("first", "app"), layer("second", "app/etc")];
  const placed = place([base]);
  assert.deepEqual(placed.resolved, ["/etc/hosts"]);
  assert.ok(statSync(path.join(placed.stubs[0]!, "etc/hosts")).isFile());
  assert.equal(place([base, first]), placed);
  assert.equal(place([base, first, second]), placed);
  assert.deepEqual(looks, [base]);
});

const touching: readonly (readonly [what: string, touch: (layer: string) => void])[] = [
  ["a directory on the way", (layer) => mkdirSync(path.join(layer, "etc"))],
  ["a link on the way", (layer) => symlinkSync("private", path.join(layer, "etc"))],
  ["a whiteout on the way", (layer) => writeFileSync(path.join(layer, "etc"), "")],
  ["an opaque root", (layer) => setXattr(layer, "user.overlay.opaque", Buffer.from("y"))],
];

for (const [what, touch] of touching) {
  test(`${what} makes a stack one to be looked at`, (t) => {
    const { layer, place, looks } = rig(t);
    const [base, other, top] = [layer("base", "etc"), layer("other"), layer("top")];
    touch(top);
    place([base]);
    place([base, other, top]);
    assert.equal(looks.length, 2);
    place([base, other, top, layer("more")]);
    assert.equal(looks.length, 2);
  });
}

test("where a link leads counts too", (t) => {
  const { layer, place, looks } = rig(t);
  const base = layer("base", "private");
  symlinkSync("/private", path.join(base, "etc"));
  assert.deepEqual(place([base]).resolved, ["/private/hosts"]);
  place([base, layer("top", "private")]);
  assert.equal(looks.length, 2);
});

test("other layers, or other mount points, are looked at", (t) => {
  const { layer, place, looks } = rig(t);
  const [base, other, top] = [layer("base", "etc"), layer("other", "etc"), layer("top")];
  place([base, top]);
  place([other, top]);
  place([base, top], "/etc/resolv.conf");
  place([base]); // what lies below is not known either
  assert.deepEqual(looks, [base, other, base, base]);
});
