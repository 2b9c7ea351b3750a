import { LoadError } from "./load-error.ts";
import { ask, type EngineProcess } from "./run-engine.ts";

/** Nodes of a cluster whose nodes are docker's containers, as commands that run something in them.
 * @throws {LoadError} `ENGINE_FAILED` when there are none */
export async function clusterNodes(
  list: readonly string[],
  parse: (text: string) => readonly string[],
  process: EngineProcess,
): Promise<readonly (readonly string[])[]> {
  const names = parse((await ask(list, process)) ?? "");
  if (names.length > 0) return names.map((name) => ["docker", "exec", "-i", name]);
  throw new LoadError("ENGINE_FAILED", `Cannot load with ${list[0]}: the cluster has no nodes`, {
    hint: `see: ${list.join(" ")}`,
  });
}
