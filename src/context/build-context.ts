import { createHash } from "node:crypto";
import { realpathSync, statSync } from "node:fs";
import path from "node:path";
import { setImmediate } from "node:timers/promises";
import type { CopyAction, FileAction } from "../llb/index.ts";
import {
  DirectoryTree,
  excludedTree,
  type FileTree,
  hasBytes,
  readStatIndex,
  type SelectedEntry,
  SelectionDigest,
  type SourceWalk,
  type StatIndex,
  TreeError,
  toText,
  walkSources,
  writeStatIndex,
} from "../tree/index.ts";
import { ContextError } from "./context-error.ts";
import { hashFile } from "./hash-file.ts";
import { explainMissing, type ExplainOptions } from "./missing-source.ts";

export interface OpenContextOptions {
  /** As `readIgnoreFile` gives them. */
  readonly excludePatterns?: readonly string[];
  /** Directory of the stat indexes (`contexts/` of the store); absent: every file is read each time. */
  readonly indexDir?: string;
  /** For half-written indexes, on the file system of `indexDir`. */
  readonly tmpDir?: string;
}

/** A directory of the host that a build may read, behind its ignore patterns. */
export interface BuildContext {
  /** Absolute, links resolved. */
  readonly root: string;
  readonly excludePatterns: readonly string[];
  /** What the build sees. */
  readonly tree: FileTree;
  /** Content digest of what each action reads; the empty string for one that copies nothing. Opens no directory that no action
   * names, and reads no file that is as it was when it was last read. Then updates the stat index.
   * @throws {TreeError} `NOT_FOUND` (`"/x": not found`) | `BAD_PATTERN` | `LINK_LOOP` | `UNREADABLE` */
  digestSources(actions: readonly FileAction[]): Promise<readonly string[]>;
  /** Looks whether what the actions name is there, and reads nothing.
   * @throws as `digestSources` */
  checkSources(actions: readonly FileAction[]): void;
  /** What each action reads, as text for `selectionChanges`.
   * @throws as `digestSources` */
  describeSources(actions: readonly FileAction[]): Promise<string>;
}

/** Opens a build context. Costs nothing until digests are asked for.
 * @throws {ContextError} `NO_CONTEXT`
 * @throws {TreeError} `BAD_PATTERN` */
export function openContext(directory: string, options: OpenContextOptions = {}): BuildContext {
  const root = findRoot(directory);
  const { excludePatterns = [], indexDir, tmpDir } = options;
  const everything = new DirectoryTree(root);
  const tree = excludedTree(everything, excludePatterns);
  const explained = { root, tree, everything };
  const name = createHash("sha256").update(root).digest("hex").slice(0, 32);
  const indexFile = indexDir === undefined ? undefined : path.join(indexDir, `${name}.idx`);
  let index: StatIndex | undefined;
  return {
    root,
    excludePatterns,
    tree,
    async digestSources(actions) {
      index ??= readStatIndex(indexFile ?? "");
      const digests: string[] = [];
      for (const action of actions) digests.push(await digestAction(explained, action, index));
      if (indexFile !== undefined && index.isChanged) saveIndex(indexFile, index, tmpDir);
      return digests;
    },
    checkSources(actions) {
      for (const action of actions) {
        if (action.kind === "copy") sourcesOf(explained, action).next();
      }
    },
    async describeSources(actions) {
      index ??= readStatIndex(indexFile ?? "");
      let description = "";
      for (const action of actions)
        await digestAction(explained, action, index, (text) => (description += text));
      return description;
    },
  };
}

function findRoot(directory: string): string {
  const absolute = path.resolve(directory);
  let root: string;
  try {
    root = realpathSync(absolute);
  } catch (error) {
    throw new ContextError("NO_CONTEXT", `Cannot open build context "${absolute}": no such directory`, {
      cause: error,
    });
  }
  if (statSync(root).isDirectory()) return root;
  throw new ContextError("NO_CONTEXT", `Cannot open build context "${absolute}": not a directory`);
}

/** @throws {TreeError} whose hint says what helps */
function* sourcesOf(context: ExplainOptions, action: CopyAction): Generator<SourceWalk> {
  try {
    yield* walkSources(context.tree, action);
  } catch (error) {
    throw explainMissing(error, action.source, context);
  }
}

async function digestAction(
  context: ExplainOptions,
  action: FileAction,
  index: StatIndex,
  describe?: (text: string) => void,
): Promise<string> {
  if (action.kind !== "copy") return "";
  const { tree } = context;
  const digest = new SelectionDigest(describe);
  let resumedAtMs = Date.now();
  for (const source of sourcesOf(context, action)) {
    digest.addSource(source);
    for (const entry of source.entries) {
      const known = hasBytes(entry) ? index.find(entry.path, entry.stat) : "";
      digest.addEntry(entry, known ?? readDigest(tree, entry, index));
      if (known !== undefined || Date.now() - resumedAtMs < 50) continue;
      await setImmediate(); // whoever draws the progress gets its turn
      resumedAtMs = Date.now();
    }
  }
  return digest.finish();
}

function readDigest(tree: FileTree, entry: SelectedEntry, index: StatIndex): string {
  const readAtMs = Date.now();
  const { digest, stat } = hashFile(tree.hostPath(entry.path));
  if (stat.type !== "file")
    throw new TreeError("UNREADABLE", `Cannot read "${toText(entry.path)}": it is no longer a regular file`);
  index.add(entry.path, stat, digest, readAtMs);
  return digest;
}

/** An index that cannot be written costs time only. */
function saveIndex(file: string, index: StatIndex, tmpDir: string | undefined): void {
  try {
    writeStatIndex(file, index, tmpDir);
    index.markSaved();
  } catch (error) {
    if (!(error instanceof Error && "code" in error)) throw error;
  }
}
