import type { StageBase, StageNode } from "./stage-graph.ts";

/** The names of a file's stages. With a name given twice the latest definition counts, as of when it is asked for. */
export class StageNames {
  readonly #indices = new Map<string, number>();

  add(name: string, index: number): void {
    this.#indices.set(name.toLowerCase(), index);
  }

  /** FROM: stages before it, by their exact name, which is lower case. */
  findExact(name: string): number | undefined {
    return this.#indices.get(name);
  }

  /** COPY --from, mounts, --target: any case. */
  find(name: string): number | undefined {
    return this.#indices.get(name.toLowerCase());
  }
}

export function toBase(index: number): StageBase {
  return { kind: "stage", index };
}

/** The names of all stages of a graph. */
export function stageNames(stages: readonly StageNode[]): StageNames {
  const names = new StageNames();
  for (const { name, index } of stages) {
    if (name !== undefined) names.add(name, index);
  }
  return names;
}
