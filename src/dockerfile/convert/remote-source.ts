import type { StageStep } from "../stages/index.ts";
import type { ConvertContext } from "./convert-context.ts";

/** Refuses sources that are no files of a tree: COPY never takes them, ADD does not yet. */
export function refuseRemoteSource(context: ConvertContext, step: StageStep, source: string): void {
  const isCopy = step.instruction.kind === "copy";
  if (isGitSource(source)) {
    if (isCopy) throw context.error(step, "source can't be a git ref for COPY");
    throw context.unsupported(step, "ADD of a git repository");
  }
  if (/^https?:\/\//.test(source)) {
    if (isCopy) throw context.error(step, "source can't be a URL for COPY");
    throw context.unsupported(step, "ADD of a URL");
  }
}

/** Whether BuildKit reads a source as a git repository (frontend/dockerfile/dfgitutil): by its scheme, by ssh's short form
 * `user@host:path`, or by an HTTP path that ends with `.git`, before a `#ref` or `?query`. */
function isGitSource(source: string): boolean {
  if (/^(?:git|ssh):\/\//.test(source)) return true;
  if (/^https?:\/\/[^?#]*\.git(?:[?#]|$)/.test(source)) return true;
  return /^[A-Za-z0-9_.-]+@[A-Za-z0-9_.-]+:(?!\/\/)[^?#]+/.test(source);
}
