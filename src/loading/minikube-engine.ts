import { createWriteStream, rmSync } from "node:fs";
import { finished } from "node:stream/promises";
import { digestHex } from "../oci/index.ts";
import type { ContainerEngine, WriteArchive } from "./container-engine.ts";
import { ask, type EngineProcess, feed } from "./run-engine.ts";

/** Minikube, by its command, which takes a file. */
export function minikubeEngine(
  profile: string | undefined,
  { newPath, ...process }: EngineProcess & { readonly newPath: () => string },
): ContainerEngine {
  const minikube = (...args: string[]) => ["minikube", ...(profile ? ["-p", profile] : []), "image", ...args];
  return {
    title: profile ? `minikube (${profile})` : "minikube",
    format: "docker",
    async adopt({ configDigest, names }) {
      const text = await ask(minikube("ls", "--format", "json"), process);
      const known = minikubeNames(text ?? "", digestHex(configDigest));
      if (known[0] === undefined) return false;
      for (const name of names) {
        if (!known.includes(name)) await feed(minikube("tag", known[0], name), undefined, process);
      }
      return true;
    },
    async load(_, write: WriteArchive) {
      const file = newPath();
      try {
        const stream = createWriteStream(file);
        await write(stream);
        stream.end();
        await finished(stream);
        await feed(minikube("load", file), undefined, process);
      } finally {
        rmSync(file, { force: true });
      }
    },
  };
}

/** Names of an image in what `minikube image ls` prints, which is `null` when there is none. */
function minikubeNames(text: string, id: string): readonly string[] {
  try {
    const images = JSON.parse(text) as { id?: unknown; repoTags?: string[] }[] | null;
    return images?.find((image) => image.id === id)?.repoTags ?? [];
  } catch {
    return []; // then it is moved, and minikube says what is wrong
  }
}
