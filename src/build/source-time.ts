import { closeSync, lstatSync, openSync } from "node:fs";
import path from "node:path";
import { chunksOf, isTar, readUncompressed, TarReader } from "../layer/index.ts";
import { type SourceOp, toGitSource, toHttpSource } from "../llb/index.ts";
import type { StepEngine } from "./step-engine.ts";

/** When a source was made, in seconds since 1970, as BuildKit has it: the committer's time of a commit; of a file what its server said,
 * or else, for an archive, the latest time of a file in it. Undefined for anything else.
 * @throws {SourceError} | {RegistryError} | {LayerError} */
export async function sourceTime(op: SourceOp, steps: StepEngine): Promise<number | undefined> {
  const sources = await steps.remoteSources();
  const fsOf = (layer: string) => steps.store.layers.fsOf(layer);
  const git = toGitSource(op);
  if (git) {
    const { layer } = await sources.fetchGit({ ...git, mtime: "commit" });
    return modifiedAt(fsOf(layer));
  }
  const http = toHttpSource(op);
  if (!http) return undefined;
  const { layer, filename } = await sources.fetchHttp(http);
  const file = path.join(fsOf(layer), filename);
  return modifiedAt(file) || (await newestIn(file)); // 1970: the server did not say
}

function modifiedAt(file: string): number {
  return Math.floor(lstatSync(file).mtimeMs / 1000);
}

async function newestIn(file: string): Promise<number | undefined> {
  const fd = openSync(file, "r");
  try {
    if (!(await isTar(fd))) return undefined;
    let newest: bigint | undefined;
    const reader = new TarReader({
      entry: ({ type, mtimeNs }) => {
        if (type === "file" && (newest === undefined || mtimeNs > newest)) newest = mtimeNs;
      },
      data: () => {},
      entryEnd: () => {},
    });
    for await (const chunk of readUncompressed(chunksOf(fd))) reader.push(chunk);
    reader.end();
    return newest === undefined ? undefined : Number(newest / 1_000_000_000n);
  } finally {
    closeSync(fd);
  }
}
