import assert from "node:assert/strict";
import { test } from "node:test";
import { parseCacheFrom, parseCacheTo } from "./parse-cache.ts";

test("caches to read are named as docker names them", () => {
  assert.deepEqual(parseCacheFrom("type=local,src=c", "/w"), {
    type: "local",
    directory: "/w/c",
    name: "latest",
  });
  assert.deepEqual(parseCacheFrom("type=local,src=/c,tag=main", "/w"), {
    type: "local",
    directory: "/c",
    name: "main",
  });
  const registry = { type: "registry", reference: "example.com/app:cache" };
  assert.deepEqual(parseCacheFrom("type=registry,ref=example.com/app:cache", "/w"), registry);
  assert.deepEqual(parseCacheFrom("example.com/app:cache", "/w"), registry);
});

test("caches to write keep every stage's results unless told otherwise, and never fail the build", () => {
  assert.deepEqual(parseCacheTo("type=local,dest=c", "/w"), {
    type: "local",
    directory: "/w/c",
    name: "latest",
    mode: "auto",
    ignoreError: true,
  });
  assert.deepEqual(
    parseCacheTo(
      "type=registry,ref=x,mode=min,compression=zstd,compression-level=3,ignore-error=false",
      "/w",
    ),
    {
      type: "registry",
      reference: "x",
      mode: "min",
      compression: "zstd",
      level: 3,
      ignoreError: false,
    },
  );
});

test("contents of cache mounts are asked for by name, with a bound", () => {
  const bound = (text: string) => (parseCacheTo(text, "/") as { mountsMaxBytes?: number }).mountsMaxBytes;
  assert.equal(bound("type=local,dest=c,mounts=true"), 4_000_000_000);
  assert.equal(bound("type=registry,ref=x,mounts=true,mounts-max=1GiB"), 2 ** 30);
  assert.equal(bound("type=registry,ref=x,mounts=false"), undefined);
  assert.equal(parseCacheFrom("type=local,src=c,mounts=true", "/").mountsMaxBytes, 4_000_000_000);
});

test("attributes of BuildKit that ask for what a cache is anyway are taken", () => {
  const plain = parseCacheTo("type=registry,ref=x", "/");
  const form = "image-manifest=true,oci-mediatypes=true,oci-artifact=false,force-compression=false";
  const reset = parseCacheTo("type=local,dest=c,reset=true,force-compression=true", "/w") as object;
  assert.deepEqual(reset, {
    ...parseCacheTo("type=local,dest=c", "/w"),
    isForced: true,
    isReset: true,
  });
  assert.deepEqual(parseCacheTo(`type=registry,ref=x,${form}`, "/"), plain);
});

const wrong: [string, RegExp][] = [
  ["type=registry,ref=x,image-manifest=false", /a cache is an OCI image manifest.*: image-manifest=true$/],
  ["type=local,dest=c,oci-artifact=true", /a cache is an OCI image manifest.*: oci-artifact=false$/],
  ["type=local,dest=c,oci-mediatypes=maybe", /oci-mediatypes is one of true, false/],
  ["type=local,dest=c,reset=1", /reset is one of false, true/],
  ["type=registry,ref=x,reset=true", /type=registry does not take "reset"/],
  ["type=local,dest=c,mounts=yes", /mounts is one of false, true/],
  ["type=local,dest=c,mounts=true,mounts-max=much", /mounts-max is a size such as 500MB or 10GB/],
  ["type=local,dest=c,mounts-max=1GB", /mounts-max needs mounts=true/],
  ["type=inline,mounts=true", /type=inline does not take "mounts"/],
  ["type=gha", /Cannot use --cache-to "type=gha": caches of type "gha" are not supported/],
  ["type=none", /Cannot use --cache-to "type=none": unknown type "none"/],
  ["type=inline,mode=max", /"type=inline,mode=max": an image holds the results that are its own layers/],
  ["type=inline,ref=x", /type=inline does not take "ref"/],
  ["type=local", /dest is missing/],
  ["type=registry", /ref is missing/],
  ["/mnt/cache", /^BuildError: Cannot use --cache-to "\/mnt\/cache": invalid reference format$/],
  ["type=registry,ref=team/App", /must be lowercase/],
  ["type=local,dest=c,mode=all", /mode is one of auto, min, max/],
  ["type=local,dest=c,src=d", /type=local does not take "src"/],
  ["type=local,dest=c,compression=lz4", /compression is one of gzip, zstd, uncompressed/],
  ["type=local,dest=c,compression-level=high", /compression-level is no number/],
];

for (const [text, message] of wrong) {
  test(`--cache-to ${text} is refused`, () => {
    assert.throws(() => parseCacheTo(text, "/"), message);
  });
}

test("a directory that is given as a registry's cache is told how to name it", () => {
  assert.throws(() => parseCacheFrom("./cache", "/"), { hint: "for a directory: type=local,src=./cache" });
  assert.throws(() => parseCacheTo("/cache", "/"), { hint: "for a directory: type=local,dest=/cache" });
});

test("the cache in an image is read by the image's name", () => {
  assert.throws(() => parseCacheFrom("type=inline", "/"), {
    message: 'Cannot use --cache-from "type=inline": unknown type "inline"',
    hint: "the cache in an image is read with type=registry,ref=IMAGE",
  });
  assert.deepEqual(parseCacheTo("type=inline,mode=min", "/"), {
    type: "inline",
    mode: "min",
    ignoreError: true,
  });
});
