import type { UserInstruction } from "../../instructions/instruction.ts";
import type { StageGraph } from "../../stages/index.ts";
import type { Finding } from "../finding.ts";
import type { LintOptions } from "../lint-input.ts";
import type { ShippedStages } from "./shipped-stages.ts";

/** The user that the target's processes have: that of its last USER, or of its base image. */
export function* checkUser(
  { dockerfile, stages }: StageGraph,
  { options, shipped }: { readonly options: LintOptions; readonly shipped: ShippedStages },
): Generator<Finding> {
  const rule = "RootUserShipped";
  const last = shipped
    .flatMap((index) => dockerfile.stages[index]!.instructions.toReversed())
    .find((instruction): instruction is UserInstruction => instruction.kind === "user");
  if (last) {
    if (!isRoot(last.user)) return;
    yield { rule, message: `The target runs as "${last.user}"; end it with another USER`, instruction: last };
    return;
  }
  const bottom = shipped.at(-1)!;
  const image = options.baseImage?.(bottom);
  // Of an image that nothing is known of, nothing is said; scratch has no other user than root.
  if (stages[bottom]!.base.kind !== "image" || !image || !isRoot(image.config.User ?? "")) return;
  const instruction = dockerfile.stages[shipped[0]]!.from;
  yield { rule, message: "The target runs as root; add a USER", instruction };
}

function isRoot(user: string): boolean {
  return ["", "root", "0"].includes(user.split(":", 1)[0]!.trim());
}
