import type { VertexDigest } from "../../llb/index.ts";
import type { ContainerConfig, HistoryEntry, Platform } from "../../oci/index.ts";
import type { ArgDeclaration } from "../instructions/instruction.ts";
import type { StageNode, StageStep } from "../stages/index.ts";
import { type AddedConfig, nothingAdded } from "./added-config.ts";
import { GrowingList } from "./growing-list.ts";
import type { ResolvedImage } from "./options.ts";

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** What a stage's instructions have made so far: the tree (`vertex`), the shell environment and the image config. */
export class StageState {
  readonly node: StageNode;
  /** Triggers of the base first, then the stage's own instructions. */
  steps: readonly StageStep[];
  /** How the stage is named in step descriptions: empty in a file with nothing to tell apart. */
  readonly label: string;
  /** Time of all that the stage makes, where one was asked for. */
  readonly epochSeconds: number | undefined;
  /** Step descriptions tell the platform. */
  readonly showPlatform: boolean;
  ignoreCache = false;

  platform: Platform;
  /** undefined = scratch. */
  vertex: VertexDigest | undefined;
  baseImage: ResolvedImage | undefined;
  /** Variables of ENV and ARG, in order of last assignment. */
  env = new Map<string, string>();
  workdir = "/";
  /** Its ARGs in order of declaration, repeated ones too. */
  readonly args: ArgDeclaration[] = [];
  /** Of the stages that it is FROM: what the last ARG of each name says. */
  inheritedArgs: ReadonlyMap<string, string | undefined> = new Map();
  image: StageImage;
  isCmdSet = false;
  isDispatched = false;

  /** Steps that are numbered in descriptions, and how many were. */
  stepCount: number;
  stepIndex = 0;

  constructor(
    node: StageNode,
    options: {
      readonly label: string;
      readonly platform: Platform;
      readonly showPlatform: boolean;
      readonly epochSeconds: number | undefined;
    },
  ) {
    this.node = node;
    this.showPlatform = options.showPlatform;
    this.steps = node.steps;
    this.label = options.label;
    this.epochSeconds = options.epochSeconds;
    this.platform = options.platform;
    this.image = {
      architecture: options.platform.architecture,
      os: options.platform.os,
      config: {},
      added: nothingAdded,
      history: GrowingList.of(),
      historyLength: 0,
    };
    this.stepCount = countSteps(node);
  }

  /** What the last ARG of each name says, in order of the first. */
  argValues(): Map<string, string | undefined> {
    const values = new Map(this.inheritedArgs);
    for (const { key, value } of this.args) values.set(key, value);
    return values;
  }
}

/** The image config of a stage while it is made. */
export interface StageImage {
  architecture: string;
  os: string;
  "os.version"?: string;
  variant?: string;
  author?: string;
  /** What the last instruction of its kind says; of what instructions add to, what the base image has (of `Env`, what stages below set
   * too). */
  config: Mutable<ContainerConfig>;
  added: AddedConfig;
  history: GrowingList<HistoryEntry>;
  /** Characters of what its entries say they were created by. */
  historyLength: number;
}

const numbered = new Set(["add", "copy", "run", "workdir"]);

function countSteps(node: StageNode): number {
  const steps = node.steps.filter((step) => numbered.has(step.instruction.kind)).length;
  return node.base.kind === "image" || node.base.kind === "context" ? steps + 1 : steps;
}
