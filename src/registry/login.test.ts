import assert from "node:assert/strict";
import {
  chmodSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { type TestContext, test } from "node:test";
import { dockerCredentials, eraseCredentials, storeCredentials } from "./index.ts";

const login = { username: "ann", password: "s3cret:with colon" };

test("credentials are kept for their owner only, beside what the file had, and found again", async (t) => {
  const { dir, file, env } = rig(t);
  writeFileSync(file, '{"HttpHeaders":{"X":"1"},"auths":{"other.example":{"auth":"b3RoZXI6cGFzcw=="}}}', {
    mode: 0o644,
  });
  assert.deepEqual(await storeCredentials("r.example:5000", login, { env }), { kind: "file", path: file });
  assert.equal(statSync(file).mode & 0o777, 0o600);
  assert.deepEqual(readdirSync(dir), ["config.json"], "no temporary file is left");
  assert.deepEqual(JSON.parse(readFileSync(file, "utf8")), {
    HttpHeaders: { X: "1" },
    auths: {
      "other.example": { auth: "b3RoZXI6cGFzcw==" },
      "r.example:5000": { auth: Buffer.from("ann:s3cret:with colon").toString("base64") },
    },
  });
  assert.deepEqual(await dockerCredentials({ env })("r.example:5000"), { kind: "password", ...login });

  assert.equal(await eraseCredentials("r.example:5000", { env }), true);
  assert.equal(await eraseCredentials("r.example:5000", { env }), false);
  assert.deepEqual(Object.keys((JSON.parse(readFileSync(file, "utf8")) as { auths: object }).auths), [
    "other.example",
  ]);
});

test("a directory that is not there is made, and a link is written through", async (t) => {
  const { dir, env } = rig(t);
  const below = path.join(dir, "new/docker");
  await storeCredentials("docker.io", login, { env: { DOCKER_CONFIG: below } });
  assert.equal(statSync(below).mode & 0o777, 0o700);
  const { auths } = JSON.parse(readFileSync(path.join(below, "config.json"), "utf8")) as { auths: object };
  assert.deepEqual(Object.keys(auths), ["https://index.docker.io/v1/"]);
  symlinkSync(path.join(below, "config.json"), path.join(dir, "config.json"));
  await storeCredentials("r.example", login, { env });
  assert.equal(lstatSync(path.join(dir, "config.json")).isSymbolicLink(), true);
  assert.deepEqual(await dockerCredentials({ env: { DOCKER_CONFIG: below } })("r.example"), {
    kind: "password",
    ...login,
  });
});

test("a file that is not docker's is not overwritten, and its text is not shown", async (t) => {
  const { file, env } = rig(t);
  writeFileSync(file, '["s3cret"');
  await assert.rejects(storeCredentials("r.example", login, { env }), {
    code: "UNAUTHORIZED",
    message: `Cannot read credentials from ${file}: it is not a JSON object`,
  });
  assert.equal(readFileSync(file, "utf8"), '["s3cret"');
});

test("with a helper the secret is its own, and the file names only the registry", async (t) => {
  const { dir, file, env } = rig(t);
  const kept = path.join(dir, "kept");
  const helper = path.join(dir, "docker-credential-box");
  writeFileSync(
    helper,
    `#!/bin/sh\ncase $1 in\nstore) cat > ${kept} ;;\nget) cat ${kept} ;;\nerase) cat > ${kept}.erased; rm ${kept} 2>/dev/null || { echo credentials not found in native keychain; exit 1; } ;;\nesac\n`,
  );
  chmodSync(helper, 0o755);
  writeFileSync(file, '{"credHelpers":{"r.example":"box"},"credsStore":"absent"}');
  const withHelper = { ...env, PATH: `${dir}:${process.env["PATH"]}` };
  assert.deepEqual(await storeCredentials("r.example", login, { env: withHelper }), {
    kind: "helper",
    name: "box",
  });
  assert.doesNotMatch(readFileSync(file, "utf8"), /s3cret|czNjcmV0/);
  assert.deepEqual(JSON.parse(readFileSync(kept, "utf8")), {
    ServerURL: "r.example",
    Username: "ann",
    Secret: login.password,
  });
  assert.deepEqual(await dockerCredentials({ env: withHelper })("r.example"), { kind: "password", ...login });
  assert.equal(await eraseCredentials("r.example", { env: withHelper }), true);
  assert.equal(readFileSync(`${kept}.erased`, "utf8"), "r.example");
  assert.equal(await eraseCredentials("r.example", { env: withHelper }), false, "nothing was there");
  await assert.rejects(storeCredentials("other.example", login, { env: withHelper }), {
    code: "UNAUTHORIZED",
    message: "Cannot store credentials with docker-credential-absent: it is not installed",
  });
});

function rig(t: TestContext) {
  const dir = mkdtempSync(path.join(tmpdir(), "slipway-login-"));
  t.after(() => rmSync(dir, { recursive: true }));
  return { dir, file: path.join(dir, "config.json"), env: { DOCKER_CONFIG: dir } };
}
