import type { IncomingMessage, ServerResponse } from "node:http";
import { type Digest, digestOf } from "../../oci/index.ts";
import { readAll, sendError } from "./fake-http.ts";

export interface UploadState {
  readonly chunks: Map<string, Buffer[]>;
  next: number;
  /** Longer requests are refused, as by a proxy. */
  limitBytes?: number;
}

interface UploadContext {
  readonly repository: string;
  readonly target: URL;
  readonly blobs: Map<Digest, Uint8Array>;
  readonly uploads: UploadState;
}

/** Blob uploads of the distribution specification: mount, and POST, PATCH, PUT. */
export async function handleUpload(
  request: IncomingMessage,
  response: ServerResponse,
  context: UploadContext,
): Promise<void> {
  const { repository, target, blobs, uploads } = context;
  const id = target.pathname.split("/").at(-1)!;
  if (request.method === "POST") {
    const mount = target.searchParams.get("mount") as Digest | null;
    if (mount && blobs.has(mount)) return void response.writeHead(201).end();
    const session = `upload-${uploads.next++}`;
    uploads.chunks.set(session, []);
    return void response
      .writeHead(202, { location: `/v2/${repository}/blobs/uploads/${session}?state=x` })
      .end();
  }
  const chunks = uploads.chunks.get(id);
  if (!chunks) return void response.writeHead(404).end();
  const body = await readAll(request);
  const { limitBytes = Number.POSITIVE_INFINITY } = uploads;
  if (body.length > limitBytes) return void response.writeHead(413).end();
  chunks.push(body);
  if (request.method === "PATCH") return void response.writeHead(202, { location: target.pathname }).end();
  const bytes = Buffer.concat(chunks);
  const digest = target.searchParams.get("digest") as Digest;
  uploads.chunks.delete(id);
  if (digestOf(bytes) !== digest) {
    return sendError(response, 400, "DIGEST_INVALID", "provided digest did not match uploaded content");
  }
  blobs.set(digest, bytes);
  response.writeHead(201, { "docker-content-digest": digest }).end();
}
