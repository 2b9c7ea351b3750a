import assert from "node:assert/strict";
import { test } from "node:test";
import { type Descriptor, digestOf, encodeIndex, mediaTypes, parseReference } from "../oci/index.ts";
import type { RemoteDocument } from "../registry/index.ts";
import { collectDocuments } from "./collect-documents.ts";

const source = parseReference("registry.example/app");

function indexOf(manifests: readonly Descriptor[], note = ""): RemoteDocument {
  const mediaType = mediaTypes.ociIndex;
  const bytes = Buffer.from(encodeIndex({ schemaVersion: 2, mediaType, manifests, annotations: { note } }));
  return { bytes, descriptor: { mediaType, digest: digestOf(bytes), size: bytes.length } };
}

/** How often a registry is asked until a copy of `top` is refused. */
async function refused(top: RemoteDocument, others: readonly RemoteDocument[]) {
  let asked = 0;
  const resolveManifest = ({ digest }: { readonly digest?: string | undefined }): Promise<RemoteDocument> => {
    asked++;
    return Promise.resolve(others.find(({ descriptor }) => descriptor.digest === digest) ?? top);
  };
  const error: unknown = await collectDocuments({ resolveManifest }, source).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  return { asked, message: (error as Error | undefined)?.message };
}

test("an index that names one manifest again and again is refused before any is asked for", async () => {
  const empty = indexOf([]);
  const { asked, message } = await refused(indexOf(Array<Descriptor>(1000).fill(empty.descriptor)), [empty]);
  assert.equal(message, "Cannot copy registry.example/app:latest: it has more than 1000 manifests");
  assert.equal(asked, 1);
});

test("manifests of an index that fill the memory together are refused", async () => {
  const large = indexOf([], "x".repeat(3 << 20));
  const { message } = await refused(indexOf(Array<Descriptor>(30).fill(large.descriptor)), [large]);
  assert.equal(
    message,
    "Cannot copy registry.example/app:latest: its manifests have more than 67108864 bytes",
  );
});

test("indexes within indexes come to an end", async () => {
  const chain = [indexOf([])];
  for (let depth = 0; depth < 4; depth++) chain.push(indexOf([chain.at(-1)!.descriptor]));
  const { asked, message } = await refused(chain.at(-1)!, chain);
  assert.equal(message, "Cannot copy registry.example/app:latest: it is an index within indexes without end");
  assert.equal(asked, 4);
});
