import type { ConvertContext } from "./convert-context.ts";
import type { ScannedPart } from "./options.ts";
import type { StageState } from "./stage-state.ts";

/** What the file asks to be scanned beside the target, as BuildKit has it: the context, where the target says so, and stages that the
 * target needs. Each by the value of an argument: true, false, or the names of stages.
 * @see https://github.com/moby/buildkit/blob/master/docs/attestations/sbom.md */
export function scannedParts(context: ConvertContext, needed: ReadonlySet<number>): readonly ScannedPart[] {
  const { graph, states, definition } = context;
  const target = states[graph.target]!;
  const stages = states.filter((state) => state !== target && needed.has(state.node.index));
  return [
    ...(isAsked(context, target, "BUILDKIT_SBOM_SCAN_CONTEXT")
      ? [{ name: "context", definition: definition.build(context.mainContext()) }]
      : []),
    ...stages
      .filter((state) => isAsked(context, state, "BUILDKIT_SBOM_SCAN_STAGE"))
      .map(({ node, vertex }) => ({ name: node.displayName, definition: definition.build(vertex) })),
  ];
}

/** The stage's own ARG counts more than that of a stage it starts from, and that more than a global one. */
function isAsked(context: ConvertContext, state: StageState, name: string): boolean {
  const own = argsOf(context, state).findLast(({ key, value }) => key === name && value !== undefined);
  const value = own?.value ?? context.graph.globalArgs.get(name);
  if (value === undefined) return false;
  if (/^(?:1|t|T|TRUE|true|True)$/.test(value)) return true;
  if (/^(?:0|f|F|FALSE|false|False)$/.test(value)) return false;
  return value.split(",").includes(state.node.displayName);
}

function argsOf(context: ConvertContext, { node, args }: StageState): StageState["args"] {
  if (node.base.kind !== "stage") return args;
  return [...argsOf(context, context.states[node.base.index]!), ...args];
}
