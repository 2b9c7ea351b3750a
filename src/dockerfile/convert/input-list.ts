import type { VertexDigest } from "../../llb/index.ts";

/** The inputs of an operation, each once, in the order they were first asked for. */
export class InputList {
  readonly digests: VertexDigest[] = [];

  /** Number of the input; -1 for an empty tree. */
  add(digest: VertexDigest | undefined): number {
    if (digest === undefined) return -1;
    const known = this.digests.indexOf(digest);
    return known >= 0 ? known : this.digests.push(digest) - 1;
  }
}
