import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { type TestContext, test } from "node:test";
import { openStore, type Store } from "../content/index.ts";
import { digestOf, encodeIndex, hostPlatform, mediaTypes, type Platform } from "../oci/index.ts";
import { type ImageRecord, type IndexRecord, requireImage, selectImage, shownImage } from "./index.ts";

const amd64 = { os: "linux", architecture: "amd64" };
const i386 = { os: "linux", architecture: "386" };
const arm = (variant: string) => ({ os: "linux", architecture: "arm", variant });
const arm64 = { os: "linux", architecture: "arm64" };

test("the image that suits a platform best is chosen, as containerd does", (t) => {
  const store = temporaryStore(t);
  const record = indexOf([image(arm("v5")), image(arm("v6")), image(arm64), image(i386)]);
  const chosen = (platform: Platform) => {
    const found = selectImage(store, record, platform);
    return found && [found.config.architecture, found.config.variant].filter(Boolean).join("/");
  };
  assert.equal(chosen(arm("v7")), "arm/v6");
  assert.equal(chosen(arm("v5")), "arm/v5");
  assert.equal(chosen({ ...arm64, variant: "v8" }), "arm64");
  assert.equal(chosen(amd64), "386");
  assert.equal(chosen({ os: "linux", architecture: "s390x" }), undefined);
});

test("a worse match is not taken where the registry's index has a better one that is not here yet", (t) => {
  const store = temporaryStore(t);
  const described = (name: string, platform: Platform) => ({
    mediaType: mediaTypes.ociManifest,
    digest: digestOf(name),
    size: 1,
    platform,
  });
  const bytes = encodeIndex({
    schemaVersion: 2,
    mediaType: mediaTypes.ociIndex,
    manifests: [described("amd64", amd64), described("386", i386), described("arm", arm("v6"))],
  });
  const digest = digestOf(bytes);
  store.content.put(bytes);
  const member = (name: string, platform: Platform): ImageRecord => ({
    ...image(platform),
    origin: {
      reference: "x",
      digest,
      manifest: described(name, platform),
      config: described(name, platform),
    },
  });
  const only386 = member("386", i386);
  assert.equal(selectImage(store, only386, amd64), undefined);
  assert.equal(selectImage(store, only386, i386), only386);
  const both = indexOf([only386, member("arm", arm("v6"))], { reference: "x", digest });
  assert.equal(selectImage(store, both, amd64), undefined);
  assert.equal(selectImage(store, both, arm("v7"))?.config.variant, "v6");
});

test("an image that never was one of several is taken, whatever it is for", (t) => {
  const store = temporaryStore(t);
  const digest = digestOf("manifest");
  const document = { mediaType: mediaTypes.ociManifest, digest, size: 1 };
  const pulled = { ...image(amd64), origin: { digest, manifest: document, config: document } };
  assert.equal(selectImage(store, pulled, arm64), pulled);
  const built = image(amd64);
  assert.equal(selectImage(store, built, arm64), built);
  const ofIndex = { ...pulled, origin: { ...pulled.origin, digest: digestOf("an index that is not here") } };
  assert.equal(selectImage(store, ofIndex, arm64), undefined);
});

test("what was asked for is given or refused, and what is shown is this machine's or the first", (t) => {
  const store = temporaryStore(t);
  const host = image(hostPlatform());
  const both = indexOf([image({ os: "plan9", architecture: "mips" }), host]);
  const named = { record: both, names: ["docker.io/library/app:latest"], id: "sha256:x" };
  assert.equal(requireImage(store, named, undefined), host);
  assert.equal(shownImage(store, both), host);
  const elsewhere = image({ os: "plan9", architecture: "mips" });
  assert.equal(requireImage(store, { ...named, record: elsewhere }, undefined), elsewhere);
  assert.equal(shownImage(store, elsewhere), elsewhere);
  assert.throws(() => requireImage(store, { ...named, record: elsewhere }, arm64), {
    code: "PLATFORM_NOT_FOUND",
    message:
      "Cannot use image docker.io/library/app:latest for platform linux/arm64: the store has it for plan9/mips",
  });
});

function image(platform: Platform): ImageRecord {
  return { config: { ...platform, config: {}, history: [] }, layers: [] };
}

function indexOf(images: readonly ImageRecord[], origin?: IndexRecord["origin"]): IndexRecord {
  return {
    kind: "index",
    images: images.map((each) => {
      const { os, architecture, variant } = each.config;
      return { platform: { os, architecture, ...(variant !== undefined && { variant }) }, image: each };
    }),
    ...(origin && { origin }),
  };
}

function temporaryStore(t: TestContext): Store {
  const dir = mkdtempSync(path.join(tmpdir(), "slipway-select-"));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  return openStore(dir);
}
