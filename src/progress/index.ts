export type { BuildEvent, BuildSummary, EmitEvent, PartChange, VertexOutcome } from "./build-event.ts";
export { createRenderer, type ProgressMode, progressModes, wantsColours } from "./create-renderer.ts";
export { quietAtFirst } from "./quiet-at-first.ts";
export { quietUntilWork } from "./quiet-until-work.ts";
export { reportBlobs, reportStep } from "./report-step.ts";
export { sanitizeLine } from "./terminal-text.ts";
export type { ProgressStream, Renderer, RendererOptions } from "./renderer.ts";
