import type { SourceLocation } from "../../errors/index.ts";
import type { Platform } from "../../oci/index.ts";

/** The stages of a file and how they hang together, for one target. */
export interface StageGraph {
  readonly stages: readonly StageNode[];
  /** Index of the target stage. */
  readonly target: number;
  readonly buildArgs: Readonly<Record<string, string>>;
  readonly platform: Platform;
}

export interface StageNode {
  readonly index: number;
  /** As `--target` takes it: lower case; undefined for a stage without AS. */
  readonly name: string | undefined;
  /** `name`, or `stage-N`. */
  readonly displayName: string;
  readonly base: StageBase;
  readonly location: SourceLocation;
}

export type StageBase =
  | { readonly kind: "scratch" }
  | { readonly kind: "stage"; readonly index: number }
  /** Normalised, with tag: `docker.io/library/alpine:latest`. */
  | { readonly kind: "image"; readonly reference: string };
