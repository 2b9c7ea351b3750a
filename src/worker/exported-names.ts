import { lstatSync, readdirSync } from "node:fs";
import { removeTree } from "../layer/index.ts";
import { LayersTree } from "../snapshot/index.ts";
import type { FileTree } from "../tree/index.ts";
import { WorkerError } from "./worker-error.ts";

export interface ExportedTree {
  /** Absolute layer directories, bottom first. */
  readonly lowers: readonly string[];
  /** A plain name: the tree goes below it. */
  readonly directory?: string | undefined;
  /** Of its platform. */
  readonly name: string;
}

/** Trees that share a directory must not have the same file; directories merge.
 * @throws {WorkerError} `INVALID_DEST` */
export function checkOverlap(trees: readonly ExportedTree[]): void {
  const shared = trees
    .filter(({ directory }) => directory === undefined)
    .map(({ lowers, name }) => ({ tree: new LayersTree(lowers), name }));
  for (const [index, { tree, name }] of shared.entries()) {
    if (index === 0) continue;
    const others = shared.slice(0, index);
    for (const path of filesOf(tree, "/")) {
      const other = others.find((each) => isFile(each.tree, path));
      if (!other) continue;
      const file = Buffer.from(path.slice(1), "latin1").toString();
      const message = `cannot overwrite ${file} from ${other.name} with ${name} when split option is disabled`;
      throw new WorkerError("INVALID_DEST", message);
    }
  }
}

function* filesOf(tree: FileTree, directory: string): Generator<string> {
  for (const name of tree.readdir(directory)) {
    const path = below(directory, name);
    if (tree.lstat(path)?.type === "directory") yield* filesOf(tree, path);
    else yield path;
  }
}

function isFile(tree: FileTree, path: string): boolean {
  const stat = tree.lstat(path);
  return stat !== undefined && stat.type !== "directory";
}

/** Removes what a directory holds besides the trees that were written into it. Links are never followed. */
export function removeOthers(dest: string, trees: readonly ExportedTree[]): void {
  const bytes = Buffer.from(dest).toString("latin1");
  const merged = trees.filter(({ directory }) => directory === undefined);
  const roots = merged.map(({ lowers }) => new LayersTree(lowers));
  const split = new Map(
    trees.flatMap((tree) => (tree.directory === undefined ? [] : [[tree.directory, tree]])),
  );
  for (const name of list(bytes)) {
    const tree = split.get(name);
    if (tree) removeBelow(`${bytes}/${name}`, "/", [new LayersTree(tree.lowers)]);
    else if (!isKept(roots, `/${name}`)) removeTree(`${bytes}/${name}`);
    else if (isDirectory(`${bytes}/${name}`)) removeBelow(`${bytes}/${name}`, `/${name}`, roots);
  }
}

function removeBelow(host: string, directory: string, trees: readonly FileTree[]): void {
  for (const name of list(host)) {
    const path = below(directory, name);
    if (!isKept(trees, path)) removeTree(`${host}/${name}`);
    else if (isDirectory(`${host}/${name}`)) removeBelow(`${host}/${name}`, path, trees);
  }
}

function isKept(trees: readonly FileTree[], path: string): boolean {
  return trees.some((tree) => tree.lstat(path) !== undefined);
}

/** @param host a byte string, as are all paths here */
function list(host: string): readonly string[] {
  return readdirSync(Buffer.from(host, "latin1"), { encoding: "latin1" });
}

function isDirectory(host: string): boolean {
  return lstatSync(Buffer.from(host, "latin1")).isDirectory();
}

function below(directory: string, name: string): string {
  return directory === "/" ? `/${name}` : `${directory}/${name}`;
}
