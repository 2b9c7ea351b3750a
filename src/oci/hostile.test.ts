import assert from "node:assert/strict";
import { test } from "node:test";
import {
  digestOf,
  mediaTypes,
  parseImageConfig,
  parseIndex,
  parseManifest,
  parseManifestOrIndex,
} from "./index.ts";

const digest = digestOf("x");
const blob = { mediaType: "m", digest, size: 1 };
const manifest = { schemaVersion: 2, mediaType: mediaTypes.ociManifest, config: blob, layers: [blob] };
const index = { schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests: [blob] };
const config = { architecture: "amd64", os: "linux", rootfs: { type: "layers", diff_ids: [digest] } };

const badManifests: readonly (readonly [string, unknown, string])[] = [
  ["text", "{", "not JSON"],
  ["nothing", "", "not JSON"],
  ["null", null, "the document must be an object, got nothing"],
  ["an array", [manifest], "the document must be an object, got an array"],
  ["no version", { ...manifest, schemaVersion: undefined }, "schemaVersion must be 2, got nothing"],
  [
    "version 1",
    { schemaVersion: 1, fsLayers: [] },
    "schema version 1 is obsolete and not supported; push the image again with a current tool",
  ],
  ["version 3", { ...manifest, schemaVersion: 3 }, "schemaVersion must be 2, got 3"],
  ["an unknown type", { ...manifest, mediaType: "text/plain" }, 'unknown media type "text/plain"'],
  ["both forms", { ...manifest, manifests: [blob] }, "it has members of both a manifest and an index"],
  ["both forms as an index", { ...index, layers: [] }, "it has members of both a manifest and an index"],
  ["no config", { ...manifest, config: undefined }, "config must be an object, got nothing"],
  ["layers as an object", { ...manifest, layers: {} }, "layers must be an array, got an object"],
  [
    "1001 layers",
    { ...manifest, layers: Array.from({ length: 1001 }, () => blob) },
    "layers must be at most 1000 elements, got 1001",
  ],
  [
    "a negative size",
    { ...manifest, layers: [{ ...blob, size: -1 }] },
    "layers[0].size must be a whole number, 0 or more, got -1",
  ],
  [
    "a fractional size",
    { ...manifest, layers: [{ ...blob, size: 1.5 }] },
    "layers[0].size must be a whole number, 0 or more, got 1.5",
  ],
  [
    "a huge size",
    { ...manifest, config: { ...blob, size: 1e300 } },
    "config.size must be a size, got 1e+300",
  ],
  [
    "a size as text",
    { ...manifest, config: { ...blob, size: "1" } },
    'config.size must be a whole number, 0 or more, got "1"',
  ],
  [
    "a path as digest",
    { ...manifest, config: { ...blob, digest: "sha256:../../../../etc/passwd" } },
    'config.digest must be "sha256:" and 64 hexadecimal digits, got "sha256:../../../../etc/passwd"',
  ],
  [
    "sha512",
    { ...index, manifests: [{ ...blob, digest: "sha512:00" }] },
    'manifests[0].digest must be "sha256:" and 64 hexadecimal digits, got "sha512:00"',
  ],
  [
    "an annotation that is no text",
    { ...manifest, annotations: { a: 1 } },
    "annotations.a must be a string, got 1",
  ],
  [
    "a platform that is no object",
    { ...index, manifests: [{ ...blob, platform: "linux" }] },
    'manifests[0].platform must be an object, got "linux"',
  ],
];
for (const [name, document, reason] of badManifests) {
  test(`a manifest with ${name} is refused`, () => {
    assert.throws(() => parseManifestOrIndex(toText(document)), {
      code: "INVALID_MANIFEST",
      message: `Cannot parse manifest: ${reason}`,
    });
  });
}

