import { imageStack, type Stack } from "../engine/index.ts";
import { configDigestOf, type ImageRecord } from "../image/index.ts";
import type { BillOfMaterials, PackageList } from "../packages/index.ts";
import type { ContextSource } from "../worker/index.ts";
import { BuildError } from "./build-error.ts";
import { keptPackages } from "./kept-packages.ts";
import type { StepEngine } from "./step-engine.ts";

/** Lists the packages that an image holds. A list that would lack some is none.
 * @param name what the image is called in it
 * @throws {BuildError} `UNSUPPORTED_DATABASE` */
export async function listPackages(
  record: ImageRecord,
  name: string,
  steps: StepEngine,
): Promise<Omit<BillOfMaterials, "tool">> {
  const list = await packagesOf(imageStack(record), name, steps);
  const digest = await configDigestOf(steps.store, record, steps);
  const { created = "1970-01-01T00:00:00Z" } = record.config;
  return { ...list, name, digest, created };
}

/** Lists the packages of a tree: that of layers, or a directory of this machine.
 * @param name what the tree is called in an error
 * @throws {BuildError} `UNSUPPORTED_DATABASE` */
export async function packagesOf(
  tree: Stack | ContextSource,
  name: string,
  steps: StepEngine,
): Promise<PackageList> {
  const list = await ("layers" in tree ? packagesOfStack(tree, steps) : packagesOfContext(tree, steps));
  const [unread] = list.unread;
  if (!unread) return list;
  const message = `Cannot list the packages of ${name}: "${unread.path}" is no database of rpm that can be read: ${unread.reason}`;
  throw new BuildError("UNSUPPORTED_DATABASE", message);
}

async function packagesOfStack(stack: Stack, steps: StepEngine): Promise<PackageList> {
  if (stack.layers.length === 0) return { packages: [], unread: [] };
  return await keptPackages(steps.store, stack, async () => {
    const layers = await steps.engine.directoriesOf(stack);
    const list = await (await steps.worker()).listPackages({ source: { kind: "layers", layers } });
    return { list, layers };
  });
}

async function packagesOfContext(context: ContextSource, steps: StepEngine): Promise<PackageList> {
  return await (await steps.worker()).listPackages({ source: { kind: "context", context } });
}
