import type { WorkerApi, WorkerLog } from "../worker/index.ts";

/** Gives an engine a worker of its store, to dispose of when the engine ends.
 * @param onLog gets the output of this engine's steps */
export type StartWorker = (onLog: (log: WorkerLog) => void) => Promise<WorkerApi & AsyncDisposable>;
