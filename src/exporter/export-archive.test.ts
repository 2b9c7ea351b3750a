import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { PassThrough } from "node:stream";
import { test } from "node:test";
import { exportArchive } from "./index.ts";
import { readTar, sha256, storedImage, temporaryDir, temporaryStore } from "./test-images.ts";

const app = "docker.io/library/app:v1";
const other = "localhost:5000/team/app:latest";

test("an OCI archive holds the layout, with a descriptor for each name", async (t) => {
  const store = temporaryStore(t);
  const named = await storedImage(store, "hello", [app, other]);
  const dest = path.join(temporaryDir(t), "out.tar");
  const { sizeBytes } = await exportArchive(store, [named], { format: "oci", dest });
  const bytes = readFileSync(dest);
  assert.equal(sizeBytes, bytes.length);
  const members = new Map(readTar(bytes).map(({ entry, body }) => [entry.path, body]));
  const { manifest, config, layers } = named.images[0]!;
  const blobs = [manifest, config, layers[0]!.blob].map(({ digest }) =>
    digest.replace("sha256:", "blobs/sha256/"),
  );
  assert.deepEqual(
    [...members.keys()],
    ["blobs/", "blobs/sha256/", ...blobs.sort(), "index.json", "oci-layout"],
  );
  for (const blob of blobs) assert.equal(`blobs/sha256/${sha256(members.get(blob)!)}`, blob);
  assert.equal(members.get("oci-layout")!.toString(), '{"imageLayoutVersion":"1.0.0"}');
  const descriptor = (name: string, tag: string) =>
    `{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"${manifest.digest}","size":${manifest.size},` +
    `"annotations":{"io.containerd.image.name":"${name}","org.opencontainers.image.created":"2020-01-02T03:04:05Z",` +
    `"org.opencontainers.image.ref.name":"${tag}"}}`;
  assert.equal(
    members.get("index.json")!.toString(),
    `{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[${descriptor(app, "v1")},${descriptor(other, "latest")}]}`,
  );
});

test("a docker archive names its images as docker does", async (t) => {
  const store = temporaryStore(t);
  const images = [await storedImage(store, "one", [app, other]), await storedImage(store, "two", [])];
  const dest = path.join(temporaryDir(t), "out.tar");
  await exportArchive(store, images, { format: "docker", dest });
  const manifest = readTar(readFileSync(dest)).find(({ entry }) => entry.path === "manifest.json");
  const file = (digest: string) => digest.replace("sha256:", "blobs/sha256/");
  assert.equal(
    manifest!.body.toString(),
    JSON.stringify(
      images.map(({ images: [image] }, index) => ({
        Config: file(image!.configDigest),
        RepoTags: index === 0 ? ["app:v1", "localhost:5000/team/app:latest"] : null,
        Layers: [file(image!.layers[0]!.blob.digest)],
      })),
    ),
  );
});

test("a name with a digest is given to the image of that digest alone, and none to docker", async (t) => {
  const store = temporaryStore(t);
  const { images } = await storedImage(store, "one", []);
  const own = `localhost:5000/app@${images[0]!.manifest.digest}`;
  const names = [own, `localhost:5000/app@${images[0]!.configDigest}`];
  const dest = path.join(temporaryDir(t), "out.tar");
  await exportArchive(store, [{ images, names }], { format: "docker", dest });
  const read = (name: string) =>
    JSON.parse(
      readTar(readFileSync(dest))
        .find(({ entry }) => entry.path === name)!
        .body.toString(),
    ) as unknown;
  const { manifests } = read("index.json") as { manifests: { annotations: Record<string, string> }[] };
  assert.deepEqual(
    manifests.map(({ annotations }) => annotations["io.containerd.image.name"]),
    [own],
  );
  assert.equal((read("manifest.json") as { RepoTags: unknown }[])[0]!.RepoTags, null);
});

