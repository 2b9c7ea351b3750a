import assert from "node:assert/strict";
import { test } from "node:test";
import { parseAnnotations } from "./annotations.ts";

test("an annotation is of the manifest, or of every place that is named before it", () => {
  const amd64 = { os: "linux", architecture: "amd64" };
  assert.deepEqual(parseAnnotations(["a=b=c", "", "manifest,index[linux/amd64]:Key=v", "k="]), [
    { type: "manifest", key: "a", value: "b=c" },
    { type: "manifest", key: "Key", value: "v" },
    { type: "index", platform: amd64, key: "Key", value: "v" },
    { type: "manifest", key: "k", value: "" },
  ]);
});

for (const [text, message] of [
  ["a", 'invalid annotation "a", expected key=value'],
  ["foo:a=b", 'unknown annotation type "foo"'],
  [
    "Manifest:a=b",
    'invalid annotation type "Manifest", expected type and optional platform in square brackets',
  ],
  [
    "manifest[:a=b",
    'invalid annotation type "manifest[", expected type and optional platform in square brackets',
  ],
] as const) {
  test(`refused: ${message}`, () => {
    assert.throws(() => parseAnnotations([text]), { code: "USAGE", message });
  });
}
