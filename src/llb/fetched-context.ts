import type { DefinitionBuilder } from "./definition.ts";
import type { SourceOp, VertexDigest } from "./ops.ts";

/** A main build context, or a named one, that is no directory of the session. */
export interface FetchedContext {
  /** Brings a tree in. */
  readonly op: SourceOp;
  /** What is done, for people: `[internal] load git source https://…`. */
  readonly description: string;
  /** Name of the file of that tree that is an archive of the context; absent: the tree is the context. */
  readonly archive?: string;
}

/** Adds the vertices of a context and returns that of its tree. */
export function addFetchedContext(
  definition: DefinitionBuilder,
  { op, description, archive }: FetchedContext,
): VertexDigest {
  const source = definition.add(op, [], { description });
  if (archive === undefined) return source;
  const unpack = {
    kind: "copy",
    from: 0,
    source: `/${archive}`,
    dest: "/",
    followSymlink: false,
    copyDirContents: false,
    attemptUnpack: true,
    createDestPath: true,
    allowWildcard: false,
    allowEmptyWildcard: false,
  } as const;
  const unpackOp = { kind: "file", base: -1, actions: [unpack] } as const;
  return definition.add(unpackOp, [source], { description: `copy /${archive} /` });
}
