import assert from "node:assert/strict";
import { test } from "node:test";
import { type Descriptor, digestOf, type DiffID } from "../oci/index.ts";
import { type CacheDocument, encodeCache, parseCache } from "./cache-document.ts";

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
