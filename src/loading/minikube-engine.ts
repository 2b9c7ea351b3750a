import { createWriteStream, rmSync } from "node:fs";
import { finished } from "node:stream/promises";
import { digestHex } from "../oci/index.ts";
import type { ContainerEngine, HandedImage } from "./container-engine.ts";
import { LoadError } from "./load-error.ts";
import { ask, type EngineProcess, feed } from "./run-engine.ts";

/** Minikube, by its command, which takes a file and gives that to the runtime of its node: docker, ctr or podman. */
export function minikubeEngine(
  profile: string | undefined,
  { newPath, ...process }: EngineProcess & { readonly newPath: () => string },
): ContainerEngine {
  const minikube = (...args: string[]) => ["minikube", ...(profile ? ["-p", profile] : []), "image", ...args];
  const title = profile ? `minikube (${profile})` : "minikube";
  const adopt = async ({ configDigest, names }: HandedImage) => {
    const text = await ask(minikube("ls", "--format", "json"), process);
    const known = minikubeNames(text ?? "", digestHex(configDigest));
    if (known[0] === undefined) return false;
    for (const name of names) {
      if (!known.includes(name)) await feed(minikube("tag", known[0], name), undefined, process);
    }
    return true;
  };
  return {
    title,
    format: "docker",
    adopt,
    async load(image, write) {
      const [first = "", ...more] = image.names;
      const file = newPath();
      try {
        const stream = createWriteStream(file);
        // One name: before each of several, podman puts `localhost/`.
        await write(stream, { names: [first] });
        stream.end();
        await finished(stream);
        await feed(minikube("load", file), undefined, process);
      } finally {
        rmSync(file, { force: true });
      }
      if (more.length === 0 || (await adopt(image))) return;
      throw new LoadError(
        "ENGINE_FAILED",
        `Cannot load into ${title}: it took the archive, and has no such image`,
      );
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
