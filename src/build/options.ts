import type { AllowedDevices } from "../cdi/index.ts";
import type { Store } from "../content/index.ts";
import type { EngineChoice } from "../loading/index.ts";
import type { ImageForm } from "../image/index.ts";
import type { Descriptor, Digest, LayerCompression, Platform } from "../oci/index.ts";
import type { VerifiedResult } from "../engine/index.ts";
import type { EmitEvent } from "../progress/index.ts";
import type { FetchedContext } from "../llb/index.ts";
import type { AttestationOptions } from "./attest/attestation-options.ts";
import type { NamedContextSpec } from "./named-context.ts";
import type { StartWorker } from "./start-worker.ts";

/** What a build works with. */
export interface BuildEnvironment {
  readonly store: Store;
  readonly emit: EmitEvent;
  readonly signal: AbortSignal;
  /** Lends a worker of the store; default: one is started when the build first needs it. */
  readonly startWorker?: StartWorker;
}

/** One build, whoever asks for it: the command line, Compose, Bake. Plain data. */
export interface BuildOptions {
  /** Directory of the main build context; undefined for an empty one (`slipway build - < Dockerfile`) and for a remote one. */
  readonly contextDir: string | undefined;
  readonly remoteContext?: RemoteContextSpec;
  readonly dockerfile: DockerfileInput;
  /** By name, as `parseNamedContext` gives them. */
  readonly namedContexts?: ReadonlyMap<string, NamedContextSpec>;
  /** Stage name; undefined = the last stage. */
  readonly target?: string;
  /** Of the image; several make an image for several platforms. Undefined = this machine's, whatever the base images are for. */
  readonly platforms?: readonly Platform[] | undefined;
  /** Image names as typed; normalised by the build. */
  readonly tags: readonly string[];
  readonly buildArgs: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly noCache: boolean;
  /** Stages whose RUN, COPY and ADD run again (`--no-cache-filter`). */
  readonly noCacheFilter?: readonly string[];
  /** Ask the registry for every base image, even if the store has it. */
  readonly pull: boolean;
  /** Images that the caller has just built, by normalised name: no registry is asked for them, whatever `pull` says. */
  readonly ownImages?: readonly string[];
  readonly outputs: readonly OutputSpec[];
  readonly network?: "default" | "none" | "host";
  readonly secrets?: readonly SecretSpec[];
  /** Agents and keys to lend. */
  readonly ssh?: readonly SshSpec[];
  readonly extraHosts?: readonly { readonly host: string; readonly ip: string }[];
  /** -1 is no limit. */
  readonly ulimits?: readonly { readonly name: string; readonly soft: number; readonly hard: number }[];
  readonly shmSizeBytes?: number;
  /** What the Dockerfile may ask for beyond the sandbox. */
  readonly allow?: {
    readonly networkHost?: boolean;
    readonly insecure?: boolean;
    readonly devices?: AllowedDevices;
  };
  /** Write the image even when no tag and no output was given (an untagged image); false for `cacheonly`. */
  readonly storeImage: boolean;
  /** The stored image is called `PREFIX@DIGEST` too, by the digest of its manifest or index. */
  readonly danglingName?: { readonly prefix: string; readonly isForUnnamed: boolean };
  /** Compute digests of the image (needs the tar of every new layer, once). */
  readonly needDigest: boolean;
  /** The same inputs give the same image on every machine and day: all files of new layers, the config and its history have the time
   * of `SOURCE_DATE_EPOCH`, or else 1970. */
  readonly reproducible?: boolean;
  /** Of the stored image (`type=image`). */
  readonly imageSettings?: ImageSettings;
  /** Where results of other machines are looked for when the store has none, in this order. */
  readonly cacheFrom?: readonly CacheLocation[];
  /** Where the results of this build are kept for other machines, after it has succeeded. */
  readonly cacheTo?: readonly CacheTarget[];
  /** After the build, results of steps that no image needs are removed, the longest unused first, until they take no more than this. */
  readonly keepStorageBytes?: number;
  /** After the build, cache mounts of its steps that hold more than this are emptied. */
  readonly cacheMountLimitBytes?: number;
  /** What is to be said of the image, besides itself. */
  readonly attestations?: AttestationOptions | undefined;
  /** Fail unless the lock knows every image, URL and git ref, and none has moved since. */
  readonly frozen?: boolean;
  /** Run steps that are recorded again and compare; the recorded results make the image. */
  readonly verify?: boolean;
  /** How many steps may run at once; default: the number of cores, at least 2. */
  readonly jobs?: number;
}

export type CacheLocation =
  /** @property name tag or manifest digest in the layout */
  (
    | { readonly type: "local"; readonly directory: string; readonly name: string }
    | { readonly type: "registry"; readonly reference: string }
  ) & {
    /** Present when the contents of cache mounts are asked for too: of each, not more than this. */
    readonly mountsMaxBytes?: number;
  };

/** A cache of its own, or one in the images that are made (`inline`). */
export type CacheTarget = (CacheLocation | { readonly type: "inline" }) & {
  /** - `min`: the layers of the image
   * - `auto`: those of every stage, except what is made again sooner than it is moved
   * - `max`: those of every stage */
  readonly mode: "min" | "auto" | "max";
  readonly compression?: LayerCompression;
  readonly level?: number;
  /** Are layers that came from other caches compressed anew where they are compressed otherwise? */
  readonly isForced?: boolean;
  /** Is what a directory held before, and nothing in it names any more, removed? */
  readonly isReset?: boolean;
  /** Whether a cache that cannot be written is a warning. */
  readonly ignoreError: boolean;
};

