export type { BuildEvent, BuildSummary, EmitEvent, VertexOutcome } from "./build-event.ts";
