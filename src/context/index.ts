export { type BuildContext, type OpenContextOptions, openContext } from "./build-context.ts";
export { ContextError, type ContextErrorCode } from "./context-error.ts";
export { type IgnoreFile, readIgnoreFile } from "./ignore-patterns.ts";
