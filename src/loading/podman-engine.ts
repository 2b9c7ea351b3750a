import { digestHex } from "../oci/index.ts";
import { type ContainerEngine, nothingLeftOut } from "./container-engine.ts";
import { ask, type EngineProcess, feed } from "./run-engine.ts";

/** Podman, by its command. */
export function podmanEngine(process: EngineProcess): ContainerEngine {
  const inspect = async (name: string) =>
    (await ask(["podman", "image", "inspect", "--format", "{{.Id}}", name], process))?.trim();
  return {
    title: "podman",
    format: "docker",
    async adopt({ configDigest, names }) {
      const id = digestHex(configDigest);
      if ((await inspect(id)) !== id) return false;
      for (const name of names) {
        if ((await inspect(name)) !== id) await feed(["podman", "tag", id, name], undefined, process);
      }
      return true;
    },
    load: async (_, write) =>
      feed(["podman", "load", "-q"], (stream) => write(stream, nothingLeftOut), process),
  };
}
