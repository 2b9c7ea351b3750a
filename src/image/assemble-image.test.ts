import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { type TestContext, test } from "node:test";
import { newLayerId, openStore, type Store } from "../content/index.ts";
import {
  digestOf,
  type LayerCompression,
  mediaTypes,
  parseDiffID,
  parseImageConfig,
  parseManifest,
} from "../oci/index.ts";
import {
  assembleImage,
  configDigestOf,
  type ImageRecord,
  knownConfigDigest,
  knownDiffIDs,
  LayerPacker,
  type TarMaker,
} from "./index.ts";

test("a built image has the bytes that BuildKit writes", async (t) => {
  const { store, record, packer } = rig(t);
  const image = await assembleImage(store, record, { packer });
  const config =
    '{"architecture":"amd64","config":{"Cmd":["sh"]},"created":"2020-01-01T00:00:00Z","history":[{"created_by":"RUN a \\u0026\\u0026 b # buildkit"}],"os":"linux",' +
    `"rootfs":{"type":"layers","diff_ids":["${digestOf("tar of base")}","${digestOf("tar of top")}"]}}`;
  assert.equal(image.configBytes.toString(), config);
  assert.equal(image.configDigest, digestOf(config));
  assert.equal(
    image.manifestBytes.toString(),
    JSON.stringify(
      {
        schemaVersion: 2,
        mediaType: "application/vnd.oci.image.manifest.v1+json",
        config: {
          mediaType: "application/vnd.oci.image.config.v1+json",
          digest: digestOf(config),
          size: config.length,
        },
        layers: [
          {
            mediaType: "application/vnd.oci.image.layer.v1.tar+gzip",
            digest: digestOf("blob of base"),
            size: 12,
          },
          {
            mediaType: "application/vnd.oci.image.layer.v1.tar+gzip",
            digest: digestOf("gzip of top"),
            size: 11,
          },
        ],
      },
      null,
      2,
    ),
  );
  assert.deepEqual(store.content.read(image.configDigest, 10_000), image.configBytes);
  assert.deepEqual(store.content.read(image.manifest.digest, 10_000), image.manifestBytes);
});

test("a layer is packed once for each form, and hashed without a blob when only the id is wanted", async (t) => {
  const { store, record, packer, packed } = rig(t);
  const id = await configDigestOf(store, record, { packer });
  assert.deepEqual(packed, ["hash"]);
  assert.deepEqual([...store.content.list()].length, 1, "only the base's blob");
  assert.equal((await assembleImage(store, record, { packer })).configDigest, id);
  await assembleImage(store, record, { packer });
  assert.equal(await configDigestOf(store, record, { packer }), id);
  assert.deepEqual(packed, ["hash", "gzip"]);
  const zstd = await assembleImage(store, { ...record, form: { compression: "zstd", level: 9 } }, { packer });
  assert.equal(zstd.configDigest, id);
  assert.equal(zstd.layers[1]!.blob.mediaType, mediaTypes.ociLayerZstd);
  assert.deepEqual(packed, ["hash", "gzip", "zstd 9"]);
});

test("a blob that was removed is made again", async (t) => {
  const { store, record, packer, packed } = rig(t);
  const { layers } = await assembleImage(store, record, { packer });
  store.content.remove(layers[1]!.blob.digest);
  await assembleImage(store, record, { packer: new LayerPacker(store, async () => tarMaker(store, packed)) });
  assert.deepEqual(packed, ["gzip", "gzip"]);
  assert.ok(store.content.has(layers[1]!.blob.digest));
});

test("an image asked for twice at once is packed once", async (t) => {
  const { store, record, packer, packed } = rig(t);
  await Promise.all([1, 2, 3].map(() => assembleImage(store, record, { packer })));
  assert.deepEqual(packed, ["gzip"]);
});

test("a layer that no step needed is fetched, or missed by name", async (t) => {
  const { store, record, packer, base } = rig(t);
  store.content.remove(base.digest);
  await assert.rejects(assembleImage(store, record, { packer }), {
    code: "BLOB_MISSING",
    message: `Cannot assemble image: layer ${base.digest} is not in the store`,
  });
  const fetched: string[] = [];
  const fetchBlob = async (reference: string) => {
    fetched.push(reference);
    store.content.put("blob of base");
  };
  await assembleImage(store, record, { packer, fetchBlob });
  assert.deepEqual(fetched, ["docker.io/library/base:latest"]);
});

