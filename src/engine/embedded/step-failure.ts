import { CodedError } from "../../errors/index.ts";
import type { Vertex, VertexDigest } from "../../llb/index.ts";
import { TreeError } from "../../tree/index.ts";
import { EngineError } from "../engine-error.ts";

/** Why the process of a step could not even start, as BuildKit would say it; anything else as it is. */
export function processFailure(args: readonly string[], error: unknown): unknown {
  if (!(error instanceof CodedError)) return error;
  const exit = notStarted.has(error.code) ? "exit code: 1: " : "";
  if (exit === "" && !notPrepared.has(error.code) && !error.message.startsWith("Cannot mount ")) return error;
  const message = `${processMessage(args)}: ${exit}${error.message}`;
  return new EngineError("RUN_FAILED", message, { cause: error, hint: error.hint });
}

const notStarted: ReadonlySet<string> = new Set(["COMMAND_NOT_FOUND", "COMMAND_NOT_EXECUTABLE"]);
const notPrepared: ReadonlySet<string> = new Set(["UNKNOWN_USER", "UNKNOWN_GROUP"]);

/** Start of the message about a process that failed. */
export function processMessage(args: readonly string[]): string {
  const command = JSON.stringify(args.join(" ")); // on one line, whatever the command holds
  return `process ${command} did not complete successfully`;
}

/** Puts before the path that is missing where it was looked for, in BuildKit's words; its refs are numbers, ours name what is read. What
 * may not be read is told with what to do. */
export function explainSource(
  error: unknown,
  vertex: Vertex,
  vertices: ReadonlyMap<VertexDigest, Vertex>,
): unknown {
  if (!(error instanceof CodedError)) return error;
  if (isForbidden(error)) return withIgnoreHint(error, vertex, vertices);
  if (!isMissingSource(error)) return error;
  const ref = inputsRead(vertex)
    .map((index) => nameOf(vertices.get(vertex.inputs[index]!)))
    .join(", ");
  const leaving = leavingSource(error, vertex);
  const reason =
    leaving === undefined
      ? ""
      : `: ${JSON.stringify(leaving)} leads out of ${ref === "context" ? "the build context" : ref}`;
  error.message = `failed to calculate checksum of ref ${ref}: ${error.message}${reason}`;
  return error;
}

/** The source that was not found as it is written, when that means another place. */
function leavingSource({ message }: CodedError, { metadata }: Vertex): string | undefined {
  const [, path = ""] = /^"(\/.*)": not found$/s.exec(message) ?? [];
  return metadata.leavingSources?.[path];
}

function isForbidden({ code, message }: CodedError): boolean {
  return code === "UNREADABLE" && message.endsWith(": permission denied");
}

/** A file of the build context need not be one of the image. */
function withIgnoreHint(
  error: CodedError,
  vertex: Vertex,
  vertices: ReadonlyMap<VertexDigest, Vertex>,
): CodedError {
  const { message, cause, location } = error;
  if (!inputsRead(vertex).some((index) => isLocal(vertices.get(vertex.inputs[index]!)))) return error;
  const hint = "make it readable for this user, or leave it out with a line in .dockerignore";
  return new TreeError("UNREADABLE", message, { cause, location, hint });
}

function isLocal(vertex: Vertex | undefined): boolean {
  return vertex?.op.kind === "source" && vertex.op.identifier.startsWith("local://");
}

function isMissingSource({ code, message }: CodedError): boolean {
  return code === "NOT_FOUND" && /^"\/.*": not found$/s.test(message);
}

function inputsRead({ op }: Vertex): readonly number[] {
  if (op.kind === "file")
    return unique(op.actions.flatMap((each) => (each.kind === "copy" ? each.from : [])));
  if (op.kind !== "exec") return [];
  return unique(op.mounts.flatMap((each) => (each.type === "bind" && each.dest !== "/" ? each.input : [])));
}

function unique(indices: readonly number[]): readonly number[] {
  return [...new Set(indices)].filter((index) => index >= 0);
}

function nameOf(vertex: Vertex | undefined): string {
  if (vertex?.op.kind !== "source") return vertex?.metadata.stage ?? "scratch";
  return vertex.op.identifier.replace(/^(?:local|docker-image):\/\/|@sha256:.*$/g, "");
}
