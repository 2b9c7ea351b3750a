import assert from "node:assert/strict";
import { test } from "node:test";
import { type CommandResult, missingForContainers, Rig } from "./rig.ts";

const skip = missingForContainers();
const value = "npm_a-long-secret-value";

function build(rig: Rig, ...args: string[]): Promise<CommandResult> {
  return rig.slipway(["build", "--progress=plain", "-t", "app", ...args, rig.contextDir], {
    env: { TOKEN: value },
  });
}

const secret = "--secret=id=npm,env=TOKEN";

test("a step that leaves a secret in a file fails, is named, and is not cached", { skip }, async (t) => {
  const rig = await Rig.withBusybox(t);
  rig.file(
    "Dockerfile",
    `FROM busybox
RUN echo before > /before
RUN --mount=type=secret,id=npm \\
  echo "//registry/:_auth=$(echo -n "user:$(cat /run/secrets/npm)" | base64 -w0)" > /root/.npmrc && touch /other
`,
  );
  for (const _ of [1, 2]) {
    const { exitCode, stderr } = await build(rig, secret);
    assert.equal(exitCode, 1);
    assert.match(
      stderr,
      /Secret "npm" would be in the image: "\/root\/\.npmrc", made by \[stage-0 3\/3\] RUN --mount/,
    );
    assert.match(stderr, /Dockerfile:3/);
    assert.ok(!stderr.includes(value));
    assert.doesNotMatch((await rig.slipway(["images"])).stdout, /app/);
  }
  const allowed = await build(rig, `${secret},scan=false`);
  assert.equal(allowed.exitCode, 0, allowed.stderr);
});

test("a file of the context that holds the secret is found, also where the copy was cached", {
  skip,
}, async (t) => {
  const rig = await Rig.withBusybox(t);
  const copy = "FROM busybox\nCOPY . /app/\n";
  rig.file("Dockerfile", copy);
  rig.file("config/.env", `TOKEN=${value}\n`);
  assert.equal((await build(rig)).exitCode, 0);
  await rig.slipway(["rmi", "app"]);
  rig.file(".dockerignore", "Dockerfile\n.dockerignore\n");
  assert.equal((await build(rig)).exitCode, 0);
  await rig.slipway(["rmi", "app"]);
  rig.file("Dockerfile", `${copy}RUN --mount=type=secret,id=npm test -s /run/secrets/npm\n`);
  for (const _ of [1, 2]) {
    const { exitCode, stderr } = await build(rig, secret);
    assert.equal(exitCode, 1);
    assert.match(
      stderr,
      /Secret "npm" would be in the image: "\/app\/config\/\.env", made by \[stage-0 2\/3\] COPY \. \/app/,
    );
  }
  rig.file(".dockerignore", "Dockerfile\n.dockerignore\n**/.env\n");
  const clean = await build(rig, secret);
  assert.equal(clean.exitCode, 0, clean.stderr);
});

test("a name that is the secret is found, and not told", { skip }, async (t) => {
  const rig = await Rig.withBusybox(t);
  rig.file(
    "Dockerfile",
    'FROM busybox\nRUN --mount=type=secret,id=npm mkdir -p "/d/$(cat /run/secrets/npm)/e" && touch /d/$(cat /run/secrets/npm)/e/f\n',
  );
  const { exitCode, stderr } = await build(rig, secret);
  assert.equal(exitCode, 1);
  assert.match(stderr, /Secret "npm" would be in the image: a name below "\/d" and 2 more, made by/);
  assert.ok(!stderr.includes(value));
});

test("a secret in the config of the image is found", { skip }, async (t) => {
  const rig = await Rig.withBusybox(t);
  rig.file(
    "Dockerfile",
    "FROM busybox\nARG T\nENV AUTH=Bearer-$T\nRUN --mount=type=secret,id=npm test -s /run/secrets/npm\n",
  );
  const { exitCode, stderr } = await build(rig, secret, `--build-arg=T=${value}`);
  assert.equal(exitCode, 1);
  assert.match(stderr, /Secret "npm" would be in the image: Env of its config/);
  assert.doesNotMatch((await rig.slipway(["images"])).stdout, /app/);
});
