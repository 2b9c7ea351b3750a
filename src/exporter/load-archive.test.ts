import assert from "node:assert/strict";
import fs, { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import path from "node:path";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import type { Store } from "../content/index.ts";
import { type ImageRecord, ImageStore, type IndexRecord, selectImage } from "../image/index.ts";
import { digestHex, digestOf, hostPlatform, mediaTypes } from "../oci/index.ts";
import { exportArchive, loadArchive, readArchive } from "./index.ts";
import {
  makeTar,
  readTar,
  storedImage,
  type TarMember,
  temporaryDir,
  temporaryStore,
} from "./test-images.ts";

const app = "docker.io/library/app:v1";
const other = "localhost:5000/team/app:latest";
const layerTar = makeTar([{ path: "file", body: "hello" }]);
const config = JSON.stringify({
  architecture: "amd64",
  os: "linux",
  config: { Cmd: ["cat"] },
  rootfs: { type: "layers", diff_ids: [digestOf(layerTar)] },
});

for (const format of ["oci", "docker"] as const) {
  test(`what was exported as ${format} is the same image when it is loaded`, async (t) => {
    const [from, to] = [temporaryStore(t), temporaryStore(t)];
    const images = [await storedImage(from, "one", [app, other]), await storedImage(from, "two", [])];
    const file = path.join(temporaryDir(t), "a.tar");
    await exportArchive(from, images, { format, dest: file });
    const loaded = await loadArchive(to, file);
    assert.deepEqual(
      loaded.map(({ id, names }) => ({ id, names })),
      images.map(({ images: [image], names }) => ({ id: image!.configDigest, names })),
    );
    const stored = new ImageStore(to);
    const { manifest, layers } = images[0]!.images[0]!;
    for (const name of ["app:v1", other, images[0]!.images[0]!.configDigest.slice(7, 19)]) {
      assert.deepEqual((stored.find(name).record as ImageRecord).origin!.manifest, manifest);
    }
    const { digest, size } = layers[0]!.blob;
    assert.ok([...(await collect(to.content.stream(digest, size)))].length > 0);
    assert.deepEqual(readdirSync(to.temp.dir()), []);
  });
}

test("an archive with more names than a manifest could hold is read", async (t) => {
  const [from, to] = [temporaryStore(t), temporaryStore(t)];
  const longName = (index: number) => `docker.io/library/${"a".repeat(200)}:${"t".repeat(120)}${index}`;
  const names = Array.from({ length: 6000 }, (_, index) => longName(index));
  const file = path.join(temporaryDir(t), "a.tar");
  await exportArchive(from, [await storedImage(from, "one", names)], { format: "docker", dest: file });
  assert.deepEqual((await readArchive(to, file))[0]!.names, names);
});

test("an archive of many images waits for the disk a few times, and leaves nothing half done", async (t) => {
  const store = temporaryStore(t);
  const configs = Array.from({ length: 300 }, (_, number) => `${config.slice(0, -1)},"author":"${number}"}`);
  const images = configs.map((_, at) => ({ Config: `${at}.json`, RepoTags: [`app:${at}`], Layers: ["l"] }));
  const { fsyncSync } = fs;
  let syncs = 0;
  t.mock.method(fs, "fsyncSync", (fd: number) => {
    syncs++;
    fsyncSync(fd);
  });
  syncBuiltinESMExports();
  t.after(() => syncBuiltinESMExports());
  const loaded = await load(store, [
    { path: "l", body: layerTar },
    ...configs.map((body, at) => ({ path: `${at}.json`, body })),
    { path: "manifest.json", body: JSON.stringify(images) },
  ]);
  assert.equal(syncs, 100, "for the first blobs");
  assert.deepEqual(
    loaded.map(({ id }) => id),
    configs.map((each) => digestOf(each)),
  );
  assert.equal(new ImageStore(store).list().length, 300);
  for (const { digest, sizeBytes } of store.content.list())
    await collect(store.content.stream(digest, sizeBytes));
  assert.deepEqual(readdirSync(store.temp.dir()), []);
});

test("of an archive of many files that is cut short nothing is left half done", async (t) => {
  const store = temporaryStore(t);
  const members = Array.from({ length: 300 }, (_, number) => ({ path: `f${number}`, body: String(number) }));
  const tar = makeTar(members).subarray(0, 250 * 1024 + 100);
  const file = path.join(temporaryDir(t), "a.tar");
  writeFileSync(file, tar);
  await assert.rejects(loadArchive(store, file), { code: "TRUNCATED_TAR" });
  assert.deepEqual(readdirSync(store.temp.dir()), []);
});

test("a name with the digest of another image is left out", async (t) => {
  const pinned = `docker.io/library/app@${digestOf("another")}`;
  const manifest = JSON.stringify([
    { Config: "c.json", RepoTags: [app, pinned, "app:v2@" + digestOf("x")], Layers: ["l"] },
  ]);
  const [image] = await load(temporaryStore(t), [
    { path: "l", body: layerTar },
    { path: "c.json", body: config },
    { path: "manifest.json", body: manifest },
  ]);
  assert.deepEqual(image!.names, [app]);

  const [from, to] = [temporaryStore(t), temporaryStore(t)];
  const { images } = await storedImage(from, "one", []);
  const own = `docker.io/library/app@${images[0]!.manifest.digest}`;
  const file = path.join(temporaryDir(t), "a.tar");
  await exportArchive(from, [{ images, names: [own] }], { format: "oci", dest: file });
  assert.deepEqual((await loadArchive(to, file))[0]!.names, [own]);
  const lying = readFileSync(file).toString("latin1").replace(own, pinned);
  writeFileSync(file, lying, "latin1");
  assert.deepEqual((await loadArchive(temporaryStore(t), file))[0]!.names, []);
});

test("a compressed archive and a stream are read alike", async (t) => {
  const [from, to] = [temporaryStore(t), temporaryStore(t)];
  const file = path.join(temporaryDir(t), "a.tar");
  await exportArchive(from, [await storedImage(from, "one", [app])], { format: "docker", dest: file });
  async function* source() {
    const bytes = gzipSync(readFileSync(file));
    for (let at = 0; at < bytes.length; at += 1000) yield bytes.subarray(at, at + 1000);
  }
  assert.equal((await loadArchive(to, source()))[0]!.names[0], app);
});

test("an old docker archive, with files that stand for others, is read", async (t) => {
  const store = temporaryStore(t);
  const two = JSON.parse(config) as { rootfs: { diff_ids: string[] } };
  two.rootfs.diff_ids.push(two.rootfs.diff_ids[0]!);
  const loaded = await load(store, [
    { path: "aaa/layer.tar", body: layerTar },
    { path: "bbb/layer.tar", type: "symlink", linkPath: "../aaa/layer.tar" },
    { path: "config.json", body: JSON.stringify(two) },
    {
      path: "manifest.json",
      body: JSON.stringify([
        { Config: "config.json", RepoTags: ["app:v1"], Layers: ["aaa/layer.tar", "./bbb/layer.tar"] },
      ]),
    },
  ]);
  assert.equal(loaded[0]!.id, digestOf(JSON.stringify(two)));
  const { layers } = new ImageStore(store).find("app:v1").record as ImageRecord;
  const layer = {
    kind: "blob",
    diffID: digestOf(layerTar),
    blob: { mediaType: mediaTypes.ociLayer, digest: digestOf(layerTar), size: layerTar.length },
  };
  assert.deepEqual(layers, [layer, layer]);
});

test("an index of which the archive holds one image is that image, whatever it is for", async (t) => {
  for (const platform of [hostPlatform(), { os: "plan9", architecture: "mips" }]) {
    const store = temporaryStore(t);
    const image = layoutMembers({ platform });
    const loaded = await load(store, image.members);
    assert.equal(loaded[0]!.id, digestOf(config));
    assert.equal(new ImageStore(store).get(app)!.origin!.digest, image.indexDigest);
  }
});

test("an index is one image for its platforms; those that the archive leaves out are not missed", async (t) => {
  const amd64 = { os: "linux", architecture: "amd64" };
  const arm64 = { os: "linux", architecture: "arm64" };
  const s390x = { os: "linux", architecture: "s390x" };
  const configs = [amd64, arm64, s390x].map((platform) =>
    JSON.stringify({ ...JSON.parse(config), ...platform }),
  );
  const manifests = configs.map((each) =>
    manifestOf({ config: { mediaType: mediaTypes.ociConfig, digest: digestOf(each), size: each.length } }),
  );
  const index = JSON.stringify({
    schemaVersion: 2,
    manifests: manifests.map((body, number) => ({
      mediaType: mediaTypes.ociManifest,
      digest: digestOf(body),
      size: body.length,
      platform: [amd64, arm64, s390x][number],
    })),
  });
  const top = { mediaType: mediaTypes.ociIndex, digest: digestOf(index), size: index.length };
  const annotations = { "io.containerd.image.name": app };
  const store = temporaryStore(t);
  const [loaded] = await load(store, [
    { path: "oci-layout", body: "{}" },
    {
      path: "index.json",
      body: JSON.stringify({ schemaVersion: 2, manifests: [{ ...top, annotations }] }),
    },
    ...[index, ...configs, ...manifests.slice(0, 2), layerTar].map(blob),
  ]);
  assert.deepEqual([loaded!.id, loaded!.names], [digestOf(index), [app]]);
  const stored = new ImageStore(store).find(app);
  assert.equal(stored.id, digestOf(index));
  const { images } = stored.record as IndexRecord;
  assert.deepEqual(
    images.map(({ platform }) => platform),
    [amd64, arm64],
  );
  assert.equal(selectImage(store, stored.record, arm64)!.origin!.manifest.digest, digestOf(manifests[1]!));
  assert.equal(selectImage(store, stored.record, s390x), undefined);
});

test("indexes that name each other over and over are read once", async (t) => {
  const often = (mediaType: string, document: string) =>
    JSON.stringify({
      schemaVersion: 2,
      mediaType: mediaTypes.ociIndex,
      manifests: Array.from({ length: 300 }, () => ({
        mediaType,
        digest: digestOf(document),
        size: document.length,
      })),
    });
  const inner = often(mediaTypes.ociManifest, manifestOf());
  const outer = often(mediaTypes.ociIndex, inner);
  const store = temporaryStore(t);
  const [loaded, ...more] = await load(store, [
    { path: "oci-layout", body: "{}" },
    { path: "index.json", body: often(mediaTypes.ociIndex, outer) },
    ...[outer, inner, manifestOf(), config, layerTar].map(blob),
  ]);
  assert.deepEqual([loaded!.id, more], [digestOf(config), []]);
});

test("nothing gets a name when the archive is cut off", async (t) => {
  const [from, to] = [temporaryStore(t), temporaryStore(t)];
  const file = path.join(temporaryDir(t), "a.tar");
  await exportArchive(from, [await storedImage(from, "one", [app])], { format: "oci", dest: file });
  const bytes = readFileSync(file);
  for (const end of [100, 1500, bytes.length - 3000]) {
    await assert.rejects(loadArchive(to, chunks(bytes.subarray(0, end))));
    assert.deepEqual(new ImageStore(to).list(), []);
    assert.deepEqual(readdirSync(to.temp.dir()), []);
  }
});

test("loading can be cancelled", async (t) => {
  const store = temporaryStore(t);
  const options = { signal: AbortSignal.abort() };
  await assert.rejects(loadArchive(store, chunks(layerTar), options), { name: "AbortError" });
});

const blob = (body: string | Uint8Array): TarMember => ({
  path: `blobs/sha256/${digestHex(digestOf(body))}`,
  body,
});
const manifestOf = (change: object = {}) =>
  JSON.stringify({
    schemaVersion: 2,
    config: { mediaType: mediaTypes.ociConfig, digest: digestOf(config), size: config.length },
    layers: [{ mediaType: mediaTypes.ociLayer, digest: digestOf(layerTar), size: layerTar.length }],
    ...change,
  });
const layout = (manifest: string, ...members: TarMember[]): TarMember[] => [
  { path: "oci-layout", body: '{"imageLayoutVersion":"1.0.0"}' },
  {
    path: "index.json",
    body: JSON.stringify({
      schemaVersion: 2,
      manifests: [
        { mediaType: mediaTypes.ociManifest, digest: digestOf(manifest), size: Buffer.byteLength(manifest) },
      ],
    }),
  },
  blob(manifest),
  ...members,
];
const docker = (manifest: unknown): TarMember[] => [
  { path: "manifest.json", body: typeof manifest === "string" ? manifest : JSON.stringify(manifest) },
  { path: "config.json", body: config },
  { path: "layer.tar", body: layerTar },
];
const noLayers = manifestOf({ layers: [] });
const oddLayer = manifestOf({ layers: [{ mediaType: "text/x", digest: digestOf(layerTar), size: 1 }] });
const shortLayer = manifestOf({
  layers: [{ mediaType: mediaTypes.ociLayer, digest: digestOf(layerTar), size: 1 }],
});

const hostile: readonly (readonly [string, TarMember[], string])[] = [
  [
    "that is none",
    [{ path: "etc/passwd", body: "x" }],
    'it has neither an "index.json" with "oci-layout" nor a "manifest.json"',
  ],
  [
    "with a blob that is not what its name says",
    [{ path: `blobs/sha256/${"0".repeat(64)}`, body: "x" }],
    `"blobs/sha256/${"0".repeat(64)}" has digest ${digestOf("x")}`,
  ],
  [
    "with a blob in a strange place",
    [{ path: "./blobs/../blobs/x", body: "x" }],
    `"blobs/x" has digest ${digestOf("x")}`,
  ],
  ["without a layer", layout(manifestOf(), blob(config)), `it lacks blob ${digestOf(layerTar)}`],
  ["without a config", layout(manifestOf(), blob(layerTar)), `it lacks blob ${digestOf(config)}`],
  [
    "with fewer layers than diffIDs",
    layout(noLayers, blob(config)),
    `image ${digestOf(noLayers)} has 0 layers and 1 diffIDs`,
  ],
  [
    "with a layer of unknown type",
    layout(oddLayer, blob(config), blob(layerTar)),
    `layer ${digestOf(layerTar)} has the unsupported media type "text/x"`,
  ],
  [
    "with a size that lies",
    layout(shortLayer, blob(config), blob(layerTar)),
    `blob ${digestOf(layerTar)} has not the 1 bytes that it should have`,
  ],
  ["with a docker manifest that is no JSON", docker("{"), '"manifest.json" is not JSON'],
  ["with a docker manifest that is no list", docker({}), '"manifest.json" is no list of images'],
  [
    "with a docker image without a config",
    docker([{}]),
    'an image in "manifest.json" lacks Config, or has RepoTags or Layers that are no lists of texts',
  ],
  [
    "that names files outside of it",
    docker([{ Config: "../../etc/passwd", Layers: [] }]),
    'it lacks "../../etc/passwd"',
  ],
  [
    "with a name that is none",
    docker([{ Config: "config.json", RepoTags: ["../x"], Layers: ["layer.tar"] }]),
    'it names an image "../x": invalid reference format',
  ],
  [
    "with an image of layers without end",
    docker([{ Config: "config.json", Layers: Array.from({ length: 1001 }, () => "layer.tar") }]),
    'an image in "manifest.json" has 1001 layers, more than 1000',
  ],
  [
    "with links that go round",
    [
      ...docker([{ Config: "a", Layers: [] }]),
      { path: "a", type: "symlink", linkPath: "b" },
      { path: "b", type: "hardlink", linkPath: "a" },
    ],
    'it lacks "a"',
  ],
];
for (const [name, members, reason] of hostile) {
  test(`an archive ${name} is refused`, async (t) => {
    const store = temporaryStore(t);
    await assert.rejects(load(store, members), {
      code: "INVALID_ARCHIVE",
      message: `Cannot load archive: ${reason}`,
    });
    assert.deepEqual(new ImageStore(store).list(), []);
    assert.deepEqual(readdirSync(store.temp.dir()), []);
  });
}

test("an archive of endless entries is refused", async (t) => {
  const store = temporaryStore(t);
  const directory = makeTar([{ path: "d/", type: "directory" }]).subarray(0, 512);
  async function* endless() {
    const many = Buffer.concat(Array.from({ length: 1000 }, () => directory));
    for (;;) yield many;
  }
  await assert.rejects(loadArchive(store, endless()), {
    code: "LIMIT_EXCEEDED",
    message: "Cannot load archive: it has more than 100000 entries",
  });
});

test("an index that names a large one over and over is refused", async (t) => {
  const large = indexOf([], { note: "x".repeat(4_000_000) });
  const often = indexOf(Array.from({ length: 1000 }, () => describe(large, mediaTypes.ociIndex)));
  const top = indexOf([describe(often, mediaTypes.ociIndex)]);
  await assert.rejects(load(temporaryStore(t), layoutOf([top], [top, often, large])), tooMuchToRead);
});

test("images without end that have one large config are refused", async (t) => {
  const large = JSON.stringify({ ...(JSON.parse(config) as object), author: "x".repeat(4_000_000) });
  const size = { digest: digestOf(large), size: large.length };
  const manifests = Array.from({ length: 80 }, (_, index) =>
    manifestOf({ config: { mediaType: mediaTypes.ociConfig, ...size }, annotations: { index: `${index}` } }),
  );
  const store = temporaryStore(t);
  await assert.rejects(load(store, layoutOf(manifests, [...manifests, large, layerTar])), tooMuchToRead);
  assert.deepEqual(new ImageStore(store).list(), []);
});

const tooMuchToRead = {
  code: "LIMIT_EXCEEDED",
  message:
    "Cannot load archive: its manifests and configs have more than 256 MiB, each counted as often as it is named",
};

function indexOf(manifests: readonly object[], annotations: object = {}): string {
  return JSON.stringify({ schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests, annotations });
}

function describe(document: string, mediaType: string): object {
  return { mediaType, digest: digestOf(document), size: document.length };
}

function layoutOf(tops: readonly string[], blobs: readonly (string | Uint8Array)[]): readonly TarMember[] {
  const typeOf = (top: string) => (JSON.parse(top) as { mediaType?: string }).mediaType;
  const index = indexOf(tops.map((top) => describe(top, typeOf(top) ?? mediaTypes.ociManifest)));
  return [{ path: "oci-layout", body: "{}" }, { path: "index.json", body: index }, ...blobs.map(blob)];
}

/** A layout whose index points to an index. */
function layoutMembers({ platform }: { platform: object }) {
  const manifest = manifestOf();
  const index = JSON.stringify({
    schemaVersion: 2,
    mediaType: mediaTypes.ociIndex,
    manifests: [
      {
        mediaType: mediaTypes.ociManifest,
        digest: digestOf(manifest),
        size: manifest.length,
        platform,
      },
    ],
  });
  const top = {
    mediaType: mediaTypes.ociIndex,
    digest: digestOf(index),
    size: index.length,
    annotations: { "org.opencontainers.image.ref.name": "app:v1" },
  };
  const members: TarMember[] = [
    blob(manifest),
    blob(index),
    blob(config),
    blob(layerTar),
    { path: "index.json", body: JSON.stringify({ schemaVersion: 2, manifests: [top] }) },
    { path: "oci-layout", body: "{}" },
  ];
  return { members, indexDigest: digestOf(index) };
}

async function load(store: Store, members: readonly TarMember[]) {
  assert.equal(readTar(makeTar(members)).length, members.length);
  return await loadArchive(store, chunks(makeTar(members)));
}

async function* chunks(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

async function collect(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of source) pieces.push(piece);
  return Buffer.concat(pieces);
}
