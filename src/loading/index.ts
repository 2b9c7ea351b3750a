export type { ContainerEngine, HandedImage, WriteArchive } from "./container-engine.ts";
export { LoadError, type LoadErrorCode } from "./load-error.ts";
export { type EngineChoice, type EngineName, checkNames, openEngine } from "./open-engine.ts";
