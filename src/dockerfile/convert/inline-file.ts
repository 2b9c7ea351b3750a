import type { FileOp } from "../../llb/index.ts";
import { resolveSource } from "./paths.ts";

export const inlineFileDescription = "[internal] preparing inline document";

/** A tree that holds one file: the body of a heredoc. */
export function inlineFile(name: string, data: string, mode: number): FileOp {
  return { kind: "file", base: -1, actions: [{ kind: "mkfile", path: resolveSource(name), mode, data }] };
}
