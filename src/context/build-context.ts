import { realpathSync, statSync } from "node:fs";
import path from "node:path";
import type { FileAction } from "../llb/index.ts";
import { DirectoryTree, excludedTree, type FileTree } from "../tree/index.ts";
import { ContextError } from "./context-error.ts";
import { ContextMemory } from "./context-memory.ts";
import { describeAction, digestAction } from "./digest-action.ts";
import { sourcesOf } from "./sources-of.ts";

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
   * @param onUnknown called before many files are digested of which no earlier build knew that they are as they are
   * @throws {TreeError} `NOT_FOUND` (`"/x": not found`) | `BAD_PATTERN` | `LINK_LOOP` | `UNREADABLE` */
  digestSources(actions: readonly FileAction[], onUnknown?: () => void): Promise<readonly string[]>;
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
  const memory = new ContextMemory(root, { indexDir, tmpDir });
  const everything = new DirectoryTree(root, () => memory.isOfMany);
  const tree = excludedTree(everything, excludePatterns);
  const explained = { root, tree, everything };
  return {
    root,
    excludePatterns,
    tree,
    async digestSources(actions, onUnknown) {
      const digests: string[] = [];
      for (const action of actions)
        digests.push(await digestAction(explained, action, { memory, onUnknown }));
      memory.save();
      return digests;
    },
    checkSources(actions) {
      for (const action of actions) {
        if (action.kind === "copy") sourcesOf(explained, action).next();
      }
    },
    async describeSources(actions) {
      let description = "";
      for (const action of actions) description += await describeAction(explained, action, memory);
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
