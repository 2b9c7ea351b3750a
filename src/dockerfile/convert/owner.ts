import type { Owner } from "../../llb/index.ts";

/** `user[:group]` of --chown and USER. A number without a group stands for the group too
 * (BuildKit, solver/llbsolver/ops/user_linux.go). */
export function parseOwner(text: string): Owner {
  const at = text.indexOf(":");
  const user = numberOrName(at < 0 ? text : text.slice(0, at));
  if (at >= 0) return { ...(user !== "" && { user }), group: numberOrName(text.slice(at + 1)) };
  return typeof user === "number" ? { user, group: user } : { user };
}

function numberOrName(text: string): number | string {
  if (text === "root") return 0;
  return /^\+?\d+$/.test(text) && Number(text) <= 0x7fffffff ? Number(text) : text;
}
