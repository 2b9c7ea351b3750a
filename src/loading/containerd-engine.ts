import { type ContainerEngine, type HandedImage, nothingLeftOut } from "./container-engine.ts";
import { ask, type EngineProcess, feed } from "./run-engine.ts";

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
        await feed(ctr(inNode, "import", "-"), (stream) => write(stream, nothingLeftOut), process);
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
