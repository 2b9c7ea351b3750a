import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { parseReference } from "../../src/oci/index.ts";
import { createRegistryClient } from "../../src/registry/index.ts";
import { AnsweringProxy } from "./answering-proxy.ts";
import { DockerRegistry, isMissing } from "./docker-registry.ts";
import { imageOf } from "./image.ts";

test("a proxy that limits requests to 1 MB lets a large blob through in parts", {
  skip: isMissing,
}, async () => {
  await using registry = await DockerRegistry.start();
  const methods: string[] = [];
  await using proxy = await AnsweringProxy.start(registry.host, (request, response) => {
    if (Number(request.headers["content-length"] ?? 0) > 1_000_000) {
      request.resume(); // as nginx does before it closes
      response.writeHead(413, { connection: "close" }).end();
      return true;
    }
    methods.push(request.method ?? "");
    return false;
  });
  const name = `${proxy.host}/app`;
  await using client = createRegistryClient({ credentials: async () => undefined, env: {} });
  const pushed = await client.push([parseReference(name)], imageOf([randomBytes(5_000_000)]));
  assert.equal(pushed.uploaded.length, 2);
  assert.equal(methods.filter((method) => method === "PATCH").length, 10);
  const amd64 = { os: "linux", architecture: "amd64" };
  const resolved = await client.resolve(parseReference(`${registry.host}/app`), amd64);
  assert.equal(resolved.manifest.value.layers[0]!.size, 5_000_000);
});
