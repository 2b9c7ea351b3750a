import { statSync } from "node:fs";
import { newLayerId } from "../content/index.ts";
import { CodedError } from "../errors/index.ts";
import { type ImageRecord, ImageStore, type RecordId } from "../image/index.ts";
import { hostPlatform, normalizePlatform, type Platform } from "../oci/index.ts";
import { BuildError } from "./build-error.ts";
import { normaliseNewTag } from "./normalise-tag.ts";
import type { StepEngine } from "./step-engine.ts";
import { isoTime } from "../util/index.ts";

export interface ImportOptions {
  readonly steps: StepEngine;
  /** What its programs are for; default: this machine. */
  readonly platform?: Platform;
  /** What the user calls the file; default: its name. */
  readonly source?: string;
}

/** Makes an image of one layer out of a tar of a root file system, plain or compressed, as `docker import` does.
 * @throws {BuildError} `INVALID_TAG` | `INVALID_ARCHIVE` | {WorkerError} */
export async function importImage(
  file: string,
  name: string,
  { steps, platform = hostPlatform(), source = JSON.stringify(file) }: ImportOptions,
): Promise<RecordId> {
  const reference = normaliseNewTag(name);
  if (isEmpty(file)) {
    throw new BuildError("INVALID_ARCHIVE", `Cannot import ${source}: it is empty`, {
      hint: "a tar without files (tar -cT /dev/null) makes an image without files",
    });
  }
  const worker = await steps.worker();
  const layer = newLayerId();
  await worker.importTar({ layer, file }).catch((error: unknown) => {
    throw isTarError(error)
      ? new BuildError("INVALID_ARCHIVE", `Cannot import ${source}`, { cause: error })
      : error;
  });
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

/** As what a program leaves that failed before it wrote anything. */
function isEmpty(file: string): boolean {
  const stat = statSync(file);
  return stat.isFile() && stat.size === 0;
}

const tarErrors = [
  "INVALID_TAR",
  "TRUNCATED_TAR",
  "UNSUPPORTED_ENTRY",
  "ESCAPES_ROOT",
  "DECOMPRESSION_FAILED",
];

/** Is it the archive that is wrong? Such an error does not say which. */
function isTarError(error: unknown): boolean {
  return error instanceof CodedError && tarErrors.includes(error.code);
}