test("layers of the base image are compressed anew when that is forced, once", async (t) => {
  const { store, record, packer, packed, base } = rig(t);
  const forced: ImageRecord = { ...record, form: { compression: "zstd", isForced: true } };
  const image = await assembleImage(store, forced, { packer });
  assert.deepEqual(packed.toSorted(), ["anew zstd", "zstd"]);
  assert.deepEqual(
    image.layers.map(({ blob, diffID }) => ({ diffID, ...blob })),
    [
      {
        diffID: digestOf("tar of base"),
        mediaType: mediaTypes.ociLayerZstd,
        digest: digestOf(`zstd of ${base.digest}`),
        size: 79,
      },
      {
        diffID: digestOf("tar of top"),
        mediaType: mediaTypes.ociLayerZstd,
        digest: digestOf("zstd of top"),
        size: 11,
      },
    ],
  );
  store.content.remove(base.digest);
  const again = new LayerPacker(store, async () => tarMaker(store, packed));
  assert.deepEqual(await assembleImage(store, forced, { packer: again }), image);
  assert.equal(packed.length, 2, "the other form is known");
  store.content.remove(image.layers[0]!.blob.digest);
  await assert.rejects(assembleImage(store, forced, { packer: again, mayLackBlobs: true }), {
    code: "BLOB_MISSING",
  });
});

test("an eStargz image's config has the diffIDs of its blobs, and they are known until the blobs are gone", async (t) => {
  const { store, record, packer, packed } = rig(t);
  const lazy: ImageRecord = { ...record, form: { compression: "estargz", isForced: true } };
  assert.deepEqual(knownDiffIDs(store, lazy), [undefined, undefined]);
  const id = await configDigestOf(store, lazy, { packer });
  const again = new LayerPacker(store, async () => tarMaker(store, packed));
  const image = await assembleImage(store, lazy, { packer: again });
  assert.equal(image.configDigest, id);
  assert.deepEqual(packed.toSorted(), ["anew estargz", "estargz"]);
  const diffIDs = [digestOf("estargz of base"), digestOf("estargz of top")];
  assert.deepEqual(parseImageConfig(image.configBytes).rootfs.diff_ids, diffIDs);
  assert.deepEqual(knownDiffIDs(store, lazy), diffIDs);
  assert.equal(knownConfigDigest(store, lazy), id);
  const { layers } = parseManifest(image.manifestBytes, image.manifest.mediaType);
  for (const { annotations } of layers) assert.deepEqual(annotations, tocAnnotations);

  const plain = await assembleImage(store, record, { packer: again });
  assert.equal(plain.layers[1]!.diffID, digestOf("tar of top"));
  store.content.remove(image.layers[0]!.blob.digest);
  assert.deepEqual(knownDiffIDs(store, lazy), [undefined, diffIDs[1]]);
  // What is eStargz already, as its descriptor says, is taken as it is.
  const [base, top] = lazy.layers;
  assert.ok(base?.kind === "blob" && top);
  const isLazy = { ...base, blob: { ...base.blob, annotations: tocAnnotations } };
  assert.deepEqual(knownDiffIDs(store, { ...lazy, layers: [isLazy, top] }), [base.diffID, diffIDs[1]]);
});

test("a layer that is in the wanted form already is taken as it is", async (t) => {
  const { store, record, packer, packed, base } = rig(t);
  const forced: ImageRecord = { ...record, form: { compression: "gzip", isForced: true } };
  const { layers } = await assembleImage(store, forced, { packer });
  assert.equal(layers[0]!.blob.digest, base.digest);
  assert.deepEqual(packed, ["gzip"]);
});

test("Docker's media types, and annotations of the manifest and of its descriptor", async (t) => {
  const { store, record, packer } = rig(t);
  const annotations = { "org.example.b": "2", "org.example.a": "1" };
  const image = await assembleImage(
    store,
    { ...record, form: { mediaTypes: "docker" }, annotations, descriptorAnnotations: { d: "e" } },
    { packer },
  );
  assert.deepEqual(image.manifest.annotations, { d: "e" });
  assert.equal(image.manifest.mediaType, mediaTypes.dockerManifest);
  const manifest = parseManifest(image.manifestBytes, image.manifest.mediaType);
  assert.equal(manifest.config.mediaType, mediaTypes.dockerConfig);
  assert.deepEqual(
    manifest.layers.map(({ mediaType }) => mediaType),
    [mediaTypes.dockerLayerGzip, mediaTypes.dockerLayerGzip],
  );
  assert.match(
    image.manifestBytes.toString(),
    /"annotations": \{\n {4}"org.example.a": "1",\n {4}"org.example.b": "2"\n {2}\}\n\}$/,
  );
});

test("a layer directory that is gone is named", async (t) => {
  const { store, record, packer } = rig(t);
  const layer = (record.layers[1] as { layer: string }).layer;
  rmSync(store.layers.dirOf(layer), { recursive: true });
  await assert.rejects(assembleImage(store, record, { packer }), {
    code: "LAYER_MISSING",
    message: `Cannot pack layer ${layer}: it is no longer in the store`,
  });
});

