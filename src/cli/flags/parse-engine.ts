import type { EngineChoice } from "../../loading/index.ts";
import { UsageError } from "../usage-error.ts";

const engines = ["docker", "podman", "containerd", "kind", "k3d", "minikube"] as const;

/** Reads `--load[=ENGINE[:CLUSTER]]`; `auto` is the first that is found.
 * @throws {UsageError} */
export function parseEngine(text: string): EngineChoice {
  if (text === "auto" || text === "" || text === "true") return {};
  const [name = "", scope] = text.split(/:(.*)/s);
  const engine = engines.find((each) => each === name);
  const takesScope = engine !== "docker" && engine !== "podman";
  if (engine && (scope === undefined || (takesScope && scope !== "")))
    return { engine, ...(scope !== undefined && { scope }) };
  throw new UsageError(`Cannot use --load=${text}: unknown engine`, {
    hint: `engines are ${engines.join(", ")}; a cluster is named as in kind:CLUSTER`,
  });
}
