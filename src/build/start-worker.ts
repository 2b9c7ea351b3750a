import type { FirstWork, WorkerApi, WorkerLog } from "../worker/index.ts";

/** Gives an engine a worker of its store, to dispose of when the engine ends.
 * @param onLog gets the output of this engine's steps
 * @param firstWork what it is needed for */
export type StartWorker = (
  onLog: (log: WorkerLog) => void,
  firstWork: FirstWork,
) => Promise<WorkerApi & AsyncDisposable>;
