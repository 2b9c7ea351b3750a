import { imageStack } from "../engine/index.ts";
import { configDigestOf, type ImageRecord } from "../image/index.ts";
import type { BillOfMaterials } from "../packages/index.ts";
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
  const list = await keptPackages(steps.store, imageStack(record), async () => {
    const lowers = await steps.directoriesOf(record);
    return { lowers, list: await (await steps.worker()).listPackages({ lowers }) };
  });
  const [unread] = list.unread;
  if (unread) {
    const message = `Cannot list the packages of ${name}: "${unread.path}" is no database of rpm that can be read: ${unread.reason}`;
    throw new BuildError("UNSUPPORTED_DATABASE", message);
  }
  const digest = await configDigestOf(steps.store, record, steps);
  const { created = "1970-01-01T00:00:00Z" } = record.config;
  return { ...list, name, digest, created };
}
