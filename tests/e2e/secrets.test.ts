import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { findText, occursIn, unpacked } from "./find-bytes.ts";
import { type CommandResult, missingForContainers, Rig } from "./rig.ts";

const skip = missingForContainers();

// Every way in which a build can get something that must not stay: secrets as files and in the environment, and the
// credentials of a proxy. The sum proves that the step really had them.
const dockerfile = `
FROM busybox AS used
ENV MARKER=marker-in-config
RUN --mount=type=secret,id=file --mount=type=secret,id=file,target=/etc/app/token,mode=0444 \\
    --mount=type=secret,id=variable,env=TOKEN \\
    test "$(cat /run/secrets/file)" = "$(cat /etc/app/token)" && \\
    echo "\${#TOKEN} $HTTP_PROXY $https_proxy" | cat - /run/secrets/file | sha256sum > /sum && echo marker-in-log
USER app
RUN --mount=type=secret,id=variable,uid=1000 test -r /run/secrets/variable
FROM busybox
COPY --from=used /sum /sum
RUN ! ls /run/secrets /etc/app
`;

class Lent {
  readonly file = randomBytes(24).toString("hex");
  readonly variable = randomBytes(24).toString("hex");
  readonly proxyPassword = randomBytes(24).toString("hex");
  readonly flags: readonly string[];
  readonly env: Record<string, string>;

  constructor(rig: Rig) {
    const file = path.join(rig.dir, "lent-file");
    writeFileSync(file, `${this.file}\n`);
    this.env = { LENT_VARIABLE: this.variable };
    this.flags = [
      `--secret=id=file,src=${file}`,
      "--secret=id=variable,env=LENT_VARIABLE",
      `--build-arg=HTTP_PROXY=http://user:${this.proxyPassword}@proxy.example:3128`,
      `--build-arg=https_proxy=http://user:${this.proxyPassword}@proxy.example:3128`,
    ];
  }

  get all(): readonly string[] {
    return [this.file, this.variable, this.proxyPassword];
  }
}

async function lendingRig(t: Parameters<typeof Rig.create>[0]): Promise<{ rig: Rig; lent: Lent }> {
  const rig = await Rig.withBusybox(t);
  rig.file("Dockerfile", dockerfile);
  return { rig, lent: new Lent(rig) };
}

function build(rig: Rig, lent: Lent, ...args: string[]): Promise<CommandResult> {
  return rig.slipway(["build", ...lent.flags, ...args, rig.contextDir], { env: lent.env });
}

function assertNowhere(rig: Rig, lent: Lent, outputs: readonly CommandResult[]): void {
  for (const secret of lent.all) {
    assert.deepEqual(findText(rig.root, secret), [], "in the store");
    for (const { stdout, stderr } of outputs) assert.ok(!occursIn(stdout + stderr, secret), stdout + stderr);
  }
}

test("a secret and a proxy's password are in no layer, config, record, log or output", {
  skip,
}, async (t) => {
  const { rig, lent } = await lendingRig(t);
  const outputs: CommandResult[] = [];
  const outDir = path.join(rig.dir, "out");
  for (const mode of ["plain", "tty", "rawjson", "quiet"]) {
    const done = await build(rig, lent, `--progress=${mode}`, "--no-cache", "--debug", "--tag=lent");
    assert.equal(done.exitCode, 0, done.stderr);
    outputs.push(done);
  }
  assert.match(outputs[0]?.stderr ?? "", /marker-in-log/, "the log is looked at");
  const targets = ["type=docker,dest=docker.tar", "type=oci,dest=oci.tar", "type=tar,dest=tree.tar"];
  const flags = targets.map((target) => `--output=${target.replace("dest=", `dest=${rig.dir}/`)}`);
  const metadata = `--metadata-file=${path.join(rig.dir, "metadata.json")}`;
  outputs.push(
    await build(rig, lent, "--target=used", ...flags, `--output=type=local,dest=${outDir}`, metadata),
  );
  outputs.push(await build(rig, lent, "--check"), await build(rig, lent, "--call=outline,format=json"));
  outputs.push(await rig.slipway(["inspect", "lent"]), await rig.slipway(["history", "lent"]));

  assertNowhere(rig, lent, outputs);
  const archives = ["docker", "oci", "tree"].map((name) => path.join(rig.dir, `${name}.tar`));
  const outputDirs = archives.map((archive) => unpacked(archive, rig.dir));
  for (const secret of lent.all) {
    const given = secret === lent.file ? ["lent-file"] : [];
    assert.deepEqual(findText(rig.dir, secret), given, "in a file that was written");
  }
  const [docker = "", oci = ""] = outputDirs;
  for (const directory of [docker, oci]) assert.notDeepEqual(findText(directory, "marker-in-config"), []);
});

test("a step that fails tells its command, and no secret", { skip }, async (t) => {
  const { rig, lent } = await lendingRig(t);
  rig.file("Dockerfile", dockerfile.replace("&& echo marker-in-log", "&& exit 7"));
  for (const mode of ["plain", "tty", "rawjson", "quiet"]) {
    const failed = await build(rig, lent, `--progress=${mode}`, "--debug");
    assert.equal(failed.exitCode, 1);
    assert.match(failed.stderr, /exit code: 7/);
    assertNowhere(rig, lent, [failed]);
  }
});

test("a secret that cannot be read is named by its id alone", { skip }, async (t) => {
  const { rig, lent } = await lendingRig(t);
  rmSync(path.join(rig.dir, "lent-file"));
  const failed = await build(rig, lent);
  assert.notEqual(failed.exitCode, 0);
  assertNowhere(rig, lent, [failed]);
});

test("a build killed while a step holds its secrets leaves none behind", { skip }, async (t) => {
  const { rig, lent } = await lendingRig(t);
  rig.file("Dockerfile", dockerfile.replace("&& echo marker-in-log", "&& touch /holding && sleep 30"));
  const args = ["build", ...lent.flags, rig.contextDir];
  await rig.slipway(args, { env: lent.env, killAfterMs: 2000 });
  assertNowhere(rig, lent, []);
});

test("a target that is built to be run, or to be looked at, is lent what it asks for", {
  skip,
}, async (t) => {
  const rig = await Rig.withBusybox(t);
  const secret = path.join(rig.dir, "lent-file");
  writeFileSync(secret, "a-secret-value\n");
  const step = "RUN --mount=type=secret,id=token,required wc -c </run/secrets/token >/size";
  rig.file("Dockerfile", `FROM absent AS develop\n${step}\n`);
  const lent = [`--secret=id=token,src=${secret}`, "--build-context=absent=docker-image://busybox"];
  const commands = [
    ["run", ...lent, "--target=develop", rig.contextDir, "--", "cat", "/size"],
    ["files", ...lent, "--context", rig.contextDir, "develop", "/size"],
    ["size", ...lent, "--context", rig.contextDir, "develop"],
  ];
  const ran = await rig.slipway(commands[0]!);
  assert.equal(ran.exitCode, 0, ran.stderr);
  assert.equal(ran.stdout, "15\n");
  for (const command of commands.slice(1)) {
    rig.file("Dockerfile", `FROM absent AS develop\nENV FOR=${command[0]}\n${step}\n`);
    const { exitCode, stderr } = await rig.slipway(command);
    assert.equal(exitCode, 0, stderr);
  }
});
