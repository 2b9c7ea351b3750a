import {
  addFetchedContext,
  DefinitionBuilder,
  type VertexDigest,
  type VertexMetadata,
} from "../../llb/index.ts";
import type { Platform } from "../../oci/index.ts";
import { localContextName } from "../../session/index.ts";
import { DockerfileError, type DockerfileErrorCode } from "../dockerfile-error.ts";
import {
  expandAt,
  locateError,
  locationOf,
  type StageBase,
  type StageGraph,
  type StageStep,
  type StepScope,
  stageNames,
} from "../stages/index.ts";
import type { ConvertOptions, ResolvedImage } from "./options.ts";
import type { StageState } from "./stage-state.ts";

/** What the steps of one conversion share. */
export class ConvertContext {
  readonly graph: StageGraph;
  readonly options: ConvertOptions;
  readonly definition = new DefinitionBuilder();
  readonly states: readonly StageState[];
  /** By `imageKey`; filled before the first step. */
  readonly images = new Map<string, ResolvedImage>();
  /** What the triggers of base images can read from. */
  readonly stepScope: StepScope;
  #mainContext: VertexDigest | undefined;

  constructor(graph: StageGraph, options: ConvertOptions, states: readonly StageState[]) {
    this.graph = graph;
    this.options = options;
    this.states = states;
    const { dockerfile, stages, namedContexts, platform } = graph;
    const names = stageNames(stages);
    this.stepScope = { dockerfile, names, stageCount: stages.length, namedContexts, platform };
  }

  /** The vertex of the main build context. */
  mainContext(): VertexDigest {
    const { mainContext } = this.options;
    if (mainContext) return addFetchedContext(this.definition, mainContext);
    const patterns = this.options.contextIgnorePatterns ?? [];
    this.#mainContext ??= this.definition.add(
      {
        kind: "source",
        identifier: "local://context",
        ...(patterns.length > 0 && { excludePatterns: patterns }),
      },
      [],
      { description: "[internal] load build context" },
    );
    return this.#mainContext;
  }

  /** The tree of something that a step reads from; undefined = empty. */
  sourceTree(source: StageBase): VertexDigest | undefined {
    if (source.kind === "scratch") return undefined;
    if (source.kind === "context") return this.namedContext(source.context);
    if (source.kind === "stage") {
      const { node, vertex } = this.states[source.index]!;
      return node.isReplaced ? this.sourceTree(node.base) : vertex;
    }
    const image = this.images.get(imageKey(source.reference, this.graph.platform))!;
    const description = source.context
      ? `[context ${source.context}] ${source.name}`
      : `FROM ${pinned(image)}`;
    return this.addImage(image, this.graph.platform, { description });
  }

  /** The vertex of a named context's files. */
  namedContext(name: string): VertexDigest {
    const context = this.graph.namedContexts.get(name);
    if (context?.kind === "fetched") return addFetchedContext(this.definition, context.context);
    const patterns = this.options.namedContextIgnorePatterns?.(name) ?? [];
    return this.definition.add(
      {
        kind: "source",
        identifier: `local://${localContextName(name)}`,
        ...(patterns.length > 0 && { excludePatterns: patterns }),
      },
      [],
      { description: `[context ${name}] load from client` },
    );
  }

  addImage(image: ResolvedImage, platform: Platform, metadata: VertexMetadata): VertexDigest | undefined {
    if (!hasLayers(image)) return undefined;
    const name = pinned(image);
    const identifier = name.startsWith("oci-layout://") ? name : `docker-image://${name}`;
    return this.definition.add({ kind: "source", identifier, platform }, [], metadata);
  }

  /** A word with its variables replaced, as the stage stands before this step. */
  expand(state: StageState, step: StageStep, word: string): string {
    return expandAt(this.graph.dockerfile, step.instruction, word, state.env);
  }

  locate<T>(step: StageStep, action: () => T): T {
    return locateError(this.graph.dockerfile, step.instruction, action);
  }

  metadata(state: StageState, step: StageStep, description: string): VertexMetadata {
    return {
      description,
      stage: state.node.displayName,
      location: locationOf(this.graph.dockerfile, step.instruction),
    };
  }

  error(
    step: StageStep,
    message: string,
    code: DockerfileErrorCode = "DOCKERFILE_INSTRUCTION",
    options: { readonly hint?: string } = {},
  ): DockerfileError {
    return new DockerfileError(code, message, {
      location: locationOf(this.graph.dockerfile, step.instruction),
      ...options,
    });
  }

  unsupported(step: StageStep, what: string): DockerfileError {
    return this.error(step, `${what} is not supported yet`, "UNSUPPORTED");
  }
}

export function imageKey(reference: string, platform: Platform): string {
  return [platform.os, platform.architecture, platform.variant ?? "", reference].join(" ");
}

/** Name with digest: what the step is shown as and identified by. */
export function pinned({ reference, digest }: ResolvedImage): string {
  return `${reference.replace(/@.*$/, "")}@${digest}`;
}

/** Whether an image has files: one whose history tells of no layer is scratch with a config. */
export function hasLayers({ config: { history, rootfs } }: ResolvedImage): boolean {
  return rootfs.diff_ids.length > 0 || history.length === 0 || history.some((entry) => !entry.empty_layer);
}
