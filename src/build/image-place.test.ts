import assert from "node:assert/strict";
import { test } from "node:test";
import { type ImagePlace, parseImagePlace } from "./image-place.ts";

test("places are read as other tools write them", () => {
  const rows: [string, ImagePlace][] = [
    ["docker://app", { kind: "registry", name: "docker.io/library/app:latest" }],
    ["docker://r.example:5000/a/b:1", { kind: "registry", name: "r.example:5000/a/b:1" }],
    ["oci:out", { kind: "layout", directory: "out" }],
    ["oci:/a/b:v1.2", { kind: "layout", directory: "/a/b", tag: "v1.2" }],
    ["oci-archive:x.tar", { kind: "archive", format: "oci", file: "x.tar" }],
    [
      "docker-archive:x.tar:app:v1",
      { kind: "archive", format: "docker", file: "x.tar", name: "docker.io/library/app:v1" },
    ],
    ["app:v1", { kind: "store", name: "app:v1" }],
    ["store:docker:v1", { kind: "store", name: "docker:v1" }],
    ["localhost:5000/oci:latest", { kind: "store", name: "localhost:5000/oci:latest" }],
  ];
  for (const [text, place] of rows) assert.deepEqual(parseImagePlace(text), place, text);
});

test("places that are none are refused", () => {
  const rows: [string, string, string][] = [
    ["docker:app", "INVALID_OUTPUT", 'Cannot use "docker:app" as place of an image: expected docker://NAME'],
    ["oci:", "INVALID_OUTPUT", 'Cannot use "oci:" as place of an image: expected oci:DIRECTORY[:TAG]'],
    [
      "oci-archive::x",
      "INVALID_OUTPUT",
      'Cannot use "oci-archive::x" as place of an image: expected oci-archive:FILE[:NAME]',
    ],
  ];
  for (const [text, code, message] of rows) assert.throws(() => parseImagePlace(text), { code, message });
  assert.throws(() => parseImagePlace("docker://UPPER"), { code: "INVALID_TAG" });
});
