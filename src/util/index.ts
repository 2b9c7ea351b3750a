export { writeFileAtomic, writeFileDurable } from "./atomic-write.ts";
export { canonicalJson } from "./canonical-json.ts";
export { isErrno } from "./errno.ts";
export { formatBytes, formatSeconds } from "./format.ts";
export { makeDirectory } from "./make-directory.ts";
export { packageVersion } from "./package-version.ts";
export { type ProcessResult, type RunProcessOptions, runProcess, signalNumber } from "./run-process.ts";
export { Semaphore } from "./semaphore.ts";
export { SingleFlight } from "./single-flight.ts";
