import {
  type Descriptor,
  type Digest,
  formatReference,
  type ImageReference,
  type Platform,
} from "../oci/index.ts";
import { Semaphore } from "../util/index.ts";
import { type Configuration, emptyConfiguration } from "./configuration.ts";
import type { CredentialSource } from "./credentials.ts";
import { dockerCredentials } from "./docker-credentials.ts";
import { EndpointClient } from "./endpoint-client.ts";
import { type Endpoint, endpointsOf, isInsecureHost } from "./endpoints.ts";
import { type BlobSink, fetchBlob as fetchFromEach } from "./fetch-blob.ts";
import { defaultLimits, type NetworkLimits } from "./limits.ts";
import { listTags } from "./list-tags.ts";
import { type PushImage, type PushResult, pushToAll } from "./push-image.ts";
import type { PushContext } from "./put-manifest.ts";
import { readBlobBytes } from "./read-blob.ts";
import { joinLists, listReferrers } from "./referrers.ts";
import { RegistryError, type RegistryErrorCode } from "./registry-error.ts";
import {
  type RemoteDocument,
  type ResolveContext,
  type ResolvedImage,
  resolveDigest,
  resolveDocument,
  resolveImage,
} from "./resolve-image.ts";
import { TlsSettings } from "./tls-settings.ts";
import { Transport } from "./transport.ts";

export interface RegistryClientOptions {
  /** Mirrors and insecure registries; default: none. */
  readonly configuration?: Configuration;
  /** Default: what `docker login` left. */
  readonly credentials?: CredentialSource;
  /** Docker's config.json, in place of `$DOCKER_CONFIG/config.json` or `~/.docker/config.json`. */
  readonly dockerConfigPath?: string;
  /** Ends everything that is under way; its reason is what calls then throw. */
  readonly signal?: AbortSignal;
  /** Told why something is tried again or elsewhere. */
  readonly note?: (text: string) => void;
  readonly limits?: Partial<NetworkLimits>;
  readonly env?: NodeJS.ProcessEnv;
  /** In place of docker's and our own `certs.d`. */
  readonly certificateDirs?: readonly string[];
}

export interface FetchBlobOptions {
  /** Bytes received so far; called for every piece. */
  readonly onProgress?: (currentBytes: number, totalBytes: number) => void;
}

export interface PushOptions {
  /** Bytes of a blob sent so far; its whole size when it was there. Starts again when an upload does. */
  readonly onProgress?: (blob: Descriptor, currentBytes: number) => void;
}

/** A client of registries that speak the OCI distribution specification. Safe for parallel use; keeps connections and tokens
 * until it is disposed. Credentials go to their own registry only. */
export interface RegistryClient extends AsyncDisposable {
  /** Finds the manifest of `platform` (through an index, if there is one) and its config, both verified.
   * @throws {RegistryError} */
  resolve(reference: ImageReference, platform: Platform): Promise<ResolvedImage>;
  /** The document that the reference names, a manifest or an index of whatever artifact, verified.
   * @throws {RegistryError} */
  resolveManifest(reference: ImageReference): Promise<RemoteDocument>;
  /** What a tag points to now. Cheap: only headers travel, and registries do not count it as a pull.
   * @throws {RegistryError} */
  resolveDigest(reference: ImageReference): Promise<Digest>;
  /** The manifests of the repository that are about the one of a digest, whatever they are: those that the registry lists, and its
   * mirrors, which may know fewer. Mirrors alone suffice where the registry cannot be reached.
   * @param artifactType only those of this type
   * @throws {RegistryError} */
  listReferrers(
    reference: ImageReference & { readonly digest: Digest },
    artifactType?: string,
  ): Promise<readonly Descriptor[]>;
  /** The tags of a repository, in the registry's order.
   * @throws {RegistryError} */
  listTags(repository: ImageReference): Promise<readonly string[]>;
  /** Streams one blob of the image into `sink`; resumes what breaks, and fetches from elsewhere what is wrong.
   * @throws {RegistryError} | what `sink` throws */
  fetchBlob(
    reference: ImageReference,
    descriptor: Descriptor,
    sink: BlobSink,
    options?: FetchBlobOptions,
  ): Promise<void>;
  /** The bytes of one small blob, verified.
   * @throws {RegistryError} also `SIZE_EXCEEDED` when it has more than `limitBytes` */
  readBlob(reference: ImageReference, descriptor: Descriptor, limitBytes: number): Promise<Buffer>;
  /** Pushes an image under every one of `references`: what a registry has is not sent again, and within one registry blobs are
   * taken over from the repository before. Mirrors have no part in it.
   * @throws {RegistryError} | what a blob's `open` throws */
  push(references: readonly ImageReference[], image: PushImage, options?: PushOptions): Promise<PushResult>;
  /** Finds out whether a registry lets us in.
   * @param registry host as in image names, `docker.io` for Docker Hub
   * @throws {RegistryError} `UNAUTHORIZED` when it does not know these credentials */
  authenticate(registry: string): Promise<void>;
}

