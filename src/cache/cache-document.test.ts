import assert from "node:assert/strict";
import { test } from "node:test";
import { type Descriptor, digestOf, type DiffID } from "../oci/index.ts";
import {
  type CacheDocument,
  encodeCache,
  joinCaches,
  parseCache,
  parseInlineCache,
} from "./cache-document.ts";

const blob: Descriptor = {
  mediaType: "application/vnd.oci.image.layer.v1.tar+gzip",
  digest: digestOf("blob"),
  size: 4,
};
const result = {
  key: "a".repeat(64),
  layer: 0,
  identity: "b".repeat(64),
  createdAtMs: 1,
  durationMs: 2,
  step: "[1/2] RUN x",
};
const cache: CacheDocument = {
  layers: [{ diffID: digestOf("tar") as string as DiffID, blob }],
  results: [result],
};

test("what is written is read again", () => {
  const { config, configDescriptor } = encodeCache(cache);
  assert.deepEqual(parseCache(config, [blob]), cache);
  assert.equal(configDescriptor.digest, digestOf(config));
});

const mount = { namespace: "default", id: "/go", base: "", layer: 0, mode: 0o755, uid: 0, gid: 7 };

test("cache mounts are read again as they were written", () => {
  const document = { ...cache, mounts: [mount] };
  assert.deepEqual(parseCache(encodeCache(document).config, [blob]), document);
});

const hostile: [string, unknown, RegExp][] = [
  ["no object", 1, /no object/],
  ["another version", { schemaVersion: 2 }, /unknown schema version 2/],
  ["fewer layers than its manifest", { schemaVersion: 1, diffIDs: [], results: [] }, /different layers/],
  ["a diffID that is none", { schemaVersion: 1, diffIDs: ["../x"], results: [] }, /a diffID is malformed/],
  ["results that are no list", { schemaVersion: 1, diffIDs: [digestOf("tar")], results: {} }, /no list/],
  ...(
    [
      ["a key that would be a path", { key: "../../../../etc/passwd" }],
      ["a layer that is not there", { layer: 1 }],
      ["a negative layer", { layer: -1 }],
      ["an identity of another form", { identity: "x" }],
      ["a time that no date can hold", { createdAtMs: 1e17 }],
      ["a name that is no text", { step: {} }],
    ] as [string, object][]
  ).map(([title, change]): [string, unknown, RegExp] => [
    title,
    { schemaVersion: 1, diffIDs: [digestOf("tar")], results: [{ ...result, ...change }] },
    /one of its results is malformed/,
  ]),
  ...(
    [
      ["without an id", { id: undefined }],
      ["with an id without end", { id: "x".repeat(5000) }],
      ["in a layer that is not there", { layer: 1 }],
      ["with a mode that is none", { mode: 0o10000 }],
      ["with an owner that is none", { uid: -1 }],
      ["with a group that is no number", { gid: "0" }],
    ] as [string, object][]
  ).map(([title, change]): [string, unknown, RegExp] => [
    `a cache mount ${title}`,
    { schemaVersion: 1, diffIDs: [digestOf("tar")], results: [], mounts: [{ ...mount, ...change }] },
    /one of its cache mounts is malformed/,
  ]),
  [
    "cache mounts that are no list",
    { schemaVersion: 1, diffIDs: [digestOf("tar")], results: [], mounts: {} },
    /its cache mounts are no list/,
  ],
];

for (const [title, document, message] of hostile) {
  test(`a cache with ${title} is refused`, () => {
    assert.throws(() => parseCache(Buffer.from(JSON.stringify(document)), [blob]), {
      code: "INVALID_CACHE",
      message,
    });
  });
}

test("a cache that is no JSON is refused", () => {
  assert.throws(() => parseCache(Buffer.from("{"), []), { code: "INVALID_CACHE" });
});

const image = (members: object) =>
  Buffer.from(JSON.stringify({ rootfs: { type: "layers", diff_ids: [digestOf("tar")] }, ...members }));
const inline = { schemaVersion: 1, results: [result] };

test("the cache in an image names the image's own layers", () => {
  assert.deepEqual(parseInlineCache(image({ "slipway.cache.v1": inline }), [blob], "app"), cache);
});

const wrongImages: [string, object, RegExp][] = [
  ["without a cache", {}, /^Cannot read app as a cache: there is none in the image$/],
  [
    "with BuildKit's",
    { "moby.buildkit.cache.v0": "e30=" },
    /app as a cache: the cache in the image is BuildKit's$/,
  ],
  [
    "of another version",
    { "slipway.cache.v1": { ...inline, schemaVersion: 2 } },
    /unknown schema version 2$/,
  ],
  ["with a cache that is no object", { "slipway.cache.v1": 1 }, /no object$/],
  ["without layers", { rootfs: { type: "layers" }, "slipway.cache.v1": inline }, /different layers$/],
  ["without a root", { rootfs: null, "slipway.cache.v1": inline }, /no object$/],
  [
    "with a layer that is not there",
    { "slipway.cache.v1": { ...inline, results: [{ ...result, layer: 1 }] } },
    /one of its results is malformed$/,
  ],
];

for (const [title, members, message] of wrongImages) {
  test(`an image ${title} is refused as a cache`, () => {
    assert.throws(() => parseInlineCache(image(members), [blob], "app"), { code: "INVALID_CACHE", message });
  });
}

test("caches of several platforms are one, each with its own layers", () => {
  const other = {
    layers: [{ ...cache.layers[0]!, blob: { ...blob, size: 5 } }],
    results: [{ ...result, key: "c".repeat(64) }],
  };
  assert.deepEqual(joinCaches([cache, other]), {
    layers: [...cache.layers, ...other.layers],
    results: [result, { ...other.results[0], layer: 1 }],
  });
});
