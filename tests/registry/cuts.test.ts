import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { openStore } from "../../src/content/index.ts";
import { digestOf, parseReference } from "../../src/oci/index.ts";
import { createRegistryClient } from "../../src/registry/index.ts";
import { CuttingProxy } from "./cutting-proxy.ts";
import { DockerRegistry, isMissing } from "./docker-registry.ts";
import { imageOf } from "./image.ts";

test("a pull over a line that breaks goes on where it broke", { skip: isMissing }, async (t) => {
  const dir = mkdtempSync(path.join(tmpdir(), "slipway-cuts-"));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  await using registry = await DockerRegistry.start();
  await using proxy = await CuttingProxy.start(registry.host, { afterBytes: 3_000_000, times: 3 });
  const notes: string[] = [];
  const note = (text: string) => notes.push(text);
  const limits = { retryDelayMs: 1 };
  await using client = createRegistryClient({ credentials: async () => undefined, env: {}, note, limits });
  const layer = randomBytes(10_000_000);
  await client.push([parseReference(`${registry.host}/app`)], imageOf([layer]));

  const name = parseReference(`${proxy.host}/app`);
  const resolved = await client.resolve(name, { os: "linux", architecture: "amd64" });
  const store = openStore(dir);
  await client.fetchBlob(name, resolved.manifest.value.layers[0]!, store.content);
  assert.deepEqual(store.content.read(digestOf(layer), layer.length), layer);
  const offsets = notes.map((text) => Number(/after (\d+) of 10000000 bytes/.exec(text)?.[1]));
  assert.deepEqual([proxy.cuts, offsets.length], [3, 3]);
  assert.ok(
    offsets.every((offset, index) => offset > (offsets[index - 1] ?? 0)),
    `each try goes further: ${offsets.join(", ")}`,
  );
});
