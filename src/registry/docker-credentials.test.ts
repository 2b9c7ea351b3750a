import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import { dockerCredentials } from "./docker-credentials.ts";

const dir = mkdtempSync(path.join(tmpdir(), "slipway-credentials-"));
after(() => rmSync(dir, { recursive: true, force: true }));

const base64 = (text: string) => Buffer.from(text).toString("base64");
const ann = { kind: "password", username: "ann", password: "pass:word" };

const rows: [title: string, auths: object, host: string, found: unknown][] = [
  ["auth", { "registry.example:5000": { auth: base64("ann:pass:word") } }, "registry.example:5000", ann],
  [
    "username and password",
    { "registry.example": { username: "ann", password: "pass:word" } },
    "registry.example",
    ann,
  ],
  [
    "an identity token beside auth",
    { r: { auth: base64("<token>:"), identitytoken: "id" } },
    "r",
    { kind: "identity-token", token: "id" },
  ],
  ["a registry token", { r: { registrytoken: "reg" } }, "r", { kind: "registry-token", token: "reg" }],
  [
    "Docker Hub",
    { "https://index.docker.io/v1/": { auth: base64("ann:pass:word") } },
    "registry-1.docker.io",
    ann,
  ],
  [
    "Docker Hub by its short name",
    { "docker.io": { auth: base64("ann:pass:word") } },
    "registry-1.docker.io",
    ann,
  ],
  [
    "a key with scheme and path",
    { "https://registry.example/v2/": { auth: base64("ann:pass:word") } },
    "registry.example",
    ann,
  ],
  [
    "nothing for another host",
    { "registry.example": { auth: base64("ann:pass:word") } },
    "example",
    undefined,
  ],
  [
    "nothing for another port",
    { "registry.example:1": { auth: base64("ann:pass:word") } },
    "registry.example:2",
    undefined,
  ],
  [
    "nothing for Docker Hub elsewhere",
    { "https://index.docker.io/v1/": { auth: base64("ann:x") } },
    "registry.example",
    undefined,
  ],
  ["nothing for an empty entry", { "registry.example": {} }, "registry.example", undefined],
  ["nothing for an entry that is no object", { "registry.example": "x" }, "registry.example", undefined],
  ["nothing for a prototype's member", {}, "constructor", undefined],
];

for (const [title, auths, host, found] of rows) {
  test(`docker's config.json gives ${title}`, async () => {
    const file = writeConfig({ auths });
    assert.deepEqual(await dockerCredentials({ file })(host), found);
  });
}

test("no config.json means anonymous", async () => {
  assert.equal(
    await dockerCredentials({ env: { DOCKER_CONFIG: path.join(dir, "absent") } })("registry.example"),
    undefined,
  );
});

test("config.json lies in DOCKER_CONFIG, else in the home directory's .docker", async () => {
  const home = path.join(dir, "home");
  mkdirSync(path.join(home, ".docker"), { recursive: true });
  writeFileSync(
    path.join(home, ".docker/config.json"),
    JSON.stringify({ auths: { r: { registrytoken: "home" } } }),
  );
  assert.deepEqual(await dockerCredentials({ env: { HOME: home } })("r"), {
    kind: "registry-token",
    token: "home",
  });
  writeFileSync(path.join(home, "config.json"), JSON.stringify({ auths: { r: { registrytoken: "named" } } }));
  const env = { HOME: home, DOCKER_CONFIG: home };
  assert.deepEqual(await dockerCredentials({ env })("r"), { kind: "registry-token", token: "named" });
});

test("a config.json that is not JSON is an error that does not quote it", async () => {
  const file = path.join(dir, "broken.json");
  writeFileSync(file, '{"auths": {"r": {"auth": "c2VjcmV0"');
  const message = `Cannot read credentials from ${file}: it is not a JSON object`;
  await assert.rejects(async () => dockerCredentials({ file })("r"), { code: "UNAUTHORIZED", message });
});

const helperRows: [title: string, script: string, found: unknown, note: string | undefined][] = [
  [
    "a password",
    `read server; echo "{\\"ServerURL\\":\\"$server\\",\\"Username\\":\\"ann\\",\\"Secret\\":\\"pass:word\\"}"`,
    ann,
    undefined,
  ],
  [
    "an identity token",
    `echo '{"Username":"<token>","Secret":"id"}'`,
    { kind: "identity-token", token: "id" },
    undefined,
  ],
  ["nothing", "echo credentials not found in native keychain; exit 1", undefined, "it has none"],
  ["a failure", "echo s3cret >&2; exit 3", undefined, "exit code 3"],
  ["nonsense", "echo s3cret", undefined, "its answer is not what the protocol asks for"],
];

for (const [title, script, found, note] of helperRows) {
  test(`a credential helper that gives ${title}`, async () => {
    const env = installHelper("test", script);
    const notes: string[] = [];
    const file = writeConfig({ credHelpers: { "registry.example": "test" } });
    const credentials = dockerCredentials({ file, env, note: (text) => notes.push(text) });
    assert.deepEqual(await credentials("registry.example"), found);
    assert.deepEqual(
      notes,
      note ? [`No credentials for registry.example from docker-credential-test: ${note}`] : [],
    );
  });
}

test("a registry's own helper wins over the store, which serves the others; Docker Hub has its long name there", async () => {
  const env = installHelper("own", `echo '{"Username":"ann","Secret":"own"}'`);
  installHelper("store", `read -r server; echo "{\\"Username\\":\\"ann\\",\\"Secret\\":\\"$server\\"}"`);
  const file = writeConfig({ credHelpers: { "registry.example": "own" }, credsStore: "store" });
  const credentials = dockerCredentials({ file, env });
  const secretOf = async (host: string) => ((await credentials(host)) as { password: string }).password;
  assert.equal(await secretOf("registry.example"), "own");
  assert.equal(await secretOf("other.example"), "other.example");
  assert.equal(await secretOf("registry-1.docker.io"), "https://index.docker.io/v1/");
});

test("a helper that is not installed leaves the file's own entry, and is asked for once", async () => {
  const file = writeConfig({ credsStore: "absent", auths: { r: { registrytoken: "reg" } } });
  const notes: string[] = [];
  const credentials = dockerCredentials({ file, env: { PATH: dir }, note: (text) => notes.push(text) });
  const both = await Promise.all([credentials("r"), credentials("r")]);
  assert.deepEqual(
    both.map((each) => each?.kind),
    ["registry-token", "registry-token"],
  );
  assert.deepEqual(notes, ["No credentials for r from docker-credential-absent: it is not installed"]);
});

test("a helper's name cannot lead to another program", async () => {
  const file = writeConfig({ credsStore: "../../bin/sh" });
  const notes: string[] = [];
  assert.equal(await dockerCredentials({ file, note: (text) => notes.push(text) })("r"), undefined);
  assert.deepEqual(notes, ["No credentials for r from docker-credential-../../bin/sh: not a helper's name"]);
});

function writeConfig(config: object): string {
  const file = path.join(mkdtempSync(path.join(dir, "config-")), "config.json");
  writeFileSync(file, JSON.stringify(config));
  return file;
}

function installHelper(name: string, script: string): NodeJS.ProcessEnv {
  const program = path.join(dir, `docker-credential-${name}`);
  writeFileSync(program, `#!/bin/sh\n${script}\n`);
  chmodSync(program, 0o755);
  return { PATH: `${dir}:/usr/bin:/bin` };
}
