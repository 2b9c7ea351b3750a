import type { ContainerEdits } from "../cdi/index.ts";
import type { CacheMountName } from "../content/index.ts";
import type { ExecResult } from "../executor/index.ts";
import type { LayerDifference } from "../layer/index.ts";
import type { FileAction } from "../llb/index.ts";
import type { FileDifference, HashedFile, ListedFile } from "../snapshot/index.ts";
import type { PackageList } from "../packages/index.ts";
import type { FoundBytes } from "../snapshot/index.ts";
import type { FileChanges } from "../tree/index.ts";
import type { Descriptor, Digest, DiffID, LayerCompression, LayerTimes, Platform } from "../oci/index.ts";

/** A layer directory of the store: `layers/<id>/{fs,meta.json}`. Ids are 12 characters of `[0-9a-z]`, chosen at random
 * by whoever asks for the layer; they never leave the machine. */
export type LayerId = string;

/** What the worker does, one method per request. All tree work happens there: it alone has the privilege, the private mount
 * namespace and the user namespace's ids. Every layer is made in `tmp/` and renamed into `layers/`: whole or absent. */
export interface WorkerApi {
  /** Unpacks a layer blob of the content store, verifying the uncompressed bytes against `diffID`. */
  unpackLayer(request: {
    layer: LayerId;
    blob: Digest;
    mediaType: string;
    diffID: DiffID;
  }): Promise<LayerInfo>;
  /** Unpacks a plain or compressed tar file of a whole root file system. */
  importTar(request: { layer: LayerId; file: string }): Promise<LayerInfo>;
  /** Runs one process to its end and makes the upper directory a layer, if it exits with 0. */
  run(request: RunRequest): Promise<RunResult>;
  /** Runs a process with the worker's own stdout, stderr and, unless `stdin` is false, stdin; the changes are kept nowhere. */
  runAttached(request: RunRequest & { tty: boolean; stdin?: boolean }): Promise<{ exitCode: number }>;
  /** Sends a signal to the first process of `run` or `runAttached`, as soon as there is one; nothing when it has ended. */
  signal(request: { runId: string; signal: NodeJS.Signals }): Promise<void>;
  /** Runs another process in the container of `run`, for no longer than `timeoutMs`. */
  exec(request: { runId: string; args: readonly string[]; timeoutMs: number }): Promise<ExecResult>;
  /** Kills what `run` or `runAttached` with this `runId` started; that call then rejects with code `CANCELLED`. */
  cancel(request: { runId: string }): Promise<void>;
  /** Applies file actions on top of `lowers`, writing only the new layer. The digests say what was really read. */
  applyFileActions(request: FileActionsRequest): Promise<FileActionsResult>;
  /** Content digest of what a copy action would select from a stack of layers; see `tree/`. */
  digestSources(request: {
    lowers: readonly LayerId[];
    actions: readonly FileAction[];
  }): Promise<{ contentDigests: readonly string[] }>;
  /** Makes the layer's tar once, hashes it, and stores it compressed in the content store. `compression: undefined` only hashes. */
  packLayer(request: {
    layer: LayerId;
    compression?: LayerCompression;
    level?: number;
    times?: LayerTimes;
  }): Promise<PackedLayer>;
  /** Stores the tar of a layer blob of the content store in another compression; its bytes are verified against `diffID`. */
  compressAnew(request: {
    blob: Digest;
    diffID: DiffID;
    compression: LayerCompression;
    level?: number;
  }): Promise<{ diffID: DiffID; blob: Descriptor }>;
  /** Writes flattened trees of stacks of layers into a directory, or as one tar (`dest` is then a file), each below its own
   * `directory`, if it has one (a plain name). What else a directory holds stays there, or goes (`isMirror`). */
  exportTree(request: {
    trees: readonly ExportedLayers[];
    dest: string;
    isMirror?: boolean;
    form: "directory" | "tar";
    times?: LayerTimes;
  }): Promise<{ sizeBytes: number }>;
  /** Hashes of the regular files of a stack of layers. */
  hashFiles(request: { lowers: readonly LayerId[] }): Promise<{ files: readonly HashedFile[] }>;
  /** Compares a recorded layer with one that was made again, times apart: the first path where they differ, or undefined. */
  compareLayers(request: { recorded: LayerId; made: LayerId }): Promise<{
    difference: LayerDifference | undefined;
  }>;
  /** Lists the packages that are installed in a tree. */
  listPackages(request: { source: TreeSource }): Promise<PackageList>;
  /** Looks for byte strings (in base64) in the files, link targets and names of a layer; the first hundred files that hold one. */
  findBytes(request: {
    layer: LayerId;
    patterns: readonly string[];
  }): Promise<{ found: readonly FoundBytes[] }>;
  /** Removes layer directories and trees in `tmp/` and `mounts/`, whatever owners and modes they hold. */
  remove(request: { layers: readonly LayerId[]; paths: readonly string[] }): Promise<void>;
  /** The files of a stack of layers as they are seen from the top, at `under` and below. */
  listTree(request: { lowers: readonly LayerId[]; under: string }): Promise<{ files: readonly ListedFile[] }>;
  /** What differs between two stacks of layers. */
  diffTrees(request: {
    before: readonly LayerId[];
    after: readonly LayerId[];
  }): Promise<{ differences: readonly FileDifference[] }>;
  /** What a bind mount of a stack of layers shows otherwise than it did; undefined when that is too much to read. */
  mountChanges(request: {
    before: readonly LayerId[];
    after: readonly LayerId[];
    selector: string;
    dest: string;
  }): Promise<{ changes: FileChanges | undefined }>;
  /** Sums of the sizes of the files below directories of `mounts/` and `volumes/`; 0 for one that is not there. */
  measure(request: { paths: readonly string[] }): Promise<{ sizesBytes: readonly number[] }>;
  /** Empties cache mounts (absolute paths of instances) and removes volumes (of their directories); one that a step uses now
   * stays, and is null. */
  emptyMounts(request: { paths: readonly string[] }): Promise<{ sizesBytes: readonly (number | null)[] }>;
  /** Stores a tar of what an instance of a cache mount holds in the content store, unless it holds more than `limitBytes`,
   * or one of `secretPatterns`, each in base64. */
  packCacheMount(request: {
    path: string;
    limitBytes: number;
    secretPatterns: readonly string[];
    compression: LayerCompression;
    level?: number;
  }): Promise<PackedCacheMount>;
  /** Fills a cache mount that no step has used yet with a tar of the content store, of which `unpackTar` lets nothing out of it.
   * @property root of its directory
   * @property limitBytes of all its files */
  restoreCacheMount(request: {
    name: CacheMountName;
    blob: Digest;
    diffID: DiffID;
    root: CacheMountRoot;
    limitBytes: number;
  }): Promise<{ isRestored: boolean }>;
  /** Takes a lock between all processes that use the store, if nobody has it; it is free again when this worker ends.
   * `name` is 64 hexadecimal digits. */
  tryLock(request: { name: string }): Promise<{ isTaken: boolean }>;
  unlock(request: { name: string }): Promise<void>;
  /** `run` of a step that all builds run once. */
  runOnce(request: RunRequest & StepLock & AfterStep): Promise<Once<RunResult>>;
  /** `applyFileActions` of a step that all builds run once. */
  applyFileActionsOnce(request: FileActionsRequest & StepLock): Promise<Once<FileActionsResult>>;
  /** No more steps are to come for now: what they left is removed, and their layers are brought to the disk,
   * while the caller does something else. */
  settle(request: object): Promise<void>;
  /** The text of one small file of a stack of layers (`/etc/passwd`), or undefined; links are resolved inside the root. */
  readTextFile(request: {
    lowers: readonly LayerId[];
    path: string;
    limitBytes: number;
  }): Promise<{ text: string | undefined }>;
}

