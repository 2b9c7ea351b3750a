import { closeSync, constants, fchmodSync, fstatSync, lchownSync, openSync, writeSync } from "node:fs";
import type { CopyAction, FileAction, MkDirAction, MkFileAction } from "../llb/index.ts";
import {
  baseName,
  type FileTree,
  joinTreePath,
  parentTreePath,
  resolveInTree,
  type SelectedEntry,
  SelectionDigest,
  type SourceWalk,
  toText,
  TreeError,
  type TreePath,
  toTreePath,
  walkSources,
} from "../tree/index.ts";
import { hashWritten } from "./copy-bytes.ts";
import { copyEntries } from "./copy-entries.ts";
import { currentCreator } from "./copy-file.ts";
import type { CopyJob } from "./copy-job.ts";
import { CopyMemory, describeChanges, type EarlierLayer } from "./copy-memory.ts";
import type { CopyHelpers } from "./copy-helpers.ts";
import type { ReadBefore } from "./digest-sources.ts";
import { FileActionError } from "./file-action-error.ts";
import { parseModeChange } from "./file-mode.ts";
import { type NumericOwner, resolveOwner } from "./file-owner.ts";
import { LayerDigests } from "./layer-digests.ts";
import { LayersTrees } from "./layers-trees.ts";
import { NewLayer } from "./new-layer.ts";
import { type CopySource, openSource } from "./source-tree.ts";
import { Subtree } from "./subtree.ts";

export interface FileActionsInput {
  /** Layer directories of the tree that is changed, bottom first. */
  readonly lowers: readonly string[];
  /** An empty directory; the new layer. When this fails, the caller removes it. */
  readonly output: string;
  readonly actions: readonly FileAction[];
  /** Where `copy` actions read: `action.from` indexes this list. */
  readonly sources: readonly CopySource[];
}

export interface FileActionsOptions extends ReadBefore {
  /** Unpacks archives for ADD; absent: they are copied as they are. */
  readonly archives?: Archives;
  /** A layer of the same actions: what is unchanged since is shared with it, and not read. */
  readonly earlier?: EarlierLayer;
  /** Where to keep what makes this layer an `earlier` one; not written when it would be of no use. */
  readonly indexFile?: string;
  /** Absent: nobody helps with copying. */
  readonly helpers?: CopyHelpers;
  /** Told what is read from directories, for `selectionChanges`, piece by piece: of many files it is much text. */
  readonly describe?: (text: string) => void;
  readonly signal?: AbortSignal;
}

/** What ADD needs to know of archives. */
export interface Archives {
  /** Is this a tar, plain or compressed? The descriptor's position is of no matter before and after. */
  isArchive(fd: number): Promise<boolean>;
  /** Unpacks it into a directory that may hold something; `under` is what lies below, seen at the same paths. */
  unpack(
    fd: number,
    target: string | Buffer,
    options: { under: FileTree; owner: NumericOwner | undefined; signal: AbortSignal | undefined },
  ): Promise<void>;
}

export interface FileActionsOutcome {
  /** Sum of the sizes of regular files of the new layer, each inode once. */
  readonly sizeBytes: number;
  /** One per action, of what was really copied, as `digestSources` would say; empty for actions that read nothing. */
  readonly contentDigests: readonly string[];
}

/** Applies file actions, in order, on top of `lowers`, and writes only the new layer: a whole overlay upper directory. Files that
 * another stage's layers have, and that stay the same, are shared by hard links, not copied. Semantics are BuildKit's.
 * @throws {FileActionError} | {TreeError} */
