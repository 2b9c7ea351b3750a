import type { Platform } from "../oci/index.ts";

declare const brand: unique symbol;

/** sha256 of a marshalled operation, its inputs' digests included: identifies work within one run. */
export type VertexDigest = string & { readonly [brand]: "VertexDigest" };

/** One operation of the build graph. The vocabulary is BuildKit's LLB (solver/pb/ops.proto); every operation here has one
 * output, and `inputs` of its vertex are numbered from 0. `-1` stands for an empty tree (scratch). */
export type Op = SourceOp | ExecOp | FileOp | MergeOp;

/** Brings a tree in. `identifier` is one of
 * - `docker-image://<reference>@<digest>`: an image, resolved before the graph is made;
 * - `oci-layout://<path>:<tag>@<digest>`: an image of a directory, likewise;
 * - `local://<context name>`: a build context of the session (`context` is the main one);
 * - `http://…`, `https://…`: one file (`httpSourceOp`);
 * - `git://<host>/<path>#<ref>:<subdir>`: a commit, checked out (`gitSourceOp`). */
export interface SourceOp {
  readonly kind: "source";
  readonly identifier: string;
  readonly platform?: Platform;
  /** Ignore patterns of a local source, in file order, as written (`!` and all). */
  readonly excludePatterns?: readonly string[];
  /** Attributes of http and git sources, by BuildKit's names (solver/pb/attr.go). */
  readonly attrs?: Readonly<Record<string, string>>;
}

/** Runs one process over the tree of the input mounted at `/`; the output is that tree afterwards. */
export interface ExecOp {
  readonly kind: "exec";
  readonly args: readonly string[];
  /** `K=V`, in order of last assignment. */
  readonly env: readonly string[];
  readonly cwd: string;
  /** As in the image config: `user[:group]`, names or numbers; empty = root. */
  readonly user: string;
  /** The first mount has `dest: "/"`. */
  readonly mounts: readonly Mount[];
  readonly network: "default" | "none" | "host";
  readonly security: "sandbox" | "insecure";
  /** Full names of devices of the machine, `vendor.com/class=name`. */
  readonly devices?: readonly string[];
  readonly hostname?: string;
  readonly extraHosts?: readonly { readonly host: string; readonly ip: string }[];
  readonly ulimits?: readonly { readonly name: string; readonly soft: number; readonly hard: number }[];
  readonly shmSizeBytes?: number;
  /** Passed to the process, but no part of its identity (`HTTP_PROXY` and its kin). */
  readonly proxyEnv?: readonly string[];
  readonly secretEnv?: readonly { readonly id: string; readonly name: string; readonly required: boolean }[];
  readonly platform?: Platform;
}

export type Mount =
  | {
      readonly type: "bind";
      readonly dest: string;
      readonly input: number;
      readonly selector?: string;
      readonly readonly: boolean;
    }
  | {
      readonly type: "cache";
      readonly dest: string;
      readonly id: string;
      readonly sharing: "shared" | "private" | "locked";
      readonly input: number;
      readonly selector?: string;
      readonly mode: number;
      readonly uid: number;
      readonly gid: number;
      readonly readonly: boolean;
    }
  | { readonly type: "tmpfs"; readonly dest: string; readonly sizeBytes?: number }
  | {
      readonly type: "secret";
      readonly dest: string;
      readonly id: string;
      readonly mode: number;
      readonly uid: number;
      readonly gid: number;
      readonly required: boolean;
    }
  | {
      readonly type: "ssh";
      readonly dest: string;
      readonly id: string;
      readonly mode: number;
      readonly uid: number;
      readonly gid: number;
      readonly required: boolean;
    };

/** Changes files without running anything: the actions, in order, on top of the tree of input `base`. */
export interface FileOp {
  readonly kind: "file";
  /** Index of the input to change, -1 = scratch. */
  readonly base: number;
  readonly actions: readonly FileAction[];
}

/** Lays the trees of all inputs on each other, the first one lowest; the layers stay as they are. */
export interface MergeOp {
  readonly kind: "merge";
}

export type FileAction = CopyAction | MkFileAction | MkDirAction;

export interface CopyAction {
  readonly kind: "copy";
  /** Index of the input to copy from. */
  readonly from: number;
  /** Absolute path or pattern inside the source. */
  readonly source: string;
  /** Absolute destination; a trailing `/` means "a directory". */
  readonly dest: string;
  readonly owner?: Owner;
  /** Octal or symbolic, as in `chmod`; absent = keep. */
  readonly mode?: string;
  /** Follow a symbolic link that `source` itself names. */
  readonly followSymlink: boolean;
  /** A source directory stands for its contents. */
  readonly copyDirContents: boolean;
  /** Unpack a local archive (sniffed: tar, gzip, bzip2, xz, zstd). */
  readonly attemptUnpack: boolean;
  readonly createDestPath: boolean;
  readonly allowWildcard: boolean;
  readonly allowEmptyWildcard: boolean;
  readonly excludePatterns?: readonly string[];
  /** `--parents`: keep the source's path from its `/./` pivot on. */
  readonly parents?: boolean;
}

export interface MkFileAction {
  readonly kind: "mkfile";
  readonly path: string;
  /** Permission bits, e.g. `0o644`. */
  readonly mode: number;
  /** Text of the file, UTF-8. */
  readonly data: string;
  readonly owner?: Owner;
}

export interface MkDirAction {
  readonly kind: "mkdir";
  readonly path: string;
  readonly mode: number;
  readonly makeParents: boolean;
  readonly owner?: Owner;
  /** Time of the directory itself, in seconds since 1970; absent: that of the clock. */
  readonly mtimeSeconds?: number;
}

/** A number, or a name looked up in `/etc/passwd` or `/etc/group` of the base tree; an unknown name is 0
 * (BuildKit, solver/llbsolver/ops/user_linux.go). A named user without group brings its primary group. */
export interface Owner {
  readonly user?: number | string;
  readonly group?: number | string;
}
