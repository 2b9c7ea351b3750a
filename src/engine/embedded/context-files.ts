import type { FileAction, Vertex } from "../../llb/index.ts";
import { type FileChanges, firstChanges, selectionChanges } from "../../tree/index.ts";
import type { Value } from "./environment.ts";
import { stepSlots } from "./key-parts.ts";
import { withFiles } from "./miss-reason.ts";
import type { SolveEnvironment } from "./step-context.ts";

/** What actions read of build contexts, as text for `selectionChanges`; empty when that is nothing.
 * @throws {TreeError} */
export async function describeContexts(
  inputs: readonly Value[],
  actions: readonly FileAction[],
): Promise<string> {
  const texts: string[] = [];
  for (const action of actions) {
    const input = action.kind === "copy" ? inputs[action.from] : undefined;
    if (input?.kind === "context") texts.push(await input.opened.context.describeSources([action]));
  }
  return texts.join("");
}

/** What the last run of a step read of build contexts; undefined when that is not known. */
export function lastSelection(
  { records, project, options }: SolveEnvironment,
  vertex: Vertex,
): string | undefined {
  const last = records.last(stepSlots(project, vertex))?.layer; // which does not count as used by that
  return last === undefined ? undefined : options.store.layers.readSelection(last);
}

/** Names the files by which two selections differ, where they are why the step runs. */
export function noteFilesSince(
  environment: SolveEnvironment,
  vertex: Vertex,
  before: string | undefined,
  now: string,
): void {
  noteFiles(environment, vertex, firstChanges(before === undefined ? [] : selectionChanges(before, now)));
}

/** Names the files that changed, where they are why the step runs. */
export function noteFiles({ reasons }: SolveEnvironment, vertex: Vertex, files: FileChanges): void {
  const reason = reasons.get(vertex.digest);
  if (reason && files.count > 0) reasons.set(vertex.digest, withFiles(reason, files));
}
