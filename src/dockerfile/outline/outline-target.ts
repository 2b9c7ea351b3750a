import type { SourceRange } from "../../errors/index.ts";
import type { ExecOp } from "../../llb/index.ts";
import type { ConvertContext } from "../convert/convert-context.ts";
import { createConversion, dispatchStages, prepareStages } from "../convert/convert-stages.ts";
import type { ConvertOptions, ImageConfigResolver } from "../convert/options.ts";
import type { StageGraph } from "../stages/index.ts";
import { describedBy } from "./description.ts";
import { stagesFromTarget } from "./stages-from-target.ts";
import { outlineArgs, type OutlineArg } from "./outline-args.ts";

/** The parameters that a target takes, each list in file order. */
export interface Outline {
  /** Empty for a stage without AS. */
  readonly name: string;
  /** From a comment `# <name> …` above the FROM; may be empty. */
  readonly description: string;
  readonly args: readonly OutlineArg[];
  readonly secrets: readonly OutlineInput[];
  readonly ssh: readonly OutlineInput[];
}

/** A secret, or an ssh agent. */
export interface OutlineInput {
  readonly id: string;
  readonly isRequired: boolean;
  readonly range: SourceRange;
}

/** Finds the build arguments, secrets and ssh agents that a target and the stages it needs ask for.
 * @throws what `convertTarget` throws */
export async function outlineTarget(
  graph: StageGraph,
  options: ConvertOptions,
  resolver: ImageConfigResolver,
): Promise<Outline> {
  const context = createConversion(graph, options, undefined);
  dispatchStages(context, await prepareStages(context, resolver));
  const { name = "", from } = graph.stages[graph.target]!;
  const description = name === "" ? "" : describedBy(from.prevComment, name);
  return { name, description, args: outlineArgs(context), ...lentInputs(context) };
}

/** Of several steps that ask for the same, the one nearest to the target counts, in the order of `stagesFromTarget`. */
function lentInputs(context: ConvertContext): Pick<Outline, "secrets" | "ssh"> {
  const secrets = new Map<string, OutlineInput>();
  const ssh = new Map<string, OutlineInput>();
  for (const { op, range } of execOps(context)) {
    const add = (inputs: Map<string, OutlineInput>, { id, required }: { id: string; required: boolean }) => {
      if (!inputs.has(id)) inputs.set(id, { id, isRequired: required, range });
    };
    for (const mount of op.mounts) {
      if (mount.type === "secret") add(secrets, mount);
      if (mount.type === "ssh") add(ssh, mount);
    }
    for (const secret of op.secretEnv ?? []) add(secrets, secret);
  }
  return { secrets: byLine(secrets.values()), ssh: byLine(ssh.values()) };
}

function execOps(context: ConvertContext): { op: ExecOp; range: SourceRange }[] {
  const { vertices } = context.definition.build(context.states[context.graph.target]!.vertex);
  const ops = [...vertices.values()].flatMap(({ op, metadata: { location, stage = "" } }) =>
    op.kind === "exec" && location ? [{ op, stage, range: location.range }] : [],
  );
  const order = [...stagesFromTarget(context)].map(({ node }) => node.displayName);
  return ops.sort((a, b) => order.indexOf(a.stage) - order.indexOf(b.stage));
}

function byLine(inputs: Iterable<OutlineInput>): OutlineInput[] {
  return [...inputs].sort((a, b) => a.range.startLine - b.range.startLine);
}
