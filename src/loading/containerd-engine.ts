import { ContainerdNode, type NodeProcess } from "./containerd-node.ts";
import type { ContainerEngine } from "./container-engine.ts";

/** A containerd that is reached by its `ctr`, here or in the nodes of a cluster: each node that lacks the image gets it.
 * @param commands what runs something in each node */
export function containerdEngine(
  title: string,
  commands: () => Promise<readonly (readonly string[])[]>,
  process: NodeProcess,
): ContainerEngine {
  const nodes = async () => (await commands()).map((command) => new ContainerdNode(command, process));
  return {
    title,
    format: "oci",
    async adopt(image) {
      const adopted = await Promise.all((await nodes()).map((node) => node.adopt(image)));
      return adopted.every(Boolean);
    },
    async load(image, write) {
      for (const node of await nodes()) if (!(await node.adopt(image))) await node.load(image, write);
    },
  };
}
