export type {
  FetchedCommit,
  FetchedFile,
  FetchedSource,
  FetchReport,
  RemoteSourcesOptions,
} from "./fetched-source.ts";
export { RemoteSources } from "./remote-sources.ts";
export { SourceError, type SourceErrorCode } from "./source-error.ts";
