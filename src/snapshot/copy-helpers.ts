import type { CopiedBatch, CopyBatch } from "./copy-batch.ts";

/** Others that copy at the same time. */
export interface CopyHelpers {
  /** Is one of them there for another batch? Asked for each one. */
  isOneFree(): boolean;
  /** Does what `copyBatch` does, from the directory `batch.root`.
   * @throws as `copyBatch` */
  copy(batch: CopyBatch): Promise<CopiedBatch>;
}
