import type { Owner } from "../../llb/index.ts";
import type { StageStep } from "../stages/index.ts";
import type { ConvertContext } from "./convert-context.ts";

/** `user[:group]` of --chown and USER. A number without a group stands for the group too, an empty part is 0
 * (BuildKit, solver/llbsolver/ops/user_linux.go). */
export function parseOwner(text: string): Owner {
  const at = text.indexOf(":");
  const user = numberOrName(at < 0 ? text : text.slice(0, at));
  if (at >= 0) return { user, group: numberOrName(text.slice(at + 1)) };
  return typeof user === "number" ? { user, group: user } : { user };
}

function numberOrName(text: string): number | string {
  if (text === "root" || text === "") return 0;
  return /^\+?\d+$/.test(text) && Number(text) <= 0x7fffffff ? Number(text) : text;
}

/** Has an owner names that only a tree's own files can turn into numbers? */
export function isNamed(owner: Owner | undefined): boolean {
  return typeof owner?.user === "string" || typeof owner?.group === "string";
}

/** An empty tree has no user file. */
export function refuseOwnerName(context: ConvertContext, step: StageStep, owner: Owner | undefined): void {
  if (!isNamed(owner)) return;
  throw context.error(step, "invalid user index: -1", "DOCKERFILE_INSTRUCTION", {
    hint: "an empty tree (FROM scratch) has no /etc/passwd: give numbers",
  });
}