export async function applyFileActions(
  input: FileActionsInput,
  options: FileActionsOptions = {},
): Promise<FileActionsOutcome> {
  const { digests = new LayerDigests(), trees = new LayersTrees() } = options;
  const lower = trees.take(input.lowers);
  const layer = new NewLayer(input.output, lower);
  const writer = new ActionWriter(layer, input.sources, { ...options, digests, trees });
  const contentDigests: string[] = [];
  for (const action of input.actions) {
    options.signal?.throwIfAborted();
    contentDigests.push(await writer.apply(action));
  }
  const sizeBytes = layer.finish();
  trees.giveBack(lower);
  if (options.indexFile !== undefined && !layer.isRewritten) writer.memory.save(options.indexFile);
  return { sizeBytes, contentDigests };
}

/** What `-1` stands for. */
const emptySource: CopySource = { kind: "layers", layers: [] };

type WriterOptions = FileActionsOptions & Required<ReadBefore>;

class ActionWriter {
  readonly #layer: NewLayer;
  readonly #sources: readonly CopySource[];
  readonly #options: WriterOptions;
  readonly #shared = new Set<number>();
  readonly memory: CopyMemory;

  constructor(layer: NewLayer, sources: readonly CopySource[], options: WriterOptions) {
    this.#layer = layer;
    this.#sources = sources;
    this.#options = options;
    this.memory = new CopyMemory(options.earlier);
  }

  /** Content digest of what was read; empty when nothing was. */
  async apply(action: FileAction): Promise<string> {
    if (action.kind === "copy") return await this.#copy(action);
    if (action.kind === "mkfile") this.#makeFile(action);
    else this.#makeDirectory(action);
    return "";
  }