test("an image from a registry keeps its own manifest and config", async (t) => {
  const { store, packer, record, packed } = rig(t);
  const { config } = record;
  const blob = { mediaType: mediaTypes.dockerLayerGzip, digest: digestOf("blob of base"), size: 12 };
  const configBlob = store.content.put(
    JSON.stringify({
      odd: true,
      os: "linux",
      rootfs: { type: "layers", diff_ids: [digestOf("tar of base")] },
    }),
  );
  const configDescriptor = {
    mediaType: mediaTypes.dockerConfig,
    digest: configBlob.digest,
    size: configBlob.sizeBytes,
  };
  const text = JSON.stringify({ layers: [blob], config: configDescriptor, schemaVersion: 2, more: 1 });
  const manifest = store.content.put(text);
  const original: ImageRecord = {
    config,
    layers: [{ kind: "blob", diffID: parseDiffID(digestOf("tar of base")), blob }],
    origin: {
      reference: "docker.io/library/base:latest",
      digest: manifest.digest,
      manifest: { mediaType: mediaTypes.dockerManifest, digest: manifest.digest, size: text.length },
      config: configDescriptor,
    },
  };
  const image = await assembleImage(store, original, { packer });
  assert.equal(image.manifestBytes.toString(), text);
  assert.equal(image.configDigest, configBlob.digest);
  assert.deepEqual(image.layers, [{ diffID: digestOf("tar of base"), blob }]);
  assert.equal(await configDigestOf(store, original, { packer }), configBlob.digest);
  assert.deepEqual(packed, []);
});

test("what was assembled reads back as a manifest", async (t) => {
  const { store, record, packer } = rig(t);
  const image = await assembleImage(store, record, { packer });
  const { layers, config } = parseManifest(image.manifestBytes, image.manifest.mediaType);
  assert.deepEqual(config, image.config);
  assert.deepEqual(
    layers,
    image.layers.map(({ blob }) => blob),
  );
});

/** An image of one pulled layer and one layer made here, and a stand-in for the worker that says what it did. */
function rig(t: TestContext) {
  const dir = mkdtempSync(path.join(tmpdir(), "slipway-assemble-"));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  const store = openStore(dir);
  const layer = newLayerId();
  const temporary = store.temp.newPath("layer");
  mkdirSync(path.join(temporary, "fs"), { recursive: true });
  store.layers.commit(layer, temporary, { sizeBytes: 0, createdAtMs: 0 });
  assert.deepEqual(readdirSync(store.temp.dir()), []);
  const base = store.content.put("blob of base");
  const packed: string[] = [];
  const packer = new LayerPacker(store, async () => tarMaker(store, packed));
  const record: ImageRecord = {
    config: {
      architecture: "amd64",
      os: "linux",
      created: "2020-01-01T00:00:00Z",
      config: { Cmd: ["sh"] },
      history: [{ created_by: "RUN a && b # buildkit" }],
    },
    layers: [
      {
        kind: "blob",
        diffID: parseDiffID(digestOf("tar of base")),
        blob: { mediaType: mediaTypes.dockerLayerGzip, digest: base.digest, size: base.sizeBytes },
        reference: "docker.io/library/base:latest",
      },
      { kind: "directory", layer, identity: "i" },
    ],
  };
  return { store, record, packer, packed, base };
}

const layerTypes: Record<LayerCompression, string> = {
  none: mediaTypes.ociLayer,
  gzip: mediaTypes.ociLayerGzip,
  estargz: mediaTypes.ociLayerGzip,
  zstd: mediaTypes.ociLayerZstd,
};

const tocAnnotations = {
  "containerd.io/snapshot/stargz/toc.digest": digestOf("toc"),
  "io.containers.estargz.uncompressed-size": "4096",
};

/** What an eStargz blob of the layer has besides. */
function extended(compression: LayerCompression, layer: string) {
  if (compression !== "estargz") return undefined;
  return { diffID: parseDiffID(digestOf(`estargz of ${layer}`)), annotations: tocAnnotations };
}

function tarMaker(store: Store, packed: string[]): TarMaker {
  return {
    compressAnew: async ({ blob, diffID, compression, level }) => {
      packed.push(["anew", compression, level].filter((part) => part !== undefined).join(" "));
      const { digest, sizeBytes } = store.content.put(`${compression} of ${blob}`);
      const added = extended(compression, "base");
      const made = { digest, size: sizeBytes, mediaType: layerTypes[compression] };
      return {
        diffID: added?.diffID ?? diffID,
        blob: { ...made, ...(added && { annotations: added.annotations }) },
      };
    },
    packLayer: async ({ layer, compression, level }) => {
      packed.push([compression ?? "hash", level].filter((part) => part !== undefined).join(" "));
      const known = { diffID: parseDiffID(digestOf("tar of top")), tarSizeBytes: 10 };
      if (!compression) {
        store.layers.addPack(layer, { ...known, blobs: [] });
        return known;
      }
      const { digest, sizeBytes } = store.content.put(`${compression} of top`);
      const blob = { digest, size: sizeBytes, mediaType: layerTypes[compression] };
      const form = { compression, ...(level !== undefined && { level }) };
      const added = extended(compression, "top");
      store.layers.addPack(layer, { ...known, blobs: [{ ...blob, ...form, ...added }] });
      return { ...known, ...added, blob: { ...blob, ...(added && { annotations: added.annotations }) } };
    },
  };
}
