import type { ContainerConfig, Platform } from "../../oci/index.ts";
import type { ParsedDockerfile } from "../instructions/instruction.ts";
import type { StageGraph } from "../stages/stage-graph.ts";

/** What is checked; a `StageGraph` is one. */
export interface LintInput {
  readonly dockerfile: ParsedDockerfile;
  /** For each stage of the file, what it stands on and the platform that its FROM asks for. */
  readonly stages: readonly {
    readonly base: LintBase;
    readonly platform?: Platform | undefined;
  }[];
  readonly platform: Platform;
  readonly buildArgs: Readonly<Record<string, string>>;
  /** Values of the arguments that FROM lines see. */
  readonly globalArgs: ReadonlyMap<string, string>;
}

export type LintBase =
  | { readonly kind: "scratch" }
  | { readonly kind: "stage"; readonly index: number }
  /** `name`: as FROM has it, expanded. */
  | { readonly kind: "image"; readonly name: string }
  | { readonly kind: "context" };

export interface LintOptions {
  /** Indices of the stages whose instructions are looked into; default: all. Rules about names, casing and FROM always
   * look at the whole file. */
  readonly stages?: ReadonlySet<number>;
  /** Instructions below this line are not looked into; the same rules are not concerned. */
  readonly lastLine?: number;
  /** The image that a stage starts from. Without it, variables of that stage are not checked, for the image may set them. */
  readonly baseImage?: (stage: number) => LintBaseImage | undefined;
  /** The stages of the file with what they read from: for Slipway's own rules, which are not looked for without. */
  readonly graph?: StageGraph;
  /** Ignore file of the build context; `isIgnored` takes cleaned paths relative to it. */
  readonly ignore?: {
    readonly patterns: readonly string[];
    readonly isIgnored: (path: string) => boolean;
  };
}

export interface LintBaseImage extends Platform {
  readonly config: ContainerConfig;
}
