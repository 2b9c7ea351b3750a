import { createWriteStream, rmSync } from "node:fs";
import { finished } from "node:stream/promises";
import { digestHex } from "../oci/index.ts";
import type { ContainerEngine, HandedImage, WriteArchive } from "./container-engine.ts";
import { LoadError } from "./load-error.ts";
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
    load: async (_, write) => feed(["podman", "load", "-q"], (stream) => write(stream, 0), process),
  };
}

/** A containerd that is reached by its `ctr`, here or in the nodes of a cluster: each node that lacks the image gets it. */
export function containerdEngine(
  title: string,
  nodes: () => Promise<readonly (readonly string[])[]>,
  { namespace, ...process }: EngineProcess & { readonly namespace: string },
): ContainerEngine {
  const ctr = (node: readonly string[], ...args: string[]) => [
    ...node,
    "ctr",
    "-n",
    namespace,
    "images",
    ...args,
  ];
  /** Has the node the image by any name? Then it gets the names that it lacks. */
  const adoptIn = async (node: readonly string[], { names, manifestDigest }: HandedImage) => {
    if (names.length === 0) return false;
    const listed = await ask(ctr(node, "ls", `target.digest==${manifestDigest}`), process);
    const known = namesOf(listed ?? "", manifestDigest);
    const [source] = known;
    if (source === undefined) return false;
    const lacking = names.filter((name) => !known.includes(name));
    if (lacking.length > 0) await feed(ctr(node, "tag", "--force", source, ...lacking), undefined, process);
    return true;
  };
  const lacking = async (image: HandedImage) => {
    const all = await nodes();
    const known = await Promise.all(all.map((node) => adoptIn(node, image)));
    return all.filter((_, index) => !known[index]);
  };
  return {
    title,
    format: "oci",
    adopt: async (image) => (await lacking(image)).length === 0,
    async load(image, write) {
      for (const node of await lacking(image)) {
        const inNode = node.length === 0 ? node : [node[0]!, node[1]!, "-i", ...node.slice(2)];
        await feed(ctr(inNode, "import", "-"), (stream) => write(stream, 0), process);
      }
    },
  };
}

/** The names of an image in what `ctr images ls` prints: lines of name, media type, digest and more. */
function namesOf(text: string, digest: string): readonly string[] {
  return text.split("\n").flatMap((line) => {
    const [name, _type, itsDigest] = line.split(/\s+/);
    return name && itsDigest === digest ? name : [];
  });
}

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
        await write(stream, 0);
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

/** Nodes of a cluster whose nodes are docker's containers, as commands that run something in them.
 * @throws {LoadError} `ENGINE_FAILED` when there are none */
export async function clusterNodes(
  list: readonly string[],
  parse: (text: string) => readonly string[],
  process: EngineProcess,
): Promise<readonly (readonly string[])[]> {
  const names = parse((await ask(list, process)) ?? "");
  if (names.length > 0) return names.map((name) => ["docker", "exec", name]);
  throw new LoadError("ENGINE_FAILED", `Cannot load with ${list[0]}: the cluster has no nodes`, {
    hint: `see: ${list.join(" ")}`,
  });
}
