import type { SourceLocation } from "../../errors/index.ts";
import type { Platform } from "../../oci/index.ts";
import type { FetchedContext } from "../../llb/index.ts";
import type { FromInstruction, ParsedDockerfile, StageInstruction } from "../instructions/instruction.ts";

/** What the stages of a file depend on, beside its text. */
export interface StageOptions {
  /** Stage name, in any case; the last stage when undefined. */
  readonly target?: string | undefined;
  readonly buildArgs?: Readonly<Record<string, string>> | undefined;
  /** Platform of the image to be made. */
  readonly platform: Platform;
  /** Platform that commands run on; default: the target's. */
  readonly buildPlatform?: Platform | undefined;
  readonly namedContexts?: NamedContexts | undefined;
}

/** What `--build-context NAME=VALUE` puts in the place of the stage or image NAME. */
export type NamedContext =
  /** A directory that the session lends under the same name. */
  | { readonly kind: "local" }
  /** A repository or a file of the network. */
  | { readonly kind: "fetched"; readonly context: FetchedContext }
  /** An image, as written: a name, `scratch`, or `oci-layout://<path>:<tag>@<digest>`. */
  | { readonly kind: "image"; readonly reference: string }
  /** Another stage of the file. */
  | { readonly kind: "stage"; readonly stage: string };

/** By `contextName`, which may be followed by `::` and a platform for which alone it counts. */
export type NamedContexts = ReadonlyMap<string, NamedContext>;

/** The stages of a file and how they hang together, for one target. */
export interface StageGraph {
  readonly dockerfile: ParsedDockerfile;
  readonly stages: readonly StageNode[];
  /** Index of the target stage. */
  readonly target: number;
  readonly platform: Platform;
  readonly buildPlatform: Platform;
  readonly buildArgs: Readonly<Record<string, string>>;
  readonly namedContexts: NamedContexts;
  /** Values of the predefined arguments and of those before the first FROM. */
  readonly globalArgs: ReadonlyMap<string, string>;
}

export interface StageNode {
  readonly index: number;
  /** Lower case, as `--target` takes it; undefined for a stage without AS. */
  readonly name: string | undefined;
  /** `name`, or `stage-N`. */
  readonly displayName: string;
  readonly from: FromInstruction;
  readonly base: StageBase;
  /** Of `FROM --platform`; undefined = the target's (or the base stage's). */
  readonly platform: Platform | undefined;
  readonly steps: readonly StageStep[];
  /** A named context stands in the place of the stage: it is only its base. */
  readonly isReplaced: boolean;
  readonly location: SourceLocation;
}

export type StageBase =
  | { readonly kind: "scratch" }
  | { readonly kind: "stage"; readonly index: number }
  /** `reference` is normalised and has a tag or digest: `docker.io/library/alpine:latest`. */
  | {
      readonly kind: "image";
      readonly name: string;
      readonly reference: string;
      /** The named context that brought it here. */
      readonly context?: string;
    }
  /** Files of a named context that is no image. */
  | { readonly kind: "context"; readonly context: string };

/** An instruction with what it reads from. */
export interface StageStep {
  readonly instruction: StageInstruction;
  /** COPY --from: one source. RUN: one for each mount, also for those that turn out to need none. */
  readonly sources: readonly StageBase[];
  readonly isOnbuild: boolean;
}

/** A step of one kind of instruction. */
export type StepOf<I extends StageInstruction> = StageStep & { readonly instruction: I };