test("headers say nothing of who wrote the archive and when, so equal images give equal bytes", async (t) => {
  const dir = temporaryDir(t);
  const files = [];
  for (const name of ["a.tar", "b.tar"]) {
    const store = temporaryStore(t);
    const dest = path.join(dir, name);
    await exportArchive(store, [await storedImage(store, "hello", [app])], { format: "docker", dest });
    files.push(readFileSync(dest));
  }
  assert.equal(sha256(files[0]!), sha256(files[1]!));
  for (const { entry } of readTar(files[0]!)) {
    assert.deepEqual([entry.uid, entry.gid, entry.mtimeNs], [0, 0, 0n]);
    assert.equal(entry.mode, entry.type === "directory" ? 0o755 : 0o444, entry.path);
  }
});

test("a stream gets the same bytes and stays open", async (t) => {
  const store = temporaryStore(t);
  const images = [await storedImage(store, "hello", [app])];
  const dest = path.join(temporaryDir(t), "out.tar");
  await exportArchive(store, images, { format: "oci", dest });
  const stream = new PassThrough();
  const received: Buffer[] = [];
  stream.on("data", (chunk: Buffer) => received.push(chunk));
  await exportArchive(store, images, { format: "oci", dest: stream });
  assert.ok(Buffer.concat(received).equals(readFileSync(dest)));
  assert.equal(stream.writable, true);
});

test("a stream whose reader has gone away fails the export", async (t) => {
  const store = temporaryStore(t);
  const stream = new PassThrough();
  stream.destroy(new Error("reader gone"));
  const images = [await storedImage(store, "hello", [app])];
  await assert.rejects(exportArchive(store, images, { format: "oci", dest: stream }));
});

test("a damaged blob fails the export, and the file that was there stays", async (t) => {
  const store = temporaryStore(t);
  const named = await storedImage(store, "hello", [app]);
  const { digest, size } = named.images[0]!.layers[0]!.blob;
  writeFileSync(store.content.pathOf(digest), Buffer.alloc(size));
  const dir = temporaryDir(t);
  const dest = path.join(dir, "out.tar");
  writeFileSync(dest, "before");
  await assert.rejects(exportArchive(store, [named], { format: "oci", dest }), { code: "DIGEST_MISMATCH" });
  assert.equal(readFileSync(dest, "utf8"), "before");
  assert.deepEqual(readdirSync(dir), ["out.tar"]);
});

test("an export that is cancelled leaves nothing", async (t) => {
  const store = temporaryStore(t);
  const dir = temporaryDir(t);
  const named = await storedImage(store, "hello", [app]);
  const options = { format: "oci", dest: path.join(dir, "out.tar"), signal: AbortSignal.abort() } as const;
  await assert.rejects(exportArchive(store, [named], options), { name: "AbortError" });
  assert.deepEqual(readdirSync(dir), []);
});

test("a symbolic link is written through, and a directory or a missing one is refused", async (t) => {
  const store = temporaryStore(t);
  const images = [await storedImage(store, "hello", [app])];
  const dir = temporaryDir(t);
  const at = (name: string) => path.join(dir, name);
  writeFileSync(at("real.tar"), "");
  symlinkSync("real.tar", at("link.tar"));
  await exportArchive(store, images, { format: "oci", dest: at("link.tar") });
  assert.ok(readFileSync(at("real.tar")).length > 0);
  mkdirSync(at("sub"));
  await assert.rejects(exportArchive(store, images, { format: "oci", dest: at("sub") }), {
    code: "INVALID_DEST",
    message: `Cannot write "${at("sub")}": it is a directory`,
  });
  await assert.rejects(exportArchive(store, images, { format: "oci", dest: at("no/out.tar") }), {
    code: "INVALID_DEST",
    message: `Cannot write "${at("no/out.tar")}": its directory does not exist`,
  });
  await exportArchive(store, images, { format: "oci", dest: "/dev/null" });
});
