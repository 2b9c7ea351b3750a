import { createReadStream, rmSync } from "node:fs";
import path from "node:path";
import { pipeline } from "node:stream/promises";
import type { ImageRecord } from "../image/index.ts";
import type { OutputSpec } from "./options.ts";
import type { StepEngine } from "./step-engine.ts";

type TreeOutput = Extract<OutputSpec, { type: "local" | "tar" }>;

/** Writes the flattened tree of an image into a directory or a tar; a tar file appears
 * whole, and for `-` it goes to standard output. As in BuildKit every file has the build's time, where it was given one.
 * @returns one line for the summary */
export async function writeTree(
  record: ImageRecord,
  output: TreeOutput,
  { steps, epochSeconds }: { readonly steps: StepEngine; readonly epochSeconds: number | undefined },
): Promise<string> {
  const lowers = await steps.directoriesOf(record);
  const worker = await steps.worker();
  const times =
    epochSeconds === undefined ? {} : { times: { rule: "exactly", seconds: epochSeconds } as const };
  if (output.type === "local") {
    const dest = path.resolve(output.dest);
    await worker.exportTree({ lowers, dest, form: "directory", ...times });
    return `files to ${output.dest}`;
  }
  const writeTar = (file: string) => worker.exportTree({ lowers, dest: file, form: "tar", ...times });
  if (output.dest !== "-") {
    const { placeFile } = await import("../exporter/index.ts");
    await placeFile(output.dest, writeTar);
    return `tar to ${output.dest}`;
  }
  const temporary = steps.store.temp.newPath("tar");
  try {
    await writeTar(temporary);
    await pipeline(createReadStream(temporary), process.stdout, { end: false });
  } finally {
    rmSync(temporary, { force: true });
  }
  return "tar to standard output";
}
