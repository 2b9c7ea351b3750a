export {
  type Definition,
  DefinitionBuilder,
  type Graph,
  joinDefinitions,
  type Vertex,
  type VertexMetadata,
} from "./definition.ts";
export { addFetchedContext, type FetchedContext } from "./fetched-context.ts";
export { gitSourceOf } from "./git-source.ts";
export { type GitReference, parseGitReference } from "./git-reference.ts";
export type {
  CopyAction,
  ExecOp,
  FileAction,
  FileOp,
  MkDirAction,
  MkFileAction,
  Mount,
  Op,
  Owner,
  SourceOp,
  VertexDigest,
} from "./ops.ts";
export {
  type GitSource,
  gitSourceOp,
  type HttpSource,
  httpSourceOp,
  toGitSource,
  toHttpSource,
} from "./remote-source.ts";
