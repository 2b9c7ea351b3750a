import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { createServer, request as httpRequest } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { parseReference } from "../../src/oci/index.ts";
import { createRegistryClient } from "../../src/registry/index.ts";
import { DockerRegistry, isMissing } from "./docker-registry.ts";
import { imageOf } from "./image.ts";

test("a proxy that limits requests to 1 MB lets a large blob through in parts", {
  skip: isMissing,
}, async (t) => {
  await using registry = await DockerRegistry.start();
  const [host, port] = registry.host.split(":");
  const methods: string[] = [];
  const proxy = createServer((request, response) => {
    if (Number(request.headers["content-length"] ?? 0) > 1_000_000) {
      request.resume(); // as nginx does before it closes
      return void response.writeHead(413, { connection: "close" }).end();
    }
    methods.push(request.method ?? "");
    const { method, url: path, headers } = request;
    const onward = httpRequest({ host, port, method, path, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 0, answer.headers);
      answer.pipe(response);
    });
    request.pipe(onward);
  });
  await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    proxy.closeAllConnections();
    proxy.close();
  });
  const name = `127.0.0.1:${(proxy.address() as AddressInfo).port}/app`;
  await using client = createRegistryClient({ credentials: async () => undefined, env: {} });
  const pushed = await client.push([parseReference(name)], imageOf([randomBytes(5_000_000)]));
  assert.equal(pushed.uploaded.length, 2);
  assert.equal(methods.filter((method) => method === "PATCH").length, 10);
  const amd64 = { os: "linux", architecture: "amd64" };
  const resolved = await client.resolve(parseReference(`${registry.host}/app`), amd64);
  assert.equal(resolved.manifest.value.layers[0]!.size, 5_000_000);
});
