import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { readTar } from "./read-tar.mjs";

/** The config of the one image in a docker archive, without what differs by nature (times and diffIDs), and its flattened tree. */
export function readImage(archive) {
  const read = (name) => execFileSync("tar", ["-xOf", archive, name], { maxBuffer: 1 << 28 });
  const [{ Config, Layers }] = JSON.parse(read("manifest.json"));
  const { created: _created, rootfs, history, ...config } = JSON.parse(read(Config));
  return {
    config: {
      ...config,
      layers: rootfs.diff_ids?.length ?? 0,
      history: history.map(({ created: _time, ...entry }) => entry),
    },
    tree: toTree((Layers ?? []).map((name) => uncompressed(read(name)))),
  };
}

/** The flattened tree of a tar of a root file system. */
export function readRootfs(tar) {
  return toTree([readFileSync(tar)]);
}

/** Path → what is there, of layer tars lowest first. Names of one file are told by the first of them in sorted order. */
function toTree(layers) {
  const files = new Map();
  for (const layer of layers) applyLayer(files, layer);
  const firstNames = new Map();
  const tree = {};
  for (const [name, entry] of [...files].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const first = firstNames.get(entry);
    if (first === undefined) firstNames.set(entry, name);
    tree[name] = first === undefined ? entry.text : `hardlink ${first}`;
  }
  return tree;
}

function applyLayer(files, bytes) {
  const own = new Set();
  for (const entry of readTar(bytes)) {
    const { name } = entry;
    const base = name.slice(name.lastIndexOf("/") + 1);
    const parent = name.slice(0, name.lastIndexOf("/"));
    if (base === ".wh..wh..opq") removeBelow(files, parent, own);
    else if (base.startsWith(".wh.")) {
      const hidden = `${parent}/${base.slice(4)}`;
      removeBelow(files, hidden, own);
      files.delete(hidden);
    } else if (name !== "/") {
      if (entry.type !== "5") removeBelow(files, name, own);
      const linked = entry.type === "1" ? files.get(entry.link) : undefined;
      files.set(name, linked ?? entry);
      own.add(name);
    }
  }
}

function removeBelow(files, parent, own) {
  for (const name of files.keys()) if (name.startsWith(`${parent}/`) && !own.has(name)) files.delete(name);
}

function uncompressed(bytes) {
  return bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes) : bytes;
}

/** Entries of `tree` that are not the same in `base`, and base entries that are gone. */
export function treeDifference(tree, base) {
  const difference = {};
  for (const [name, entry] of Object.entries(tree)) if (base[name] !== entry) difference[name] = entry;
  for (const name of Object.keys(base)) if (!(name in tree)) difference[name] = "removed";
  return difference;
}
