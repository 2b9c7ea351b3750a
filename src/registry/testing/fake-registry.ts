import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { type Descriptor, type Digest, digestOf, mediaTypes, type Platform } from "../../oci/index.ts";
import { type FakeAuth, FakeAuthServer } from "./fake-auth.ts";
import { type Fault, playFault } from "./fake-faults.ts";
import { readAll, sendError } from "./fake-http.ts";
import { sendReferrers, subjectOf } from "./fake-referrers.ts";
import { handleUpload, type UploadState } from "./fake-uploads.ts";

export interface FakeRegistryOptions {
  /** Default: everybody may do everything. */
  readonly auth?: FakeAuth;
  /** Answers the referrers API with so many to a page; default: knows nothing of subjects. */
  readonly referrersPerPage?: number;
  readonly tls?: { readonly key: string; readonly cert: string };
}

export interface RecordedRequest {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  readonly authorization: string | undefined;
  readonly range: string | undefined;
}

export interface FakeImageOptions {
  /** Bytes of the layers, as they travel. */
  readonly layers: readonly Uint8Array[];
  readonly layerType?: string;
  /** `docker` writes Docker's media types; default `oci`. */
  readonly form?: "oci" | "docker";
  readonly platform?: Platform;
  /** In place of the generated image config. */
  readonly config?: unknown;
}

export interface FakeImage {
  readonly manifest: Descriptor;
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
}

interface FaultRule {
  readonly method: string;
  readonly path: RegExp;
  readonly fault: Fault;
  times: number;
}

/** A registry on a port of 127.0.0.1 that keeps everything in memory, records what it is asked, and fails as it is told. */
export class FakeRegistry implements AsyncDisposable {
  readonly requests: RecordedRequest[] = [];
  readonly blobs = new Map<Digest, Uint8Array>();
  /** By `<repository>@<digest>` and `<repository>:<tag>`. */
  readonly manifests = new Map<string, { readonly mediaType: string; readonly bytes: Uint8Array }>();
  readonly #server: Server;
  readonly #auth: FakeAuthServer | undefined;
  readonly #rules: FaultRule[] = [];
  readonly uploads: UploadState = { chunks: new Map(), next: 1 };

  readonly #referrersPerPage: number | undefined;

  private constructor(server: Server, { auth, referrersPerPage }: FakeRegistryOptions) {
    this.#server = server;
    this.#auth = auth && new FakeAuthServer(auth);
    this.#referrersPerPage = referrersPerPage;
  }

  static async start(options: FakeRegistryOptions = {}): Promise<FakeRegistry> {
    const listener = (request: IncomingMessage, response: ServerResponse) => {
      registry.#handle(request, response).catch(() => response.destroy());
    };
    const server = options.tls ? createTlsServer(options.tls, listener) : createServer(listener);
    const registry = new FakeRegistry(server, options);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return registry;
  }

