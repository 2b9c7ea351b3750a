import assert from "node:assert/strict";
import { linkSync, lstatSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test, type TestContext } from "node:test";
import { setTimeout } from "node:timers/promises";
import { openContext } from "../context/index.ts";
import type { CopyAction } from "../llb/index.ts";
import type { TreeError } from "../tree/index.ts";
import {
  applyFileActions,
  copyFromDirectory,
  type CopyHelpers,
  type FileActionsOptions,
  listTree,
} from "./index.ts";

const asRoot = process.getuid?.() === 0 ? {} : { skip: "owners need root" };

const copyAll: CopyAction = {
  kind: "copy",
  from: 0,
  source: "/",
  dest: "/x/",
  followSymlink: true,
  copyDirContents: true,
  attemptUnpack: false,
  createDestPath: true,
  allowWildcard: true,
  allowEmptyWildcard: true,
};

/** A context of several batches, and a way to copy it into layers. */
function bench(t: TestContext) {
  const root = mkdtempSync(path.join(tmpdir(), "slipway-queue-"));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  const context = path.join(root, "context");
  for (let n = 0; n < 900; n++) {
    const directory = path.join(context, `d${n % 7}/ü${n % 3}`);
    mkdirSync(directory, { recursive: true });
    writeFileSync(path.join(directory, `f${n}`), `text ${n}`);
  }
  return {
    context,
    layer: (name: string) => path.join(root, name),
    async copy(name: string, options: FileActionsOptions & { from?: string } = {}) {
      const output = path.join(root, name);
      mkdirSync(output);
      const { from, ...rest } = options;
      const earlier = from && { directory: path.join(root, from), indexFile: path.join(root, `${from}.idx`) };
      const sources = [{ kind: "directory" as const, root: context, excludePatterns: [] }];
      return applyFileActions(
        { lowers: [], output, actions: [copyAll], sources },
        { ...rest, ...(earlier && { earlier }), indexFile: `${output}.idx` },
      );
    },
    wanted: async () => (await openContext(context).digestSources([copyAll]))[0],
  };
}

/** Helpers that answer late, and not in order. */
function lateHelpers(): CopyHelpers & { copied: number } {
  return {
    copied: 0,
    isOneFree: () => true,
    async copy(batch) {
      const isOdd = this.copied++ % 2 === 1;
      await setTimeout(isOdd ? 1 : 20);
      return copyFromDirectory(batch);
    },
  };
}

/** The layer's root has a time of its own. */
const below = (layer: string) => listTree([layer], "/x").slice(1);

test("a file that is deleted between the walk and its copy is told of as that", async (t) => {
  const rig = bench(t);
  const deleted: string[] = [];
  const helpers: CopyHelpers = {
    isOneFree: () => true,
    async copy(batch) {
      const file = batch.copies[0]!.path;
      deleted.push(file);
      rmSync(Buffer.from(rig.context + file, "latin1"), { force: true });
      return copyFromDirectory(batch);
    },
  };
  await assert.rejects(rig.copy("a", { helpers }), (error: TreeError) => {
    const file = Buffer.from(deleted[0]!, "latin1").toString();
    const wanted = `Cannot read "${file}": it was there, and was deleted while the build read its context`;
    assert.deepEqual([error.code, error.message], ["NOT_FOUND", wanted]);
    return true;
  });
});

test("a layer is the same whoever copies its files, and told of in order", asRoot, async (t) => {
  const place = bench(t);
  linkSync(`${place.context}/d1/ü1/f1`, `${place.context}/d3/hard`);
  const alone = await place.copy("alone");
  const helpers = lateHelpers();
  const helped = await place.copy("helped", { helpers });
  assert.ok(helpers.copied >= 3);
  assert.deepEqual(helped, alone);
  assert.equal(helped.contentDigests[0], await place.wanted());
  assert.deepEqual(below(place.layer("helped")), below(place.layer("alone")));
});

test("files of layers are made without helpers, which know only directories", asRoot, async (t) => {
  const place = bench(t);
  await place.copy("lower");
  const output = place.layer("upper");
  mkdirSync(output);
  const helpers = lateHelpers();
  const sources = [{ kind: "layers" as const, layers: [place.layer("lower")] }];
  await applyFileActions(
    { lowers: [], output, actions: [{ ...copyAll, source: "/x" }], sources },
    { helpers },
  );
  assert.equal(helpers.copied, 0);
  assert.deepEqual(below(output), below(place.layer("lower")));
});

test("a helper shares unchanged files, and copies what cannot be shared", asRoot, async (t) => {
  const place = bench(t);
  await setTimeout(50); // what was written in the same clock tick is never trusted
  await place.copy("one");
  rmSync(`${place.layer("one")}/x/d2/ü2/f2`);
  writeFileSync(`${place.context}/d0/ü0/f0`, "changed");
  rmSync(`${place.context}/d4/ü1/f4`);
  const helpers = lateHelpers();
  const two = await place.copy("two", { from: "one", helpers });
  assert.equal(two.contentDigests[0], await place.wanted());
  const three = await place.copy("three", { from: "two" });
  assert.deepEqual(three, two);
  const inode = (layer: string, file: string) => lstatSync(`${place.layer(layer)}/x/${file}`).ino;
  assert.equal(inode("two", "d1/ü1/f1"), inode("one", "d1/ü1/f1"));
  assert.equal(inode("three", "d2/ü2/f2"), inode("two", "d2/ü2/f2"));
  assert.equal(readFileSync(`${place.layer("two")}/x/d2/ü2/f2`, "utf8"), "text 2");
  assert.equal(readFileSync(`${place.layer("two")}/x/d0/ü0/f0`, "utf8"), "changed");
});

test("a file that is copied twice is never the earlier layer's where it changed", asRoot, async (t) => {
  const place = bench(t);
  await setTimeout(50);
  await place.copy("one");
  writeFileSync(`${place.context}/d0/ü0/f0`, "changed");
  await setTimeout(50);
  const output = place.layer("two");
  mkdirSync(output);
  await applyFileActions(
    {
      lowers: [],
      output,
      actions: [copyAll, copyAll],
      sources: [{ kind: "directory", root: place.context, excludePatterns: [] }],
    },
    { earlier: { directory: place.layer("one"), indexFile: `${place.layer("one")}.idx` } },
  );
  assert.equal(readFileSync(`${output}/x/d0/ü0/f0`, "utf8"), "changed");
});

test("when a helper fails, the copy fails after all others have ended", asRoot, async (t) => {
  const place = bench(t);
  let [running, asked] = [0, 0];
  const helpers: CopyHelpers = {
    isOneFree: () => true,
    async copy(batch) {
      if (asked++ === 0) throw new Error("broken");
      running++;
      await setTimeout(30);
      running--;
      return copyFromDirectory(batch);
    },
  };
  await assert.rejects(place.copy("one", { helpers }), { message: "broken" });
  assert.ok(asked > 1);
  assert.equal(running, 0);
});