/** A cache that is written for itself. */
export type WrittenCache = CacheTarget & CacheLocation;

/** A main build context that is no directory of this machine. Its ignore file does not count, as in BuildKit. */
export type RemoteContextSpec =
  /** A git repository, an archive, or a Dockerfile without context. */
  | { readonly kind: "url"; readonly url: string }
  /** An archive as it is read from standard input; can be read once. */
  | { readonly kind: "archive"; readonly bytes: AsyncIterable<Uint8Array> }
  /** What `withContext` makes of none at all: a directory in which there is nothing. */
  | { readonly kind: "empty"; readonly directory: string }
  /** What `withContext` makes of the others: `name` is shown, `directory` holds an archive. */
  | {
      readonly kind: "fetched";
      readonly name: string;
      readonly context: FetchedContext;
      readonly directory?: string;
    };

export type DockerfileInput =
  /** As typed: relative to the working directory, or to the root of a remote context; default `Dockerfile`, then `dockerfile`. */
  | { readonly kind: "file"; readonly path: string | undefined }
  | { readonly kind: "text"; readonly text: string; readonly name: string };

export type OutputSpec =
  | ({
      readonly type: "docker" | "oci";
      readonly dest: OutputDest;
      /** As typed; default: the tags of the build. */
      readonly names?: readonly string[];
      /** Into a directory, as an OCI layout (`tar=false`). */
      readonly isLayout?: boolean;
    } & ImageSettings)
  | ({ readonly type: "tar"; readonly dest: OutputDest } & TreeSettings)
  | ({
      readonly type: "local";
      readonly dest: string;
      /** Whatever else the directory holds is removed (`mode=delete`). */
      readonly isMirror?: boolean;
    } & TreeSettings)
  | ({
      readonly type: "registry";
      /** As typed; default: the tags of the build. */
      readonly names?: readonly string[];
      /** The image gets no tag there; `names` say where it goes. */
      readonly byDigest?: { readonly names: readonly string[] };
      /** The registries may have an unknown certificate, or none. */
      readonly isInsecure?: boolean;
    } & ImageSettings)
  /** Into another engine of this machine. */
  | { readonly type: "load"; readonly choice: EngineChoice }
  | { readonly type: "cacheonly" };

/** What an output asks of the trees that it writes. */
export interface TreeSettings {
  /** Each below a directory of its platform's name? */
  readonly platformSplit?: boolean;
  /** Of the names of files with attestations. */
  readonly attestationPrefix?: string;
  /** The files' time, in place of the build's. */
  readonly epoch?: OutputEpoch;
}

/** What an output asks of the image that it writes. */
export interface ImageSettings extends ImageForm {
  /** Times in new layers are at most that of the image. */
  readonly rewriteTimestamp?: boolean;
  /** The image's time, in place of the build's. */
  readonly epoch?: OutputEpoch;
  /** Attestations pretend to be images, for tools that know no artifacts (`oci-artifact=false`). */
  readonly attestationsAreImages?: boolean;
  readonly annotations?: readonly Annotation[];
}

/** A time in seconds since 1970, or none: that of the clock counts. */
export type OutputEpoch = number | "none";

export interface Annotation {
  /** Where it is written; the descriptors are those that lead to the manifest and to the index. */
  readonly type: "manifest" | "manifest-descriptor" | "index" | "index-descriptor";
  /** Only in the image for this platform. */
  readonly platform?: Platform;
  readonly key: string;
  readonly value: string;
}

/** A file path, or `-` for standard output. */
export type OutputDest = string;

export interface SecretSpec {
  readonly id: string;
  /** Its value may be in what the build makes. */
  readonly isUnscanned?: boolean;
  readonly source:
    | { readonly kind: "file"; readonly path: string }
    | { readonly kind: "env"; readonly name: string }
    /** Of a variable that only the caller knows. */
    | { readonly kind: "text"; readonly text: string };
}

/** `--ssh`: where nothing is named, the agent of `SSH_AUTH_SOCK`. */
export interface SshSpec {
  readonly id: string;
  /** The socket of an agent, or files with private keys. */
  readonly paths: readonly string[];
}

export interface BuildResult {
  /** Name of the target stage, or `stage-N` when it has none. */
  readonly target: string;
  readonly stagesBuilt: readonly string[];
  readonly stagesSkipped: readonly string[];
  readonly stepsRun: number;
  readonly stepsCached: number;
  /** With `verify`: how each recorded step compares with itself run again. */
  readonly verified?: readonly VerifiedResult[];
  /** Normalised names that now point to the image. */
  readonly names: readonly string[];
  /** Key of the image record in the store, when the image was stored. */
  readonly recordId?: string;
  /** Present when `needDigest` was set or an output needed them. An image for several platforms has no config of its own, and
   * `manifest` is its index. */
  readonly configDigest?: Digest;
  readonly manifest?: Descriptor;
  /** Predicates of the provenance that was asked for, by platform; present when `needDigest` was set. */
  readonly provenances?: Readonly<Record<string, unknown>>;
  readonly durationMs: number;
}