test("a document of another type than promised is refused", () => {
  assert.throws(() => parseManifestOrIndex(toText(manifest), mediaTypes.ociIndex), {
    message: `Cannot parse manifest: its media type is "${mediaTypes.ociManifest}", but "${mediaTypes.ociIndex}" was promised`,
  });
  assert.throws(() => parseManifest(toText(index)), {
    message: "Cannot parse manifest: it is an index of manifests, not a manifest",
  });
  assert.throws(() => parseIndex(toText(manifest)), {
    message: "Cannot parse manifest: it is a manifest, not an index of manifests",
  });
});

test("a document without a type is what was promised, or what it looks like", () => {
  const bare = { ...manifest, mediaType: undefined };
  assert.equal(parseManifest(toText(bare)).mediaType, mediaTypes.ociManifest);
  assert.equal(parseManifest(toText(bare), mediaTypes.dockerManifest).mediaType, mediaTypes.dockerManifest);
  assert.equal(parseManifest(toText(bare), "application/json").mediaType, mediaTypes.ociManifest);
  assert.equal(parseIndex(toText({ ...index, mediaType: undefined })).mediaType, mediaTypes.ociIndex);
});

test("members called __proto__ and constructor stay data", () => {
  const text = `{"schemaVersion":2,"config":${JSON.stringify(blob)},"layers":[],"annotations":{"__proto__":"a","constructor":"b"}}`;
  const { annotations } = parseManifest(text);
  assert.deepEqual(Object.entries(annotations!), [
    ["__proto__", "a"],
    ["constructor", "b"],
  ]);
  assert.throws(() => parseManifest('{"__proto__":{"schemaVersion":2}}'), {
    message: "Cannot parse manifest: schemaVersion must be 2, got nothing",
  });
});

const badConfigs: readonly (readonly [string, unknown, string])[] = [
  ["text", "[", "not JSON"],
  ["a number", 1, "the document must be an object, got 1"],
  ["no rootfs", { ...config, rootfs: undefined }, "rootfs must be an object, got nothing"],
  ["another rootfs", { ...config, rootfs: { type: "image" } }, 'rootfs.type must be "layers", got "image"'],
  [
    "a bad diffID",
    { ...config, rootfs: { type: "layers", diff_ids: ["../x"] } },
    'rootfs.diff_ids[0] must be "sha256:" and 64 hexadecimal digits, got "../x"',
  ],
  ["an array as config", { ...config, config: [] }, "config must be an object, got an array"],
  ["Env as a map", { ...config, config: { Env: { A: "b" } } }, "config.Env must be an array, got an object"],
  ["Cmd as text", { ...config, config: { Cmd: "sh" } }, 'config.Cmd must be an array, got "sh"'],
  ["a number in Env", { ...config, config: { Env: ["A=b", 1] } }, "config.Env[1] must be a string, got 1"],
  [
    "a label that is no text",
    { ...config, config: { Labels: { a: {} } } },
    "config.Labels.a must be a string, got an object",
  ],
  [
    "a fractional interval",
    { ...config, config: { Healthcheck: { Interval: 0.5 } } },
    "config.Healthcheck.Interval must be a whole number, got 0.5",
  ],
  [
    "a long wrong value",
    { ...config, os: ["x"], history: "y".repeat(1000) },
    "os must be a string, got an array",
  ],
];
for (const [name, document, reason] of badConfigs) {
  test(`an image config with ${name} is refused`, () => {
    assert.throws(() => parseImageConfig(toText(document)), {
      code: "INVALID_CONFIG",
      message: `Cannot parse image config: ${reason}`,
    });
  });
}

test("an old image config full of nulls is read", () => {
  const old = {
    ...config,
    id: "ignored",
    created: "2020-01-01T00:00:00Z",
    config: {
      Hostname: "",
      Env: null,
      Cmd: null,
      Volumes: null,
      Labels: null,
      OnBuild: null,
      Healthcheck: null,
    },
    history: null,
  };
  assert.deepEqual(parseImageConfig(toText(old)), {
    architecture: "amd64",
    os: "linux",
    created: "2020-01-01T00:00:00Z",
    config: {},
    history: [],
    rootfs: { type: "layers", diff_ids: [digest] },
  });
});

function toText(document: unknown): string {
  return typeof document === "string" ? document : JSON.stringify(document);
}
