/** What a worker is mostly asked for first: a step, after which others run, or bulk work on files. It makes ready for that at once. */
export type FirstWork = "step" | "files";

/** What the child is told on its command line, as JSON. */
export interface WorkerSetup {
  readonly storeRoot: string;
  /** Directory of the main process in `tmp/`, in which the worker has its own. */
  readonly owner: string;
  readonly part: string;
  readonly userNamespace: boolean;
  readonly runtime: string | undefined;
  readonly firstWork: FirstWork;
}
