import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { type TestContext, test } from "node:test";
import { openStore } from "../../src/content/index.ts";
import { digestOf, parseReference } from "../../src/oci/index.ts";
import { createRegistryClient } from "../../src/registry/index.ts";
import { CuttingProxy } from "./cutting-proxy.ts";
import { account, DockerRegistry, type DockerRegistryOptions, isMissing } from "./docker-registry.ts";
import { imageOf } from "./image.ts";
import { TokenServer } from "./token-server.ts";

const amd64 = { os: "linux", architecture: "amd64" };
const credentials = async () => ({ kind: "password", ...account }) as const;

const ways: [title: string, options: DockerRegistryOptions & { readonly hasTokens?: boolean }][] = [
  ["without authentication", {}],
  ["with a password", { basicAuth: true }],
  ["with a token", { hasTokens: true }],
  ["with TLS and a password", { tls: true, basicAuth: true }],
];

for (const [title, { hasTokens, ...options }] of ways) {
  test(`an image comes whole through a line that breaks in the middle of its blobs, ${title}`, {
    skip: isMissing,
  }, async (t) => {
    await using service = await TokenServer.start({ ...account, identityToken: "" });
    const tokens = hasTokens ? { tokenRealm: service.realm } : {};
    await using registry = await DockerRegistry.start({ ...options, ...tokens });
    const notes: string[] = [];
    const note = (text: string) => notes.push(text);
    await using client = createRegistryClient({ credentials, env: {}, note, limits: { retryDelayMs: 1 } });
    const layer = randomBytes(10_000_000);
    const limits = { afterBytes: 3_000_000, times: 3 };

    await using sending = await CuttingProxy.start(registry.host, { ...limits, side: "requests" });
    const image = imageOf([layer]);
    const pushed = await client.push([parseReference(`${sending.host}/app`)], image);
    assert.deepEqual([sending.cuts, pushed.uploaded.length], [3, 2]);

    notes.length = 0;
    await using proxy = await CuttingProxy.start(registry.host, limits);
    const name = parseReference(`${proxy.host}/app`);
    const resolved = await client.resolve(name, amd64);
    assert.equal(resolved.digest, image.documents[0]!.descriptor.digest);
    const store = openStore(temporaryDir(t));
    await client.fetchBlob(name, resolved.manifest.value.layers[0]!, store.content);
    assert.deepEqual(store.content.read(digestOf(layer), layer.length), layer);
    const offsets = notes.map((text) => Number(/after (\d+) of 10000000 bytes/.exec(text)?.[1]));
    assert.deepEqual([proxy.cuts, offsets.length], [3, 3]);
    assert.ok(
      offsets.every((offset, index) => offset > (offsets[index - 1] ?? 0)),
      `each try goes further: ${offsets.join(", ")}`,
    );
  });
}

function temporaryDir(t: TestContext): string {
  const dir = mkdtempSync(path.join(tmpdir(), "slipway-cuts-"));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}
