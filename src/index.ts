// The library: what a program may use. Everything else is internal.
export { build, type BuildEnvironment, type BuildOptions, type BuildResult } from "./build/index.ts";
export { openStore, resolveStoreRoot, type Store } from "./content/index.ts";
export { CodedError } from "./errors/index.ts";
export type { BuildEvent, BuildSummary, EmitEvent } from "./progress/index.ts";
