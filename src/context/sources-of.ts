import type { CopyAction } from "../llb/index.ts";
import { type SourceWalk, walkSources } from "../tree/index.ts";
import { explainMissing, type ExplainOptions } from "./missing-source.ts";

/** What an action reads of a context, found as it is asked for.
 * @throws {TreeError} whose hint says what helps */
export function* sourcesOf(context: ExplainOptions, action: CopyAction): Generator<SourceWalk> {
  try {
    yield* walkSources(context.tree, action);
  } catch (error) {
    throw explainMissing(error, action.source, context);
  }
}
