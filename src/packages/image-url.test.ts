import assert from "node:assert/strict";
import { test } from "node:test";
import { digestOf, parseReference } from "../oci/index.ts";
import { imageUrl, layoutUrl } from "./index.ts";

const platform = { os: "linux", architecture: "arm", variant: "v7" };

test("an image is named as BuildKit names it", () => {
  const digest = digestOf("x");
  const rows: [name: string, url: string][] = [
    ["alpine", "pkg:docker/alpine@latest?"],
    ["docker.io/me/app:1", "pkg:docker/me/app@1?"],
    ["127.0.0.1:5000/team/app:v1.2", "pkg:docker/127.0.0.1:5000/team/app@v1.2?"],
    [`alpine@${digest}`, `pkg:docker/alpine?digest=${digest}&`],
    [`alpine:3@${digest}`, `pkg:docker/alpine@3?digest=${digest}&`],
  ];
  for (const [name, url] of rows)
    assert.equal(imageUrl(parseReference(name), platform), `${url}platform=linux%2Farm%2Fv7`);
  assert.equal(
    layoutUrl("my layout", "latest", platform),
    "pkg:oci/my%20layout@latest?platform=linux%2Farm%2Fv7",
  );
});
