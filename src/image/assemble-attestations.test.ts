import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { type TestContext, test } from "node:test";
import { openStore } from "../content/index.ts";
import { type Descriptor, digestOf, mediaTypes, parseManifest } from "../oci/index.ts";
import { assembleAttestations } from "./index.ts";

const manifest: Descriptor = { mediaType: mediaTypes.ociManifest, digest: digestOf("image"), size: 5 };
const imageLayer = { mediaType: mediaTypes.ociLayerGzip, digest: digestOf("layer"), size: 7 };
const image = { manifest, layers: [{ blob: imageLayer }] };
const imageHex = manifest.digest.slice("sha256:".length);

test("statements are about the image by its names, and their manifest has it as subject", (t) => {
  const store = openTestStore(t);
  const type = "https://spdx.dev/Document";
  const predicate = { type, digest: store.content.put('{"a":1}').digest };
  const made = assembleAttestations(store, image, { subjects: ["pkg:docker/a@1"], predicates: [predicate] });
  const statement =
    `{"_type":"https://in-toto.io/Statement/v1","subject":[{"name":"pkg:docker/a@1","digest":{"sha256":"${imageHex}"}}],` +
    `"predicateType":"${type}","predicate":{"a":1}}`;
  const layer = {
    mediaType: "application/vnd.in-toto+json",
    digest: digestOf(statement),
    size: statement.length,
    annotations: { "in-toto.io/predicate-type": type },
  };
  const empty = { mediaType: "application/vnd.oci.empty.v1+json", digest: digestOf("{}"), size: 2 };
  const expected = {
    schemaVersion: 2,
    mediaType: "application/vnd.oci.image.manifest.v1+json",
    artifactType: "application/vnd.docker.attestation.manifest.v1+json",
    config: { ...empty, data: "e30=" },
    layers: [layer],
    subject: manifest,
  };
  assert.equal(made.manifestBytes.toString(), JSON.stringify(expected, undefined, 2));
  assert.deepEqual(made.blobs, [empty, layer]);
  assert.deepEqual(made.manifest.platform, { architecture: "unknown", os: "unknown" });
  assert.deepEqual(made.manifest.annotations, {
    "vnd.docker.reference.digest": manifest.digest,
    "vnd.docker.reference.type": "attestation-manifest",
  });
  for (const { digest, size } of [made.manifest, ...made.blobs]) assert.ok(store.content.has(digest, size));
  assert.deepEqual(parseManifest(made.manifestBytes), expected);
});

test("in the older form the manifest is an image's, whose layers are the statements", (t) => {
  const store = openTestStore(t);
  const predicate = { type: "https://slsa.dev/provenance/v1", digest: store.content.put("{}").digest };
  const made = assembleAttestations(store, image, { subjects: [], predicates: [predicate], isImage: true });
  const { config, layers, artifactType, subject } = parseManifest(made.manifestBytes);
  assert.deepEqual([config.mediaType, artifactType, subject], [mediaTypes.ociConfig, undefined, undefined]);
  assert.equal(
    store.content.read(config.digest, 1000).toString(),
    `{"architecture":"unknown","os":"unknown","config":{},"rootfs":{"type":"layers","diff_ids":["${layers[0]!.digest}"]}}`,
  );
  assert.match(store.content.read(layers[0]!.digest, 1000).toString(), /"subject":\[\{"name":"_","digest"/);
});

test("a predicate that is gone is an error", (t) => {
  const predicates = [{ type: "https://spdx.dev/Document", digest: digestOf("gone") }];
  assert.throws(() => assembleAttestations(openTestStore(t), image, { subjects: [], predicates }), {
    code: "BLOB_NOT_FOUND",
  });
});

function openTestStore(t: TestContext) {
  const root = mkdtempSync(path.join(tmpdir(), "slipway-attest-"));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  return openStore(root);
}
