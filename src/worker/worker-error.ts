import { CodedError } from "../errors/index.ts";

/** What went wrong in the worker, or with it. A failure inside carries the code of the room that threw it (`UNKNOWN_USER`,
 * `ENOSPC`); the worker's own are `WORKER_UNAVAILABLE` (it cannot be started here; the hint says what is missing) and
 * `WORKER_ENDED` (it is gone before it answered). */
export class WorkerError extends CodedError {}
