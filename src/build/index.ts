export { build, type BuildEnvironment } from "./build.ts";
export { BuildError, type BuildErrorCode } from "./build-error.ts";
export { ImageResolver } from "./image-resolver.ts";
export { importImage } from "./import-image.ts";
export { normaliseTag } from "./normalise-tag.ts";
export type {
  BuildOptions,
  BuildResult,
  DockerfileInput,
  OutputDest,
  OutputSpec,
  SecretSpec,
} from "./options.ts";
export { pullImage } from "./pull-image.ts";
export { type RunOptions, toRunRequest } from "./run-image.ts";
export { StepEngine, type StepEngineOptions } from "./step-engine.ts";
export { type ArchiveOutput, writeArchive } from "./write-archive.ts";
