import type { LayerId, Store } from "../content/index.ts";
import type { NetworkLimits } from "../registry/index.ts";
import type { Session } from "../session/index.ts";

/** Where fetched sources go, and what they are fetched with. */
export interface RemoteSourcesOptions {
  readonly store: Store;
  /** Tokens are asked for as secrets when something is fetched (see docs/sources.md). */
  readonly session: Pick<Session, "secret" | "sshAgent">;
  /** Ends everything that is under way. */
  readonly signal: AbortSignal;
  /** Told why something is tried again. */
  readonly note?: (text: string) => void;
  readonly limits?: Partial<NetworkLimits>;
  readonly env?: NodeJS.ProcessEnv;
}

/** A tree of the network, in the store. */
export interface FetchedSource {
  /** Layer directory: `layers.fsOf(layer)` is the tree. Owned by the user who builds, so by 0:0 for the worker and in the image. */
  readonly layer: LayerId;
  /** Equal for equal trees, on every machine. */
  readonly identity: string;
  readonly createdAtMs: number;
  /** `url <url> <digest>` or `git <remote> <ref> <commit>`, without credentials: says what changed between two builds. */
  readonly version: string;
  /** The store had it. */
  readonly isCached: boolean;
}

export interface FetchedFile extends FetchedSource {
  /** The only entry of the tree. */
  readonly filename: string;
  /** sha256 of its bytes. */
  readonly digest: string;
}

export interface FetchedCommit extends FetchedSource {
  readonly commit: string;
  /** Full name of the ref that led to it; the commit itself where none was asked for. */
  readonly ref: string;
}

export interface FetchReport {
  /** Bytes received so far, of how many if the server said. */
  readonly onProgress?: (currentBytes: number, totalBytes: number | undefined) => void;
  /** A line for the step's log. */
  readonly onLog?: (line: string) => void;
}
