import type { CopyAction, Vertex } from "../../llb/index.ts";
import type { OpenedContext } from "./environment.ts";
import type { SolveEnvironment } from "./step-context.ts";
import { wholeTree } from "./whole-tree.ts";

/** The first step that reads a context file that is not there. It can only fail: better now than after the steps before it. */
export async function findMissingSource(
  environment: SolveEnvironment,
): Promise<{ readonly vertex: Vertex; readonly error: unknown } | undefined> {
  const opened = new Map<string, OpenedContext>();
  for (const vertex of environment.definition.vertices.values()) {
    for (const [index, input] of vertex.inputs.entries()) {
      const actions = readsOf(vertex, index);
      const source = environment.definition.vertices.get(input)?.op;
      if (actions.length === 0 || source?.kind !== "source" || !source.identifier.startsWith(local)) continue;
      const { identifier, excludePatterns = [] } = source;
      const name = identifier.slice(local.length);
      const found = opened.get(input) ?? (await environment.options.openContext(name, excludePatterns));
      opened.set(input, found);
      try {
        found.context.checkSources(actions);
      } catch (error) {
        return { vertex, error };
      }
    }
  }
  return undefined;
}

const local = "local://";

/** What a step reads of its input `index`. */
function readsOf({ op }: Vertex, index: number): readonly CopyAction[] {
  if (op.kind === "file")
    return op.actions.filter((action) => action.kind === "copy" && action.from === index) as CopyAction[];
  if (op.kind !== "exec") return [];
  return op.mounts
    .filter((mount) => mount.type === "bind" && mount.dest !== "/" && mount.input === index)
    .map(wholeTree);
}
