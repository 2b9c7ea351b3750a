import { statSync, writeFileSync } from "node:fs";
import { pruneStore } from "../image/index.ts";
import type { StepEngine } from "./step-engine.ts";

/** To read every record after each build would cost more than the disk that it saves. */
const pauseMs = 10 * 60 * 1000;

/** Removes results of steps that neither an image nor a running build needs, the longest unused first, until those left take no more
 * than `keepBytes`. Does nothing when it was done in the last ten minutes. */
export async function collectGarbage(steps: StepEngine, keepBytes: number): Promise<void> {
  const { store } = steps;
  const { collected } = store.paths;
  const last = statSync(collected, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  if (Date.now() - last < pauseMs) return;
  writeFileSync(collected, "");
  await pruneStore(store, {
    cache: "unused",
    keepImages: true,
    keepBytes,
    removeTrees: async (paths) => (await steps.worker()).remove({ layers: [], paths }),
  });
}
