export {
  type Definition,
  DefinitionBuilder,
  type Graph,
  joinDefinitions,
  type Vertex,
  type VertexMetadata,
} from "./definition.ts";
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
