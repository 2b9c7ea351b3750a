import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { type TestContext, test } from "node:test";
import { findDockerHost } from "./docker-host.ts";

for (const [host, connection] of [
  ["unix:///run/x.sock", { socketPath: "/run/x.sock" }],
  ["tcp://build.example:1234", { host: "build.example", port: 1234 }],
  ["tcp://[::1]:1234/", { host: "::1", port: 1234 }],
  ["tcp://build.example", { host: "build.example", port: 2375 }],
] as const) {
  test(`docker is found at ${host}`, () => {
    assert.deepEqual(findDockerHost({ DOCKER_HOST: host }), { title: host, isTls: false, connection });
  });
}

for (const host of ["ssh://build.example", "tcp://build.example:65536", "tcp://", "build.example:2375"]) {
  test(`docker cannot be reached at ${host}, and it is said so`, () => {
    assert.throws(() => findDockerHost({ DOCKER_HOST: host }), {
      code: "ENGINE_UNREACHABLE",
      message: `Cannot reach docker at "${host}": expected unix:// or tcp://`,
    });
  });
}

test("with TLS, docker is spoken to with its certificates, at a port of its own", (t) => {
  const dir = configDir(t);
  for (const name of ["ca", "cert", "key"]) writeFileSync(path.join(dir, `${name}.pem`), name);
  const env = { DOCKER_HOST: "tcp://build.example", DOCKER_TLS_VERIFY: "1", DOCKER_CERT_PATH: dir };
  const [ca, cert, key] = ["ca", "cert", "key"].map((text) => Buffer.from(text));
  assert.deepEqual(findDockerHost(env), {
    title: env.DOCKER_HOST,
    isTls: true,
    connection: { host: "build.example", port: 2376, ca, cert, key },
  });
});

test("a context of docker's says where it is, unless DOCKER_HOST does", (t) => {
  const dir = configDir(t);
  const id = createHash("sha256").update("mine").digest("hex");
  mkdirSync(path.join(dir, "contexts/meta", id), { recursive: true });
  const meta = { Name: "mine", Endpoints: { docker: { Host: "unix:///run/mine.sock" } } };
  writeFileSync(path.join(dir, "contexts/meta", id, "meta.json"), JSON.stringify(meta));
  const title = (env: Record<string, string>) => findDockerHost({ DOCKER_CONFIG: dir, ...env })?.title;
  assert.equal(title({ DOCKER_CONTEXT: "mine" }), "unix:///run/mine.sock");
  assert.equal(title({ DOCKER_CONTEXT: "mine", DOCKER_HOST: "tcp://a:1" }), "tcp://a:1");
  writeFileSync(path.join(dir, "config.json"), '{"currentContext":"mine"}');
  assert.equal(title({}), "unix:///run/mine.sock");
});

function configDir(t: TestContext): string {
  const dir = mkdtempSync(path.join(tmpdir(), "slipway-docker-host-"));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}
