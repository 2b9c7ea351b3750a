import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { openStore } from "../../src/content/index.ts";
import { digestOf, parseReference } from "../../src/oci/index.ts";
import { createRegistryClient, RegistryError } from "../../src/registry/index.ts";
import { fakeCertificate } from "../../src/registry/testing/fake-certificate.ts";
import { account, DockerRegistry, isMissing } from "./docker-registry.ts";
import { imageOf } from "./image.ts";
import { TokenServer } from "./token-server.ts";

const dir = mkdtempSync(path.join(tmpdir(), "slipway-tokens-"));
after(() => rmSync(dir, { recursive: true, force: true }));

const amd64 = { os: "linux", architecture: "amd64" };
const identityToken = "1d3nt1ty";
const layers = [randomBytes(3_000_000), randomBytes(1000)];

for (const [method, credentials] of [
  ["GET", { kind: "password", ...account }],
  ["POST", { kind: "identity-token", token: identityToken }],
] as const) {
  test(`with a token for ${credentials.kind === "password" ? "a password" : "an identity token"} an image is pushed, mounted and pulled`, {
    skip: isMissing,
  }, async () => {
    await using service = await TokenServer.start({ ...account, identityToken });
    await using registry = await DockerRegistry.start({ tokenRealm: service.realm });
    await using client = createRegistryClient({ credentials: async () => credentials, env: {} });
    const image = imageOf(layers);
    const [one, other] = ["one", "other"].map((name) => parseReference(`${registry.host}/team/${name}`));
    const pushed = await client.push([one!, other!], image);
    assert.deepEqual([pushed.uploaded.length, pushed.mounted.length], [3, 3]);
    const resolved = await client.resolve(other!, amd64);
    const store = openStore(mkdtempSync(path.join(dir, "store-")));
    for (const layer of resolved.manifest.value.layers) await client.fetchBlob(other!, layer, store.content);
    assert.deepEqual(store.content.read(digestOf(layers[0]!), layers[0]!.length), layers[0]);
    assert.deepEqual([...new Set(service.granted)].sort(), [
      `${method} repository:team/one:pull,push`,
      `${method} repository:team/other:pull`,
      `${method} repository:team/other:pull,push`,
      `${method} repository:team/other:pull,push repository:team/one:pull`,
    ]);
  });
}

test("a token that the registry no longer takes is renewed in the middle of a push", {
  skip: isMissing,
}, async () => {
  await using service = await TokenServer.start({ ...account, identityToken });
  await using registry = await DockerRegistry.start({ tokenRealm: service.realm });
  const credentials = async () => ({ kind: "password", ...account }) as const;
  await using client = createRegistryClient({ credentials, env: {}, limits: { maxBlobs: 1 } });
  // The registry allows for clocks that differ by a minute.
  service.lifeSeconds = { real: -58, announced: 300 };
  const image = imageOf(layers);
  const opened = new Map<string, number>();
  const slow = image.blobs.map((blob) => ({
    ...blob,
    open: async function* () {
      const { digest } = blob.descriptor;
      opened.set(digest, (opened.get(digest) ?? 0) + 1);
      if (opened.get(digest) === 1) await sleep(2500);
      yield* blob.open();
    },
  }));
  const name = parseReference(`${registry.host}/team/slow`);
  const pushed = await client.push([name], { ...image, blobs: slow });
  assert.equal(pushed.uploaded.length, 3);
  assert.deepEqual([...opened.values()], [2, 2, 2], "each blob met a refusal, and was sent again");
  assert.equal((await client.resolve(name, amd64)).digest, image.documents[0]!.descriptor.digest);
});

test("who brings the client certificate of certs.d is let in, and nobody else", {
  skip: isMissing,
}, async () => {
  await using registry = await DockerRegistry.start({ tls: true, clientCertificate: true });
  const certificates = path.join(dir, "certs.d", registry.host);
  mkdirSync(certificates, { recursive: true });
  writeFileSync(path.join(certificates, "client.cert"), fakeCertificate.cert);
  writeFileSync(path.join(certificates, "client.key"), fakeCertificate.key);
  writeFileSync(path.join(certificates, "ca.crt"), fakeCertificate.cert);
  const image = imageOf(layers);
  const name = parseReference(`${registry.host}/app`);
  const push = async (...certificateDirs: string[]) => {
    const credentials = async () => undefined;
    await using client = createRegistryClient({ credentials, env: {}, certificateDirs });
    return await client.push([name], image);
  };
  assert.equal((await push(path.join(dir, "certs.d"))).uploaded.length, 3);
  await assert.rejects(push(), (error) => error instanceof RegistryError);
});
