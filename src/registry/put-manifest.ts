import type { IncomingMessage } from "node:http";
import { type Descriptor, formatReference, type ImageReference } from "../oci/index.ts";
import type { Semaphore } from "../util/index.ts";
import type { EndpointClient, EndpointRequest } from "./endpoint-client.ts";
import type { Endpoint } from "./endpoints.ts";
import { RegistryError } from "./registry-error.ts";
import type { RemoteDocument } from "./resolve-image.ts";

export interface PushContext {
  readonly client: EndpointClient;
  readonly endpoint: Endpoint;
  readonly reference: ImageReference;
  readonly blobSlots: Semaphore;
  readonly onProgress: ((blob: Descriptor, currentBytes: number) => void) | undefined;
  readonly signal: AbortSignal | undefined;
}

/** Nothing is sent where the key points to this manifest already, unless that is forced.
 * @returns the answer to what was sent */
export async function putManifest(
  context: PushContext,
  document: RemoteDocument,
  key: string,
  { isForced = false }: { readonly isForced?: boolean } = {},
): Promise<IncomingMessage | undefined> {
  const { client, endpoint } = context;
  const { mediaType, digest } = document.descriptor;
  if (!isForced && (await hasManifest(context, document, key))) return undefined;
  const stored = await client.send(endpoint, {
    ...common(context),
    method: "PUT",
    path: `manifests/${key}`,
    headers: { "content-type": mediaType, "content-length": document.bytes.length },
    body: () => document.bytes,
  });
  stored.resume();
  expectStatus(context, stored, 201, `manifest ${digest}`);
  const told = stored.headers["docker-content-digest"];
  if (told === undefined || told === digest) return stored;
  const what = `manifest has the wrong digest: expected ${digest}, got ${JSON.stringify(told)}`;
  throw new RegistryError("DIGEST_MISMATCH", `${subjectOf(context.reference)}: ${what}`);
}

async function hasManifest(
  context: PushContext,
  { descriptor: { mediaType, digest } }: RemoteDocument,
  key: string,
): Promise<boolean> {
  const { client, endpoint } = context;
  const found = await client.send(endpoint, {
    ...common(context),
    method: "HEAD",
    path: `manifests/${key}`,
    headers: { accept: mediaType },
    accept: [404],
  });
  found.resume();
  return found.statusCode === 200 && found.headers["docker-content-digest"] === digest;
}

/** @throws {RegistryError} `BAD_RESPONSE` */
export function expectStatus(
  context: PushContext,
  answer: IncomingMessage,
  status: number,
  what: string,
): void {
  if (answer.statusCode === status) return;
  const { reference, endpoint } = context;
  const message = `${endpoint.host} answered ${answer.statusCode} when it was sent ${what}`;
  throw new RegistryError("BAD_RESPONSE", `${subjectOf(reference)}: ${message}`);
}

/** What all requests of a push have in common. */
export function common({
  reference,
  signal,
}: PushContext): Pick<EndpointRequest, "actions" | "subject" | "signal"> {
  return { actions: "pull,push", subject: subjectOf(reference), signal };
}

/** Start of error messages. */
export function subjectOf(reference: ImageReference): string {
  return `Cannot push ${formatReference(reference)}`;
}
