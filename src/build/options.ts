import type { Store } from "../content/index.ts";
import type { Descriptor, Digest, LayerCompression } from "../oci/index.ts";
import type { EmitEvent } from "../progress/index.ts";
import type { NamedContextSpec } from "./named-context.ts";

/** What a build works with. */
export interface BuildEnvironment {
  readonly store: Store;
  readonly emit: EmitEvent;
  readonly signal: AbortSignal;
}

/** One build, whoever asks for it: the command line, Compose, Bake. Plain data. */
export interface BuildOptions {
  /** Directory of the main build context, or undefined for none (`slipway build - < Dockerfile`). */
  readonly contextDir: string | undefined;
  readonly dockerfile: DockerfileInput;
  /** By name, as `parseNamedContext` gives them. */
  readonly namedContexts?: ReadonlyMap<string, NamedContextSpec>;
  /** Stage name; undefined = the last stage. */
  readonly target?: string;
  /** Image names as typed; normalised by the build. */
  readonly tags: readonly string[];
  readonly buildArgs: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly noCache: boolean;
  /** Stages whose RUN, COPY and ADD run again (`--no-cache-filter`). */
  readonly noCacheFilter?: readonly string[];
  /** Ask the registry for every base image, even if the store has it. */
  readonly pull: boolean;
  readonly outputs: readonly OutputSpec[];
  readonly network?: "default" | "none" | "host";
  readonly secrets?: readonly SecretSpec[];
  /** Write the image even when no tag and no output was given (an untagged image); false for `cacheonly`. */
  readonly storeImage: boolean;
  /** Compute digests of the image (needs the tar of every new layer, once). */
  readonly needDigest: boolean;
  /** The same inputs give the same image on every machine and day: all files of new layers, the config and its history have the time
   * of `SOURCE_DATE_EPOCH`, or else 1970. */
  readonly reproducible?: boolean;
  /** Times in new layers of the stored image are at most `SOURCE_DATE_EPOCH` (`type=image,rewrite-timestamp=true`). */
  readonly rewriteTimestamp?: boolean;
  /** How many steps may run at once; default: the number of cores, at least 2. */
  readonly jobs?: number;
}

export type DockerfileInput =
  /** Relative to the context directory unless absolute; default `Dockerfile`, then `dockerfile`. */
  | { readonly kind: "file"; readonly path: string | undefined }
  | { readonly kind: "text"; readonly text: string; readonly name: string };

export type OutputSpec =
  | {
      readonly type: "docker" | "oci";
      readonly dest: OutputDest;
      readonly compression?: LayerCompression;
      readonly level?: number;
      /** Times in new layers are at most `SOURCE_DATE_EPOCH`. */
      readonly rewriteTimestamp?: boolean;
    }
  | { readonly type: "tar"; readonly dest: OutputDest }
  | { readonly type: "local"; readonly dest: string }
  | { readonly type: "cacheonly" };

/** A file path, or `-` for standard output. */
export type OutputDest = string;

export interface SecretSpec {
  readonly id: string;
  readonly source:
    | { readonly kind: "file"; readonly path: string }
    | { readonly kind: "env"; readonly name: string };
}

export interface BuildResult {
  /** Name of the target stage, or `stage-N` when it has none. */
  readonly target: string;
  readonly stagesBuilt: readonly string[];
  readonly stagesSkipped: readonly string[];
  readonly stepsRun: number;
  readonly stepsCached: number;
  /** Normalised names that now point to the image. */
  readonly names: readonly string[];
  /** Key of the image record in the store, when the image was stored. */
  readonly recordId?: string;
  /** Present when `needDigest` was set or an output needed them. */
  readonly configDigest?: Digest;
  readonly manifest?: Descriptor;
  readonly durationMs: number;
}
