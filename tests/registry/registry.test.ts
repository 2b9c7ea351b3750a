import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import { openStore } from "../../src/content/index.ts";
import { digestOf, parseReference } from "../../src/oci/index.ts";
import { createRegistryClient, type RegistryClientOptions, RegistryError } from "../../src/registry/index.ts";
import { account, DockerRegistry, type DockerRegistryOptions, isMissing } from "./docker-registry.ts";
import { imageOf } from "./image.ts";

const dir = mkdtempSync(path.join(tmpdir(), "slipway-registry-"));
after(() => rmSync(dir, { recursive: true, force: true }));

const amd64 = { os: "linux", architecture: "amd64" };
const layers = [randomBytes(5_000_000), randomBytes(1000)];
const user = { credentials: async () => ({ kind: "password" as const, ...account }) };
const nobody = { credentials: async () => undefined };

const rows: [title: string, server: DockerRegistryOptions, client: RegistryClientOptions][] = [
  ["without authentication", {}, nobody],
  ["with a password", { basicAuth: true }, user],
  ["with TLS and a password", { tls: true, basicAuth: true }, user],
];

for (const [title, server, options] of rows) {
  test(`an image is pushed, pushed again and pulled ${title}`, { skip: isMissing }, async () => {
    await using registry = await DockerRegistry.start(server);
    await using client = createRegistryClient({ ...options, env: {} });
    const image = imageOf(layers);
    const one = parseReference(`${registry.host}/team/one:1.0`);
    const other = parseReference(`${registry.host}/team/other`);

    const first = await client.push([one, other], image);
    assert.deepEqual([first.uploaded.length, first.mounted.length, first.existing.length], [3, 3, 0]);
    const again = await client.push([one], image);
    assert.deepEqual([again.uploaded.length, again.existing.length], [0, 3]);

    const store = openStore(mkdtempSync(path.join(dir, "store-")));
    for (const reference of [one, other]) {
      const resolved = await client.resolve(reference, amd64);
      assert.equal(resolved.digest, image.documents[0]!.descriptor.digest);
      assert.equal(await client.resolveDigest(reference), resolved.digest);
      await Promise.all(
        resolved.manifest.value.layers.map((layer) => client.fetchBlob(reference, layer, store.content)),
      );
    }
    for (const layer of layers) assert.deepEqual(store.content.read(digestOf(layer), layer.length), layer);
  });
}

test("what is not there and who may not come in is told apart", { skip: isMissing }, async () => {
  await using registry = await DockerRegistry.start({ basicAuth: true });
  const codeFor = async (options: RegistryClientOptions) => {
    await using client = createRegistryClient({ ...options, env: {} });
    const error = await client
      .resolve(parseReference(`${registry.host}/absent`), amd64)
      .catch((each: unknown) => each);
    return error instanceof RegistryError ? error.code : error;
  };
  assert.equal(await codeFor(user), "NOT_FOUND");
  assert.equal(await codeFor(nobody), "UNAUTHORIZED");
  const wrong = { kind: "password", username: "ann", password: "guessed" } as const;
  assert.equal(await codeFor({ credentials: async () => wrong }), "UNAUTHORIZED");
});

const noSkopeo =
  isMissing || (spawnSync("skopeo", ["--version"]).status === 0 ? false : "skopeo is not installed");

test("skopeo reads what we push, and we read what skopeo pushes", { skip: noSkopeo }, async () => {
  await using registry = await DockerRegistry.start();
  await using client = createRegistryClient({ ...nobody, env: {} });
  const image = imageOf(layers);
  await client.push([parseReference(`${registry.host}/ours`)], image);
  const copied = `docker://${registry.host}/theirs:copied`;
  skopeo(
    "copy",
    "--src-tls-verify=false",
    "--dest-tls-verify=false",
    "--preserve-digests",
    `docker://${registry.host}/ours:latest`,
    copied,
  );
  const resolved = await client.resolve(parseReference(`${registry.host}/theirs:copied`), amd64);
  assert.equal(resolved.digest, image.documents[0]!.descriptor.digest);
});

function skopeo(...args: readonly string[]): void {
  const policy = ["--insecure-policy"];
  const { status, stderr } = spawnSync("skopeo", [...policy, ...args], { encoding: "utf8" });
  assert.equal(status, 0, stderr);
}
