export type { Configuration, Mirror, RegistryConfiguration } from "./configuration.ts";
export type { Credentials, CredentialSource } from "./credentials.ts";
export { dockerCredentials, type DockerCredentialsOptions } from "./docker-credentials.ts";
export type { BlobSink } from "./fetch-blob.ts";
export type { NetworkLimits } from "./limits.ts";
export {
  createHttpClient,
  type HttpClient,
  type HttpClientOptions,
  type HttpRequest,
} from "./http-client.ts";
export { type CredentialPlace, eraseCredentials, type LoginOptions, storeCredentials } from "./login.ts";
export { type OpenRegistryOptions, openRegistryClient } from "./open-registry-client.ts";
export type { PushImage, PushResult } from "./push-image.ts";
export {
  createRegistryClient,
  type PushOptions,
  type FetchBlobOptions,
  type RegistryClient,
  type RegistryClientOptions,
} from "./registry-client.ts";
export { type Artifact, blobOf, toArtifact } from "./to-artifact.ts";
export type { PushBlob } from "./upload-blob.ts";
export { RegistryError, type RegistryErrorCode } from "./registry-error.ts";
export type { RemoteDocument, ResolvedImage } from "./resolve-image.ts";
