import assert from "node:assert/strict";
import { test } from "node:test";
import { digestOf, type Descriptor, parseReference } from "../oci/index.ts";
import { type RegistryClient, RegistryError } from "../registry/index.ts";
import { failure } from "../registry/testing/pull-rig.ts";
import { BlobReader } from "./blob-reader.ts";

const place = parseReference("registry.example/app");
const blob = (mebibytes: number): Descriptor => ({
  mediaType: "text/plain",
  digest: digestOf("x"),
  size: mebibytes << 20,
});

test("so much is read of one image, and what is refused takes nothing of it", async () => {
  let reads = 0;
  const readBlob = () => {
    reads++;
    return Promise.resolve(Buffer.from("x"));
  };
  const reader = new BlobReader({ readBlob } as unknown as RegistryClient);
  const read = async (mebibytes: number) => await reader.read(place, blob(mebibytes), 100 << 20);
  const good = { value: Buffer.from("x") };
  assert.deepEqual(await read(101), { reason: "is too large" });
  assert.deepEqual([await read(100), await read(100)], [good, good]);
  assert.deepEqual(await read(57), { reason: "is beyond the 256 MiB that are read of an image" });
  assert.deepEqual(await read(56), good);
  assert.equal(reads, 3);
});

test("manifests count by what they are, whatever a list says of them", async () => {
  let reads = 0;
  const resolveManifest = () => {
    reads++;
    return Promise.resolve({ bytes: Buffer.alloc(100 << 20), descriptor: blob(100) });
  };
  const reader = new BlobReader({ resolveManifest } as unknown as RegistryClient);
  const read = async (size: number) => "value" in (await reader.readManifest(place, { ...blob(0), size }));
  assert.deepEqual(await reader.readManifest(place, blob(1)), { reason: "is too large" });
  assert.deepEqual([await read(1), await read(1), await read(1), await read(1)], [true, true, true, false]);
  assert.equal(reads, 3);
});

test("what only spoils one blob is a reason, and what is the registry's trouble is thrown", async () => {
  const readerOf = (code: ConstructorParameters<typeof RegistryError>[0]) => {
    const readBlob = () => Promise.reject(new RegistryError(code, "no"));
    return new BlobReader({ readBlob } as unknown as RegistryClient);
  };
  for (const code of ["NOT_FOUND", "DIGEST_MISMATCH", "BAD_RESPONSE"] as const) {
    const read = readerOf(code).read(place, blob(1), 1 << 20);
    assert.deepEqual(await read, { reason: "cannot be fetched unharmed" });
  }
  for (const code of ["UNREACHABLE", "UNAUTHORIZED", "SERVER_ERROR"] as const)
    assert.equal((await failure(readerOf(code).read(place, blob(1), 1 << 20))).code, code);
});