  async #copy(action: CopyAction): Promise<string> {
    const from = action.from === -1 ? emptySource : this.#sources[action.from];
    if (!from)
      throw new Error(`Internal error: a copy action reads source ${action.from}, which there is not`);
    using source = openSource(from, this.#options.trees);
    const owner = resolveOwner(this.#layer, action.owner);
    const job: CopyJob = {
      layer: this.#layer,
      source,
      owner,
      mode: action.mode === undefined ? undefined : parseModeChange(action.mode),
      digests: this.#options.digests,
      shared: this.#shared,
      creator: currentCreator(),
      memory: this.memory,
      changes: describeChanges(owner, action.mode),
      // Files of layers are shared, not read: nothing is left to help with.
      helpers: source.isImmutable ? undefined : this.#options.helpers,
    };
    const digest = new SelectionDigest(source.isImmutable ? undefined : this.#options.describe);
    for (const one of walkSources(source.tree, action)) {
      digest.addSource(one);
      if (action.attemptUnpack && one.stat.type === "file") {
        const entries = [...one.entries];
        if (!(await this.#tryUnpack(job, entries, action.dest, digest)))
          await this.#copySource(job, { ...one, entries }, action, digest);
      } else await this.#copySource(job, one, action, digest);
    }
    return digest.finish();
  }

  async #copySource(
    job: CopyJob,
    source: SourceWalk,
    action: CopyAction,
    digest: SelectionDigest,
  ): Promise<void> {
    const { dest, isNew } = this.#prepareDestination(job, source, action);
    await copyEntries(job, source.entries, dest, (entry, bytesDigest) => digest.addEntry(entry, bytesDigest));
    if (isNew) this.#layer.setDirectoryTime(dest, source.stat.mtimeNs);
  }

  /** True when the source was an archive, and was unpacked. */
  async #tryUnpack(
    job: CopyJob,
    [entry]: readonly SelectedEntry[],
    dest: string,
    digest: SelectionDigest,
  ): Promise<boolean> {
    const { archives, signal } = this.#options;
    if (!archives || !entry) return false;
    const fd = job.source.open(entry.path);
    try {
      if (!(await archives.isArchive(fd))) return false;
      const target = resolveInTree(this.#layer, toTreePath(dest));
      this.#makeParents(target, { mode: 0o755, owner: job.owner });
      const under = new Subtree(this.#layer.lower, target);
      const before = fstatSync(fd, { bigint: true });
      digest.addEntry(entry, hashWritten(fd).digest);
      await this.#layer.handOver(target, (host) =>
        archives.unpack(fd, host, { under, owner: job.owner, signal }),
      );
      const after = fstatSync(fd, { bigint: true });
      if (after.mtimeNs !== before.mtimeNs || after.size !== before.size)
        throw new TreeError("UNREADABLE", `Cannot unpack "${toText(entry.path)}": it changed meanwhile`);
      return true;
    } finally {
      closeSync(fd);
    }
  }

  /** Where the source itself goes; its parents are there afterwards, and so is the directory that takes a directory's contents
   * (`isNew` when it was missing). */
  #prepareDestination(
    job: CopyJob,
    { match, stat, isContentsOnly }: SourceWalk,
    action: CopyAction,
  ): { dest: TreePath; isNew: boolean } {
    const parents = { mode: job.mode?.parentMode ?? 0o755, owner: job.owner };
    const written = toTreePath(action.dest);
    const isDirectoryWanted = /(?:^|\/)\.?$/.test(action.dest);
    const ensured = isDirectoryWanted ? written : parentTreePath(written);
    this.#makeParents(resolveInTree(this.#layer, ensured), parents);
    let dest = resolveInTree(this.#layer, written);
    const existing = this.#layer.lstat(dest);
    if (isContentsOnly) {
      if (existing && existing.type !== "directory")
        throw new FileActionError("WRONG_TYPE", `cannot copy to non-directory: ${toText(dest)}`);
      this.#makeParents(dest, parents);
      return { dest, isNew: !existing };
    }
    const goesInto = stat.type === "directory" ? existing !== undefined : existing?.type === "directory";
    if (goesInto) dest = joinTreePath(dest, baseName(match));
    this.#makeParents(parentTreePath(dest), parents);
    return { dest, isNew: false };
  }

  /** Makes a directory and those above it, as far as they are missing. The path has no links. */
  #makeParents(path: TreePath, how: { mode: number; owner: NumericOwner | undefined }): void {
    const existing = path === "/" ? undefined : this.#layer.lstat(path);
    if (path === "/" || existing?.type === "directory") return;
    if (existing) throw new FileActionError("WRONG_TYPE", `mkdir ${toText(path)}: not a directory`);
    this.#makeParents(parentTreePath(path), how);
    this.#layer.makeDirectory(path, { ...(how.owner ?? ROOT), mode: how.mode, xattrs: [] });
  }

  #makeDirectory(action: MkDirAction): void {
    const path = resolveInTree(this.#layer, toTreePath(action.path));
    const how = { mode: action.mode & 0o7777, owner: resolveOwner(this.#layer, action.owner) };
    const parent = parentTreePath(path);
    if (!action.makeParents && parent !== "/" && this.#layer.lstat(parent)?.type !== "directory")
      throw new FileActionError("WRONG_TYPE", `mkdir ${toText(path)}: no such directory ${toText(parent)}`);
    const isNew = !this.#layer.lstat(path);
    this.#makeParents(path, how);
    if (isNew && action.mtimeSeconds !== undefined)
      this.#layer.setDirectoryTime(path, BigInt(action.mtimeSeconds) * 1_000_000_000n);
  }

  #makeFile(action: MkFileAction): void {
    const path = resolveInTree(this.#layer, toTreePath(action.path));
    const owner = resolveOwner(this.#layer, action.owner) ?? ROOT;
    this.#makeParents(parentTreePath(path), { mode: 0o755, owner: undefined });
    const data = Buffer.from(action.data);
    this.#layer.create(path, (host) => {
      const fd = openSync(host, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600);
      try {
        for (let done = 0; done < data.length; ) done += writeSync(fd, data, done);
        lchownSync(host, owner.uid, owner.gid);
        fchmodSync(fd, action.mode & 0o7777);
      } finally {
        closeSync(fd);
      }
    });
    this.#layer.addSize(data.length);
  }
}

const ROOT: NumericOwner = { uid: 0, gid: 0 };
