import { createReadStream } from "node:fs";
import path from "node:path";
import { pipeline } from "node:stream/promises";
import type { ImageRecord } from "../image/index.ts";
import type { OutputSpec } from "./options.ts";
import type { StepEngine } from "./step-engine.ts";

type TreeOutput = Extract<OutputSpec, { type: "local" | "tar" }>;

/** Writes the flattened tree of an image into a directory or a tar; a tar for `-` goes to standard output.
 * @returns one line for the summary */
export async function writeTree(record: ImageRecord, output: TreeOutput, steps: StepEngine): Promise<string> {
  const lowers = await steps.directoriesOf(record);
  const worker = await steps.worker();
  if (output.type === "local") {
    const dest = path.resolve(output.dest);
    await worker.exportTree({ lowers, dest, form: "directory" });
    return `files to ${output.dest}`;
  }
  if (output.dest !== "-") {
    await worker.exportTree({ lowers, dest: path.resolve(output.dest), form: "tar" });
    return `tar to ${output.dest}`;
  }
  const temporary = steps.store.temp.newPath("tar");
  await worker.exportTree({ lowers, dest: temporary, form: "tar" });
  await pipeline(createReadStream(temporary), process.stdout, { end: false });
  return "tar to standard output";
}
