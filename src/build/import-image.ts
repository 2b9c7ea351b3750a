import { newLayerId } from "../content/index.ts";
import { type ImageRecord, ImageStore, type RecordId } from "../image/index.ts";
import { hostPlatform, normalizePlatform, type Platform } from "../oci/index.ts";
import { normaliseNewTag } from "./normalise-tag.ts";
import type { StepEngine } from "./step-engine.ts";
import { isoTime } from "../util/index.ts";

/** Makes an image of one layer out of a tar of a root file system, plain or compressed, as `docker import` does.
 * @param options.platform what its programs are for; default: this machine
 * @throws {BuildError} `INVALID_TAG` | {WorkerError} */
export async function importImage(
  file: string,
  name: string,
  { steps, platform = hostPlatform() }: { readonly steps: StepEngine; readonly platform?: Platform },
): Promise<RecordId> {
  const reference = normaliseNewTag(name);
  const worker = await steps.worker();
  const layer = newLayerId();
  await worker.importTar({ layer, file });
  const identity = await steps.packer.diffID(layer);
  const created = isoTime(Date.now());
  const record: ImageRecord = {
    config: {
      ...normalizePlatform(platform),
      created,
      config: {},
      history: [{ created, comment: "Imported from -" }],
    },
    layers: [{ kind: "directory", layer, identity }],
  };
  const images = new ImageStore(steps.store);
  const id = images.putRecord(record);
  images.setName(reference, id);
  return id;
}
