import type { Diagnostic } from "../../errors/index.ts";
import type { Definition, ExecOp, FetchedContext, SourceOp } from "../../llb/index.ts";
import type { RunDevice } from "../instructions/instruction.ts";
import type { Digest, DraftImageConfig, ImageConfig, Platform } from "../../oci/index.ts";

/** What a conversion is asked for, beside the file itself. */
export interface ConvertOptions {
  /** Added to the image's labels last. */
  readonly labels?: Readonly<Record<string, string>>;
  /** The main context, where it is not the directory `context` of the session. */
  readonly mainContext?: FetchedContext;
  /** Ignore patterns of the main context, in file order, as written. */
  readonly contextIgnorePatterns?: readonly string[];
  /** Ignore patterns of a named context's directory; asked for only when it is read. */
  readonly namedContextIgnorePatterns?: (name: string) => readonly string[];
  /** RUN, COPY and ADD of every stage run again. */
  readonly noCache?: boolean;
  /** Names of stages, in any case, whose RUN, COPY and ADD run again. */
  readonly noCacheFilter?: readonly string[];
  /** Network of a RUN that does not say which. */
  readonly network?: ExecOp["network"];
  /** What steps may ask for; refused otherwise. */
  readonly allow?: { readonly networkHost?: boolean; readonly insecure?: boolean };
  /** Full names of the devices that a step asks for, as far as it may have them.
   * @throws {CodedError} what it may not have, or there is not */
  readonly devices?: (devices: readonly RunDevice[]) => readonly string[];
  readonly hostname?: string;
  readonly extraHosts?: ExecOp["extraHosts"];
  readonly ulimits?: ExecOp["ulimits"];
  readonly shmSizeBytes?: number;
  /** Equal builds are to give equal images: the time of all is 1970 where `SOURCE_DATE_EPOCH` says no other. */
  readonly reproducible?: boolean;
  /** When a git or http source was made, in seconds since 1970; undefined where that is not known. */
  readonly sourceTime?: (source: SourceOp) => Promise<number | undefined>;
  /** Carry out every stage, also those that the target does not need: for checks of a whole file. */
  readonly allStages?: boolean;
  /** The target's platform was asked for: the image says so whatever its base image says. */
  readonly isPlatformGiven?: boolean;
  /** One of several platforms: the names of steps tell which. */
  readonly showPlatform?: boolean;
  /** Which bytes and commits ADD takes where the file does not say. */
  readonly pins?: SourcePins;
  readonly signal?: AbortSignal;
}

/** Pins of sources that the file names without saying which bytes; undefined for none. */
export interface SourcePins {
  /** Digest of the file's bytes. */
  url(url: string): string | undefined;
  /** The commit that `ref`, or the default branch, stands for. */
  git(remote: string, ref: string | undefined): string | undefined;
}

/** What the conversion must know of a base image. Called once per reference and platform, in parallel, and only for stages
 * that the target needs. */
export interface ImageConfigResolver {
  resolveImageConfig(reference: string, options: ResolveImageOptions): Promise<ResolvedImage>;
}

export interface ResolveImageOptions {
  readonly platform: Platform;
  /** Name of the step for people: `[internal] load metadata for docker.io/library/alpine:latest`. */
  readonly description: string;
  readonly signal?: AbortSignal;
}

export interface ResolvedImage {
  /** Normalised name with its tag: `docker.io/library/alpine:latest`. */
  readonly reference: string;
  /** Digest of the manifest, or of the index it was chosen from; part of the source's identifier. */
  readonly digest: Digest;
  readonly config: ImageConfig;
}

/** A target as a build graph, with the config of its image. */
export interface ConvertResult {
  readonly definition: Definition;
  /** Config of the image to be made: the base image's history comes first; `created` is absent wherever the build sets it
   * (see `finishHistory`). */
  readonly config: DraftImageConfig;
  /** The time of everything of this build, in seconds since 1970; absent: that of the clock. */
  readonly epochSeconds?: number;
  /** The image that the target's first ancestor starts from; undefined for scratch. */
  readonly baseImage: ResolvedImage | undefined;
  /** Names of the local contexts that the graph reads (`context` is the main one). */
  readonly localContexts: readonly string[];
  /** Name of the target stage, `stage-N` when it has none. */
  readonly target: string;
  /** Stages that the target needs, in file order; an unnamed stage is `stage-N`. */
  readonly stagesBuilt: readonly string[];
  readonly stagesSkipped: readonly string[];
  readonly warnings: readonly Diagnostic[];
  /** What a list of packages is to cover beside the target. */
  readonly scannedParts: readonly ScannedPart[];
}

/** A stage or the context, of whose tree the packages are listed. */
export interface ScannedPart {
  /** `context`, or the stage's name. */
  readonly name: string;
  /** Of a local context: its source alone. */
  readonly definition: Definition;
}