export type PackedCacheMount =
  | {
      readonly kind: "packed";
      readonly diffID: DiffID;
      readonly sizeBytes: number;
      readonly blob: Descriptor;
      readonly root: CacheMountRoot;
    }
  | { readonly kind: "too large"; readonly sizeBytes: number }
  | { readonly kind: "holds a secret" }
  | { readonly kind: "in use" }
  | { readonly kind: "empty" };

/** Owner and mode of a cache mount's directory. */
export interface CacheMountRoot {
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

/** @property name of the platform, for messages */
export interface ExportedLayers {
  readonly lowers: readonly LayerId[];
  readonly directory?: string | undefined;
  readonly name: string;
  /** A directory in the store's `tmp/` whose files lie upon the tree. */
  readonly above?: string;
}

export interface LayerInfo {
  readonly layer: LayerId;
  /** Sum of the sizes of regular files, each inode once. */
  readonly sizeBytes: number;
}

/** The lock of a step, taken as `tryLock` does it, and not freed, whatever comes of the step. */
export interface StepLock {
  /** The key that the step is recorded under: 64 hexadecimal digits. */
  readonly lock: string;
}

/** What came of a step. When it is `locked`, another process has its lock; when it is `recorded`, one has recorded it: it was not run. */
export type Once<Result> =
  | { readonly outcome: "done"; readonly result: Result }
  /** `baseless`: the layer that it was to stand on was not made. */
  | { readonly outcome: "locked" | "recorded" | "baseless" };

export interface AfterStep {
  /** The last of `lowers`, where a request that was sent before is to make it: everything is made ready meanwhile. */
  readonly after?: LayerId;
}

export interface RunRequest {
  /** Correlates `log` notifications; unique among running requests. */
  readonly runId: string;
  /** Bottom first. */
  readonly lowers: readonly LayerId[];
  /** The layer to make; undefined = throw the changes away. */
  readonly output?: LayerId;
  readonly args: readonly string[];
  readonly env: readonly string[];
  readonly cwd: string;
  readonly user: string;
  /** What the programs are for; default: this machine. */
  readonly platform?: Platform;
  readonly network: "default" | "none" | "host";
  readonly security: "sandbox" | "insecure";
  readonly hostname?: string;
  readonly extraHosts?: readonly { readonly host: string; readonly ip: string }[];
  readonly ulimits?: readonly { readonly name: string; readonly soft: number; readonly hard: number }[];
  readonly shmSizeBytes?: number;
  readonly mounts: readonly WorkerMount[];
  /** What the step's devices change. */
  readonly devices?: ContainerEdits;
  /** Host paths to bind. For processes whose changes are thrown away; a step never sees the host. */
  readonly binds?: readonly BindMount[];
}

export type WorkerMount =
  | {
      readonly type: "layers";
      readonly dest: string;
      readonly layers: readonly LayerId[];
      readonly selector?: string;
      readonly readonly: boolean;
    }
  | {
      readonly type: "context";
      readonly dest: string;
      readonly source: ContextSource;
      readonly selector?: string;
      readonly readonly: boolean;
    }
  | {
      readonly type: "cache";
      readonly dest: string;
      readonly id: string;
      readonly namespace: string;
      /** Tells caches of one id apart by what they begin with; empty: with nothing. */
      readonly base: string;
      readonly sharing: "shared" | "private" | "locked";
      readonly layers: readonly LayerId[];
      readonly selector?: string;
      readonly mode: number;
      readonly uid: number;
      readonly gid: number;
      readonly readonly: boolean;
    }
  /** Files that are kept for the next step that mounts them, or, without a name, for none. */
  | {
      readonly type: "volume";
      readonly dest: string;
      readonly name: string | undefined;
      /** Of the image: what it has at `dest` is what an empty volume begins with. */
      readonly layers: readonly LayerId[];
      readonly readonly: boolean;
    }
  | { readonly type: "tmpfs"; readonly dest: string; readonly sizeBytes?: number }
  /** Bytes in base64; written to memory only (a tmpfs), never to the store. */
  | {
      readonly type: "secret";
      readonly dest: string;
      readonly data: string;
      readonly mode: number;
      readonly uid: number;
      readonly gid: number;
    }
  | {
      readonly type: "ssh";
      readonly dest: string;
      readonly socket: string;
      readonly mode: number;
      readonly uid: number;
      readonly gid: number;
    };

/** A bind of `slipway run -v`: absolute host path. */
export interface BindMount {
  readonly source: string;
  readonly dest: string;
  readonly readonly: boolean;
}

export interface RunResult {
  /** 128 + n when a signal ended the process. */
  readonly exitCode: number;
  /** Did the process fail, and is no room left on the store's disk? */
  readonly isDiskFull?: boolean;
  /** Present when `output` was asked for and the exit code is 0. */
  readonly layer?: LayerInfo;
}

/** A directory of the host, seen through ignore patterns. */
export interface ContextSource {
  readonly root: string;
  readonly excludePatterns: readonly string[];
}

/** A tree to read: a build context, or a stack of layers, bottom first. */
export type TreeSource =
  | { readonly kind: "context"; readonly context: ContextSource }
  | { readonly kind: "layers"; readonly layers: readonly LayerId[] };

export interface FileActionsRequest {
  readonly lowers: readonly LayerId[];
  readonly output: LayerId;
  readonly actions: readonly FileAction[];
  /** Where `copy` actions read: `action.from` indexes this list. */
  readonly sources: readonly TreeSource[];
  /** A layer that the same actions made before, when their sources were otherwise: files that are unchanged since are shared with
   * it, which is many times faster than copying them. Need not exist any more. */
  readonly previousLayer?: LayerId;
}

export interface FileActionsResult {
  readonly layer: LayerInfo;
  /** One per action, of what was really read; empty string for actions that read nothing. */
  readonly contentDigests: readonly string[];
  /** Of what was copied from directories: what is not as it was for `previousLayer`. */
  readonly changes: FileChanges;
}

export interface PackedLayer {
  /** Of the blob, if one was asked for. */
  readonly diffID: DiffID;
  /** Bytes of the uncompressed tar. */
  readonly tarSizeBytes: number;
  /** Present when a compression was asked for. */
  readonly blob?: Descriptor;
}

/** Output of a running process, sent as it comes. */
export interface WorkerLog {
  readonly runId: string;
  readonly stream: 1 | 2;
  readonly data: Uint8Array;
}
