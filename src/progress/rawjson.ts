import { digestOf } from "../oci/index.ts";
import type { BuildEvent } from "./build-event.ts";
import { BuildState, type StatusItem, type VertexState } from "./build-state.ts";
import type { Renderer, RendererOptions } from "./renderer.ts";
import { isoTime } from "../util/index.ts";

/** One JSON object per line in the form of BuildKit's `SolveStatus` (client/graph.go), as `docker build --progress rawjson`
 * writes it. Notes and the summary have no place there and are left out. */
export function createRawJsonRenderer({ stream }: Pick<RendererOptions, "stream">): Renderer {
  const state = new BuildState();
  return {
    handle(event) {
      state.apply(event);
      const status = solveStatus(event, state);
      if (status) stream.write(`${JSON.stringify(status)}\n`);
    },
    close() {},
  };
}

function solveStatus(event: BuildEvent, state: BuildState): object | undefined {
  switch (event.kind) {
    case "vertex":
    case "vertex-started":
    case "vertex-completed":
      return { vertexes: [vertexJson(state.vertex(event.id))] };
    case "vertex-log":
      return { logs: [logJson(event)] };
    case "vertex-status":
      return { statuses: [statusJson(event.id, state.vertex(event.id).statuses.get(event.item)!)] };
    case "warning":
      return { warnings: [warningJson(event)] };
    case "note":
    case "build-completed":
      return undefined;
    default:
      return event satisfies never;
  }
}

function vertexJson(vertex: VertexState): object {
  const { startedMs, completedMs, outcome } = vertex;
  return {
    digest: vertexDigest(vertex.id),
    ...(vertex.inputs.length > 0 ? { inputs: vertex.inputs.map(vertexDigest) } : {}),
    name: vertex.name,
    ...(startedMs === undefined ? {} : { started: timestamp(startedMs) }),
    ...(completedMs === undefined ? {} : { completed: timestamp(completedMs) }),
    ...(startedMs === undefined && completedMs !== undefined ? { started: timestamp(completedMs) } : {}),
    ...(outcome === "cached" ? { cached: true } : {}),
    ...(outcome === "failed" ? { error: vertex.error ?? "failed" } : {}),
    ...(outcome === "cancelled" ? { error: "context canceled" } : {}),
  };
}

function logJson(event: BuildEvent & { kind: "vertex-log" }): object {
  return {
    vertex: vertexDigest(event.id),
    stream: event.stream,
    data: Buffer.from(event.text).toString("base64"),
    timestamp: timestamp(event.timeMs),
  };
}

function statusJson(vertex: string, status: StatusItem): object {
  return {
    id: status.item,
    vertex: vertexDigest(vertex),
    ...(status.total === undefined ? {} : { total: status.total }),
    current: status.current,
    timestamp: timestamp(status.timeMs),
    started: timestamp(status.startedMs),
    ...(status.isDone ? { completed: timestamp(status.timeMs) } : {}),
  };
}

function warningJson({ diagnostic }: BuildEvent & { kind: "warning" }): object {
  const { file, range, text } = diagnostic.location;
  const base64 = (value: string) => Buffer.from(value).toString("base64");
  return {
    vertex: vertexDigest("internal:load build definition"),
    level: 1,
    short: base64(`${diagnostic.rule}: ${diagnostic.message}`),
    ...(diagnostic.hint === undefined ? {} : { detail: [base64(diagnostic.hint)] }),
    ...(diagnostic.url === undefined ? {} : { url: diagnostic.url }),
    sourceInfo: { filename: file, data: base64(text) },
    range: [{ start: { line: range.startLine }, end: { line: range.endLine } }],
  };
}

/** Readers of this format expect a digest; work that is no step has none of its own. */
function vertexDigest(id: string): string {
  return id.startsWith("sha256:") ? id : digestOf(id);
}

function timestamp(timeMs: number): string {
  return isoTime(timeMs);
}
