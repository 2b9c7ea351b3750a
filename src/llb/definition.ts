import { hash } from "node:crypto";
import type { SourceLocation } from "../errors/index.ts";
import { canonicalJson } from "../util/index.ts";
import type { Op, VertexDigest } from "./ops.ts";

/** What is known of an operation beside its identity: never part of a digest or a cache key. */
export interface VertexMetadata {
  /** Shown to people: `[builder 3/4] RUN go build`. */
  readonly description: string;
  /** Name of the stage it was first met in. */
  readonly stage?: string;
  readonly location?: SourceLocation;
  /** Run even if a result is cached. */
  readonly ignoreCache?: boolean;
  /** Which variables of the operation's environment are build arguments. */
  readonly argNames?: readonly string[];
  /** Sources as they are written, by their path in the operation, that `..` would lead out of the tree that they are read in. */
  readonly leavingSources?: Readonly<Record<string, string>> | undefined;
}

export interface Vertex {
  readonly digest: VertexDigest;
  readonly op: Op;
  readonly inputs: readonly VertexDigest[];
  readonly metadata: VertexMetadata;
}

/** Every vertex after its inputs. */
export interface Graph {
  readonly vertices: ReadonlyMap<VertexDigest, Vertex>;
}

/** A build graph, and the vertex that is the result; no `root` = an empty image (scratch). */
export interface Definition extends Graph {
  readonly root: VertexDigest | undefined;
}

/** Collects vertices; equal work, whichever stage asks for it, becomes one vertex. */
export class DefinitionBuilder {
  readonly #vertices = new Map<VertexDigest, Vertex>();

  /** Adds an operation and returns its digest.
   * @throws {Error} internal error when an input was not added before */
  add(op: Op, inputs: readonly VertexDigest[], metadata: VertexMetadata): VertexDigest {
    for (const input of inputs) {
      if (!this.#vertices.has(input))
        throw new Error(`Internal error: vertex input ${input} is not in the graph`);
    }
    const digest = vertexDigest(op, inputs);
    const known = this.#vertices.get(digest);
    if (!known) this.#vertices.set(digest, { digest, op, inputs, metadata });
    else if (metadata.ignoreCache && !known.metadata.ignoreCache) {
      this.#vertices.set(digest, { ...known, metadata: { ...known.metadata, ignoreCache: true } });
    }
    return digest;
  }

  /** The vertices that `root` needs, in an order where inputs come first. */
  build(root: VertexDigest | undefined): Definition {
    const needed = new Set(root ? [root] : []);
    // A set is walked on while it grows.
    for (const digest of needed) {
      for (const input of this.#vertices.get(digest)!.inputs) needed.add(input);
    }
    return { vertices: new Map([...this.#vertices].filter(([digest]) => needed.has(digest))), root };
  }
}

/** One graph of several; equal vertices are one, and run again if any of them is to.
 * @returns the roots, each once, without those that are scratch */
export function joinDefinitions(definitions: readonly Definition[]): {
  readonly graph: Graph;
  readonly roots: readonly VertexDigest[];
} {
  const vertices = new Map<VertexDigest, Vertex>();
  for (const vertex of definitions.flatMap((definition) => [...definition.vertices.values()])) {
    const known = vertices.get(vertex.digest);
    if (!known || (vertex.metadata.ignoreCache && !known.metadata.ignoreCache)) {
      vertices.set(
        vertex.digest,
        known ? { ...known, metadata: { ...known.metadata, ignoreCache: true } } : vertex,
      );
    }
  }
  const roots = new Set(definitions.flatMap(({ root }) => root ?? []));
  return { graph: { vertices }, roots: [...roots] };
}

function vertexDigest(op: Op, inputs: readonly VertexDigest[]): VertexDigest {
  return `sha256:${hash("sha256", canonicalJson({ op, inputs }))}` as VertexDigest;
}
