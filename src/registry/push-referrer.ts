import { setTimeout as sleep } from "node:timers/promises";
import {
  type Descriptor,
  type Digest,
  digestOf,
  encodeIndex,
  type Index,
  mediaTypes,
  parseManifestOrIndex,
} from "../oci/index.ts";
import { type PushContext, putManifest, subjectOf } from "./put-manifest.ts";
import { fallbackTag, readFallback } from "./referrers.ts";
import { RegistryError } from "./registry-error.ts";
import type { RemoteDocument } from "./resolve-image.ts";

/** Others may write at the same time; each of them succeeds in one of its tries. */
const maxTries = 8;
const minPauseMs = 10;

/** Puts a manifest that is about another one, so that it is found among its referrers: by the registry itself, or where that knows no
 * subjects, through an index under the fallback tag.
 * @throws {RegistryError} */
export async function pushReferrer(context: PushContext, document: RemoteDocument): Promise<void> {
  const { descriptor, bytes } = document;
  const parsed = parseManifestOrIndex(bytes, descriptor.mediaType);
  const { subject } = parsed.kind === "index" ? parsed.index : parsed.manifest;
  if (!subject) throw new Error(`Internal error: referrer ${descriptor.digest} has no subject`);
  const stored = await putManifest(context, document, descriptor.digest, { isForced: true });
  if (stored?.headers["oci-subject"] === subject.digest) return;
  await addToFallback(context, subject.digest, describeReferrer(document));
}

/** What an index of referrers says of one: its type and its annotations too. */
function describeReferrer({ descriptor, bytes }: RemoteDocument): Descriptor {
  const parsed = parseManifestOrIndex(bytes, descriptor.mediaType);
  const { mediaType, digest, size } = descriptor;
  const { annotations, artifactType } = parsed.kind === "index" ? parsed.index : parsed.manifest;
  const type = artifactType ?? (parsed.kind === "manifest" ? parsed.manifest.config.mediaType : undefined);
  return {
    mediaType,
    digest,
    size,
    ...(annotations && { annotations }),
    ...(type !== undefined && { artifactType: type }),
  };
}

/** Who writes to which fallback tag now: those of one process take turns. */
const turns = new Map<string, Promise<void>>();

async function addToFallback(context: PushContext, subject: Digest, added: Descriptor): Promise<void> {
  const { host, repository } = context.endpoint;
  const place = `${host}/${repository}:${fallbackTag(subject)}`;
  const before = turns.get(place) ?? Promise.resolve();
  const turn = before.catch(() => {}).then(() => addInTurn(context, subject, added));
  turns.set(place, turn);
  try {
    await turn;
  } finally {
    if (turns.get(place) === turn) turns.delete(place);
  }
}

/** Registries cannot add to a tag. So the index is read, written with one more, and read again when whoever read it before that has
 * written too; what another writer has overwritten is written once more. */
async function addInTurn(context: PushContext, subject: Digest, added: Descriptor): Promise<void> {
  for (let tries = 0; tries < maxTries; tries++) {
    const startedAtMs = Date.now();
    const known = await readFallback(toRead(context), subject);
    if (known?.manifests.some(({ digest }) => digest === added.digest)) return;
    await putManifest(context, withReferrer(known, added), fallbackTag(subject), { isForced: true });
    // Others need about as long as we did from reading to writing.
    const pauseMs = minPauseMs + 2 * (Date.now() - startedAtMs) + Math.random() * 50 * tries;
    await sleep(pauseMs, undefined, context.signal ? { signal: context.signal } : {});
  }
  const what = `other clients keep overwriting the tag ${fallbackTag(subject)}`;
  throw new RegistryError("BAD_RESPONSE", `${subjectOf(context.reference)}: ${what}`, { hint: "try again" });
}

function withReferrer(known: Index | undefined, added: Descriptor): RemoteDocument {
  const index: Index = {
    schemaVersion: 2,
    mediaType: mediaTypes.ociIndex,
    ...(known?.annotations && { annotations: known.annotations }),
    manifests: [...(known?.manifests ?? []), added],
  };
  const bytes = Buffer.from(encodeIndex(index));
  const descriptor = { mediaType: mediaTypes.ociIndex, digest: digestOf(bytes), size: bytes.length };
  return { descriptor, bytes };
}

function toRead({ client, endpoint, reference, signal }: PushContext) {
  return { client, endpoint, reference, subject: subjectOf(reference), signal };
}
