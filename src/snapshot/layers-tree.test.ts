import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { lstatSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { type TestContext, test } from "node:test";
import * as fc from "fast-check";
import { makeNode, setXattr } from "../sys/index.ts";
import { LayersTree } from "./index.ts";

const asRoot = process.getuid?.() === 0 ? {} : { skip: "whiteouts and marks need root" };

/** A layer's entries by path: text of a file, `null` a directory, `opaque`, `whiteout`, `-> link`. */
type Layer = Readonly<Record<string, string | null>>;

function makeLayers(t: TestContext, layers: readonly Layer[]): string[] {
  const root = mkdtempSync(path.join(tmpdir(), "slipway-layers-"));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  return writeLayers(root, layers);
}

function writeLayers(root: string, layers: readonly Layer[]): string[] {
  return layers.map((layer, index) => {
    const directory = path.join(root, `l${index}`);
    mkdirSync(directory);
    for (const [name, what] of Object.entries(layer)) {
      const file = path.join(directory, name);
      mkdirSync(path.dirname(file), { recursive: true });
      if (what === null || what === "opaque") mkdirSync(file, { recursive: true });
      if (what === "opaque") setXattr(file, "trusted.overlay.opaque", Buffer.from("y"));
      else if (what === "whiteout") makeNode(file, { type: "character", mode: 0 });
      else if (what?.startsWith("-> ")) symlinkSync(what.slice(3), file);
      else if (what !== null) writeFileSync(file, what);
    }
    return directory;
  });
}

function list(tree: LayersTree, directory = "/"): string[] {
  return tree.readdir(directory).flatMap((name) => {
    const child = directory === "/" ? `/${name}` : `${directory}/${name}`;
    const { type, ino } = tree.lstat(child)!;
    const isDirectory = type === "directory";
    const line = isDirectory ? child : `${child} ${type} ${ino}`;
    return isDirectory ? [line, ...list(tree, child)] : [line];
  });
}

function names(tree: LayersTree): string[] {
  return list(tree).map((line) => line.split(" ", 1)[0]!);
}

const stacks: [string, Layer[], string[]][] = [
  [
    "directories merge",
    [
      { "d/a": "", "d/b": "1" },
      { "d/b": "2", "d/c": "" },
    ],
    ["/d", "/d/a", "/d/b", "/d/c"],
  ],
  ["a whiteout hides a name", [{ "d/a": "", "d/b": "" }, { "d/a": "whiteout" }], ["/d", "/d/b"]],
  ["a whiteout in the lowest layer is not seen", [{ "d/a": "whiteout", "d/b": "" }], ["/d", "/d/b"]],
  ["a name comes back above its whiteout", [{ a: "1" }, { a: "whiteout" }, { a: "3" }], ["/a"]],
  [
    "a directory above a whiteout does not see below it",
    [{ "d/a": "" }, { d: "whiteout" }, { "d/b": "" }],
    ["/d", "/d/b"],
  ],
  [
    "an opaque directory hides what is below",
    [
      { "d/a": "", e: "" },
      { d: "opaque", "d/b": "" },
    ],
    ["/d", "/d/b", "/e"],
  ],
  ["a file hides a directory", [{ "d/a": "" }, { d: "file" }], ["/d"]],
  [
    "a directory hides a file, and what is below it",
    [{ "d/a": "" }, { d: "file" }, { "d/b": "" }],
    ["/d", "/d/b"],
  ],
  ["a link is never a directory", [{ "d/a": "" }, { d: "-> /etc" }], ["/d"]],
  ["no layers are an empty tree", [], []],
];
for (const [title, layers, expected] of stacks) {
  test(title, asRoot, (t) => {
    if (layers.length === 0) assert.equal(new LayersTree([]).lstat("/"), undefined);
    else assert.deepEqual(names(new LayersTree(makeLayers(t, layers))), expected);
  });
}

test("a path through a file or a link is nowhere", asRoot, (t) => {
  const tree = new LayersTree(makeLayers(t, [{ f: "", l: "-> d", "d/x": "" }]));
  for (const nowhere of ["/f/x", "/l/x", "/nope", "/nope/x", "/d/x/y"]) {
    assert.equal(tree.lstat(nowhere), undefined, nowhere);
    assert.throws(() => tree.readdir(nowhere), { code: "NOT_FOUND" });
    assert.throws(() => tree.hostPath(nowhere), { code: "NOT_FOUND" });
  }
});

const anyName = fc.constantFrom("a", "b", "c");
const anyPath = fc.array(anyName, { minLength: 1, maxLength: 3 }).map((parts) => parts.join("/"));
const anyEntry = fc.tuple(anyPath, fc.constantFrom("text", null, "opaque", "whiteout", "-> a"));
/** Without entries below something that is no directory. */
const anyLayer = fc.array(anyEntry, { maxLength: 5 }).map((entries) => {
  const layer: Record<string, string | null> = {};
  for (const [name, what] of entries) {
    const isBelow = (a: string, b: string) => a === b || a.startsWith(`${b}/`);
    if (!Object.keys(layer).some((other) => isBelow(name, other) || isBelow(other, name))) layer[name] = what;
  }
  return layer;
});

test("a stack looks as the kernel's overlayfs shows it", asRoot, (t) => {
  const root = mkdtempSync(path.join(tmpdir(), "slipway-overlay-"));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  const stacksToTry = fc.sample(fc.array(anyLayer, { minLength: 2, maxLength: 4 }), { numRuns: 40, seed: 7 });
  const places = stacksToTry.map((layers, index) => {
    const place = path.join(root, String(index));
    mkdirSync(place);
    mkdirSync(path.join(place, "m"));
    return { place, layers: writeLayers(place, layers) };
  });
  const script = places
    .map(({ place, layers }) => {
      const lowers = layers.toReversed().map((layer) => path.relative(place, layer));
      return `cd ${place} && mount -t overlay overlay -o lowerdir=${lowers.join(":")} m`;
    })
    .join("\n");
  // a mount namespace of its own, so that nothing stays mounted whatever happens
  const listing = `${script}\ncd ${root} && find */m -printf '%p %y\\n'`;
  const found = spawnSync("unshare", ["-m", "sh", "-ec", listing], { encoding: "utf8" });
  if (found.status !== 0) return t.skip(`no overlayfs here: ${found.stderr}`);
  // in a directory of one layer the kernel lists even whiteouts, though it opens none
  const shown = found.stdout
    .trim()
    .split("\n")
    .filter((line) => !line.endsWith(" c"))
    .sort();
  const ours = places.flatMap(({ place, layers }) => {
    const mount = `${path.basename(place)}/m`;
    const tree = new LayersTree(layers);
    const below = list(tree).map((line) => {
      const [file, type = "directory"] = line.split(" ");
      return `${mount}${file} ${{ file: "f", symlink: "l", directory: "d" }[type]}`;
    });
    return [`${mount} d`, ...below];
  });
  assert.deepEqual(ours.sort(), shown);
});

test("a tree that grew layer by layer, and was read meanwhile, is like a new one", asRoot, (t) => {
  const root = mkdtempSync(path.join(tmpdir(), "slipway-grown-"));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  // enough layers that each kind of entry lies above each other one
  const stacksToTry = fc.sample(fc.array(anyLayer, { minLength: 3, maxLength: 7 }), {
    numRuns: 60,
    seed: 11,
  });
  const looked = fc.sample(fc.infiniteStream(fc.oneof(anyPath, fc.constant("")), { noHistory: true }), {
    numRuns: stacksToTry.length,
    seed: 12,
  });
  for (const [index, stack] of stacksToTry.entries()) {
    const place = path.join(root, String(index));
    mkdirSync(place);
    const layers = writeLayers(place, stack);
    const grown = new LayersTree();
    for (const [top, layer] of layers.entries()) {
      grown.cover(layer);
      const looking = looked[index]!.next().value;
      if (looking !== "") grown.lstat(`/${looking}/x`);
      const below = layers.slice(0, top + 1);
      if (looking === "" || below.length === layers.length)
        assert.deepEqual(state(grown), state(new LayersTree(below)), JSON.stringify(stack.slice(0, top + 1)));
    }
    rmSync(place, { recursive: true });
  }
});

/** Everything that a tree shows, with the layer that it is seen in. */
function state(tree: LayersTree, directory = "/"): string[] {
  return tree.readdir(directory).flatMap((name) => {
    const child = `${directory === "/" ? "" : directory}/${name}`;
    const { type, dev } = tree.lstat(child)!;
    const line = `${child} ${type} ${dev}`;
    return type === "directory" ? [line, ...state(tree, child)] : [line];
  });
}

test("names that are no UTF-8 are read and found", asRoot, (t) => {
  const [layer] = makeLayers(t, [{}]);
  writeFileSync(Buffer.concat([Buffer.from(`${layer}/`), Buffer.from([0xff, 0x61])]), "x");
  const tree = new LayersTree([layer!]);
  assert.deepEqual(tree.readdir("/"), ["\xffa"]);
  assert.equal(tree.lstat("/\xffa")?.sizeBytes, 1);
  assert.deepEqual(lstatSync(tree.hostPath("/\xffa")).size, 1);
  assert.equal(readdirSync(layer!).length, 1);
});
