import assert from "node:assert/strict";
import { existsSync, readFileSync, statSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { account, DockerRegistry, isMissing } from "../registry/docker-registry.ts";
import { busyboxRootfs, Rig } from "./rig.ts";

for (const tls of [false, true]) {
  test(`who logs in${tls ? " over TLS" : ""} can push until he logs out`, { skip: isMissing }, async (t) => {
    await using registry = await DockerRegistry.start({ basicAuth: true, tls });
    const rig = Rig.create(t);
    const env = { DOCKER_CONFIG: path.join(rig.dir, "docker") };
    const file = path.join(env.DOCKER_CONFIG, "config.json");
    const login = (args: string[], input: string) => rig.slipway(["login", ...args], { env, input });

    const wrong = await login(["-u", account.username, "--password-stdin", registry.host], "gue55ed\n");
    assert.equal(wrong.exitCode, 6);
    assert.equal(
      wrong.stderr,
      `ERROR: Cannot log in to ${registry.host}: ${registry.host} refused the credentials\n` +
        "hint: check the user name and the password; many registries want a token in its place\n",
    );
    assert.equal(existsSync(file), false);

    const input = `${account.password}\n`;
    const right = await login(
      ["-u", account.username, "--password-stdin", `https://${registry.host}/v2/`],
      input,
    );
    assert.deepEqual([right.exitCode, right.stdout], [0, "Login Succeeded\n"]);
    assert.match(right.stderr, /^WARNING! Your credentials are stored unencrypted in '.*config\.json'\./);
    assert.equal(statSync(file).mode & 0o777, 0o600);
    const again = await login([registry.host], "");
    assert.equal(again.stdout, "Login Succeeded\n");
    assert.equal(again.stderr, "Authenticating with existing credentials...\n");

    const name = `${registry.host}/app`;
    assert.equal((await rig.slipway(["import", busyboxRootfs(), name])).exitCode, 0);
    assert.equal((await rig.slipway(["push", "-q", name], { env })).stdout, `${name}:latest\n`);
    const logout = await rig.slipway(["logout", registry.host], { env });
    assert.equal(logout.stdout, `Removing login credentials for ${registry.host}\n`);
    assert.equal((await rig.slipway(["push", "-q", name], { env })).exitCode, 6);
    assert.equal(
      (await rig.slipway(["logout", registry.host], { env })).stdout,
      `Not logged in to ${registry.host}\n`,
    );
    assert.equal(readFileSync(file, "utf8"), '{\n\t"auths": {}\n}\n');
  });
}

test("a login without a terminal needs a name and a password", async (t) => {
  const rig = Rig.create(t);
  const env = { DOCKER_CONFIG: rig.dir };
  const rows: [string[], string][] = [
    [["r.example"], "Cannot perform an interactive login from a non TTY device"],
    [["--password-stdin", "r.example"], "Must provide --username with --password-stdin"],
    [["-p", "x", "--password-stdin", "r.example"], "--password and --password-stdin are mutually exclusive"],
    [["-u", "a", "--password-stdin", "no host"], 'Cannot use "no host" as registry: it is no host'],
  ];
  for (const [args, message] of rows) {
    const { exitCode, stderr } = await rig.slipway(["login", ...args], { env });
    assert.deepEqual([exitCode, stderr.includes(`ERROR: ${message}\n`)], [2, true], stderr);
  }
});