/** A mirror that fails so, all its tries included, is not asked again: each request would wait for it anew. */
const deadly: ReadonlySet<RegistryErrorCode> = new Set(["UNREACHABLE", "INTERRUPTED", "SERVER_ERROR"]);

/** Creates a client; nothing is read and no connection is made before the first call. */
export function createRegistryClient(options: RegistryClientOptions = {}): RegistryClient {
  const { configuration = emptyConfiguration, note = () => {}, signal } = options;
  const limits = { ...defaultLimits, ...options.limits };
  const mayBePlain = (host: string) => isInsecureHost(host, configuration);
  const credentials =
    options.credentials ?? dockerCredentials({ ...options, file: options.dockerConfigPath });
  const transport = new Transport({
    limits,
    tls: new TlsSettings({ ...options, isInsecure: mayBePlain }),
    env: options.env ?? process.env,
  });
  const client = new EndpointClient({ transport, credentials, limits, mayBePlain, note });
  const blobs = new Semaphore(limits.maxBlobs);
  const dead = new Set<string>();

  const onFailure = ({ host, isMirror }: Endpoint, { code }: RegistryError) => {
    if (isMirror && deadly.has(code)) dead.add(host);
  };
  const endpointsFor = ({ domain, path }: ImageReference): Endpoint[] =>
    endpointsOf(domain, path, configuration).filter(({ isMirror, host }) => !isMirror || !dead.has(host));

  const atEachEndpoint = async <Value>(
    reference: ImageReference,
    ask: (context: ResolveContext) => Promise<Value>,
  ): Promise<Value> => {
    const subject = `Cannot pull ${formatReference(reference)}`;
    const failures: string[] = [];
    for (const endpoint of endpointsFor(reference)) {
      try {
        return await ask({ client, endpoint, reference, subject, signal });
      } catch (error) {
        if (!(error instanceof RegistryError)) throw error;
        if (!endpoint.isMirror) throw withMirrors(error, failures);
        onFailure(endpoint, error);
        failures.push(`mirror ${endpoint.host}: ${error.message.replace(`${subject}: `, "")}`);
        note(`${error.message}, at mirror ${endpoint.host}; asking the next one`);
      }
    }
    throw new Error("Internal error: a repository without a registry");
  };

  const fetchBlob: RegistryClient["fetchBlob"] = (reference, descriptor, sink, { onProgress } = {}) => {
    const subject = `Cannot pull ${formatReference(reference)}`;
    return blobs.run(() => {
      signal?.throwIfAborted();
      const endpoints = endpointsFor(reference);
      return fetchFromEach(
        { client, endpoints, descriptor, subject, onProgress, onFailure, note, signal },
        sink,
      );
    });
  };

  return {
    resolve: (reference, platform) => atEachEndpoint(reference, (context) => resolveImage(context, platform)),
    resolveManifest: (reference) => atEachEndpoint(reference, resolveDocument),
    resolveDigest: (reference) => atEachEndpoint(reference, resolveDigest),
    listReferrers: async (reference, artifactType) => {
      const subject = `Cannot list the referrers of ${formatReference(reference)}`;
      const lists = endpointsFor(reference).map((endpoint) =>
        listReferrers({ client, endpoint, reference, subject, signal }, reference.digest, artifactType),
      );
      return joinLists(await Promise.allSettled(lists));
    },
    listTags: (repository) => atEachEndpoint(repository, listTags),
    fetchBlob,
    readBlob: (reference, descriptor, limitBytes) =>
      readBlobBytes(descriptor, limitBytes, (sink) => fetchBlob(reference, descriptor, sink)),
    push: (references, image, { onProgress } = {}) => {
      const repository = ({ domain, path }: ImageReference): PushContext => ({
        client,
        endpoint: endpointsOf(domain, path, configuration).at(-1)!,
        reference: references.find((each) => each.domain === domain && each.path === path)!,
        blobSlots: blobs,
        onProgress,
        signal,
      });
      return pushToAll(references, image, repository);
    },
    authenticate: async (registry) => {
      const endpoint = endpointsOf(registry, "", configuration).at(-1)!;
      const subject = `Cannot log in to ${registry}`;
      const answer = await client.send(endpoint, { method: "GET", path: "/v2/", subject, signal });
      answer.resume();
    },
    async [Symbol.asyncDispose]() {
      await transport.close();
    },
  };
}

/** The registry's own answer counts; what its mirrors said may be what has to be repaired. */
function withMirrors(error: RegistryError, failures: readonly string[]): RegistryError {
  if (failures.length === 0) return error;
  const { code, hint, cause } = error;
  return new RegistryError(code, `${error.message} (${failures.join("; ")})`, { hint, cause });
}