  /** `127.0.0.1:<port>`. */
  get host(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  addBlob(bytes: Uint8Array, mediaType = "application/octet-stream"): Descriptor {
    const digest = digestOf(bytes);
    this.blobs.set(digest, bytes);
    return { mediaType, digest, size: bytes.length };
  }

  /** Stores an image of these layers and points `tag` to its manifest. */
  addImage(repository: string, tag: string, options: FakeImageOptions): FakeImage {
    const isDocker = options.form === "docker";
    const platform = options.platform ?? { os: "linux", architecture: "amd64" };
    const diffIDs = options.layers.map((layer) => digestOf(layer));
    const config = options.config ?? {
      ...platform,
      config: {},
      rootfs: { type: "layers", diff_ids: diffIDs },
    };
    const layerType = options.layerType ?? (isDocker ? mediaTypes.dockerLayer : mediaTypes.ociLayer);
    const manifest = {
      schemaVersion: 2,
      mediaType: isDocker ? mediaTypes.dockerManifest : mediaTypes.ociManifest,
      config: this.addBlob(json(config), isDocker ? mediaTypes.dockerConfig : mediaTypes.ociConfig),
      layers: options.layers.map((layer) => this.addBlob(layer, layerType)),
    };
    const descriptor = this.addManifest(repository, tag, json(manifest), manifest.mediaType);
    return { manifest: { ...descriptor, platform }, config: manifest.config, layers: manifest.layers };
  }

  /** Stores an index of images and points `tag` to it. */
  addIndex(repository: string, tag: string, manifests: readonly Descriptor[]): Descriptor {
    const index = { schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests };
    return this.addManifest(repository, tag, json(index), index.mediaType);
  }

  addManifest(repository: string, key: string, bytes: Uint8Array, mediaType: string): Descriptor {
    const digest = digestOf(bytes);
    this.manifests.set(`${repository}@${digest}`, { mediaType, bytes });
    if (!key.startsWith("sha256:")) this.manifests.set(`${repository}:${key}`, { mediaType, bytes });
    return { mediaType, digest, size: bytes.length };
  }

  /** Plays `fault` for the next `times` requests of this method whose path matches. */
  fail(method: string, path: RegExp, fault: Fault, times = 1): void {
    this.#rules.push({ method, path, fault, times });
  }

  /** Tokens given so far are refused from now on. */
  revokeTokens(): void {
    this.#auth?.revoke();
  }

  /** How many requests of this method had a matching path. */
  count(method: string, path: RegExp): number {
    return this.requests.filter((request) => request.method === method && path.test(request.url)).length;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = "GET", url = "/", headers } = request;
    this.requests.push({ method, url, authorization: headers.authorization, range: headers.range });
    const rule = this.#rules.find((each) => each.times > 0 && each.method === method && each.path.test(url));
    if (rule) rule.times--;
    if (rule && playFault(rule.fault, response)) return;
    if (this.#auth && !(await this.#auth.admit(request, response, this.host))) return;
    const target = new URL(url, "http://fake");
    const [, repository = "", kind, key = ""] =
      /^\/v2\/(.+)\/(manifests|blobs|referrers)\/(.*)$/.exec(target.pathname) ?? [];
    if (kind === "referrers" && this.#referrersPerPage !== undefined)
      sendReferrers(response, {
        target,
        repository,
        manifests: this.manifests,
        perPage: this.#referrersPerPage,
      });
    else if (kind === "manifests") await this.#handleManifest(request, response, repository, key);
    else if (kind === "blobs" && key.startsWith("uploads/")) {
      await handleUpload(request, response, {
        repository,
        target,
        blobs: this.blobs,
        uploads: this.uploads,
      });
    } else if (kind === "blobs") this.#sendBlob(request, response, key as Digest, rule?.fault);
    else
      sendError(
        response,
        target.pathname === "/v2/" ? 200 : 404,
        "NAME_UNKNOWN",
        "repository name not known to registry",
      );
  }

  async #handleManifest(request: IncomingMessage, response: ServerResponse, repository: string, key: string) {
    if (request.method === "PUT") {
      const bytes = await readAll(request);
      const { digest } = this.addManifest(repository, key, bytes, request.headers["content-type"] ?? "");
      const subject = this.#referrersPerPage === undefined ? undefined : subjectOf(bytes);
      const told = {
        "docker-content-digest": digest,
        ...(subject !== undefined && { "oci-subject": subject }),
      };
      return response.writeHead(201, told).end();
    }
    const found = this.manifests.get(`${repository}${key.startsWith("sha256:") ? "@" : ":"}${key}`);
    if (!found) return sendError(response, 404, "MANIFEST_UNKNOWN", "manifest unknown");
    const { mediaType, bytes } = found;
    response.writeHead(200, {
      "content-type": mediaType,
      "content-length": bytes.length,
      "docker-content-digest": digestOf(bytes),
    });
    return response.end(request.method === "HEAD" ? undefined : bytes);
  }

  #sendBlob(
    request: IncomingMessage,
    response: ServerResponse,
    digest: Digest,
    fault: Fault | undefined,
  ): void {
    const bytes = this.blobs.get(digest);
    if (!bytes) return sendError(response, 404, "BLOB_UNKNOWN", "blob unknown to registry");
    const start = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? "")?.[1] ?? 0);
    const isPart = start > 0 && fault?.kind !== "ignore-range";
    const body = isPart ? bytes.subarray(start) : bytes;
    response.writeHead(isPart ? 206 : 200, {
      "content-length": body.length,
      "docker-content-digest": digest,
      ...(isPart ? { "content-range": `bytes ${start}-${bytes.length - 1}/${bytes.length}` } : {}),
    });
    if (request.method === "HEAD") response.end();
    else if (fault?.kind === "cut")
      response.write(body.subarray(0, fault.afterBytes), () => response.destroy());
    else if (fault?.kind === "stall") response.write(body.subarray(0, fault.afterBytes));
    else response.end(body);
  }
}

function json(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value));
}
