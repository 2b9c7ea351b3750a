import assert from "node:assert/strict";
import { copyFileSync, readdirSync, readFileSync, statSync, utimesSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { findText } from "./find-bytes.ts";
import { missingForContainers, Rig } from "./rig.ts";

const skip = missingForContainers();

/** The one file that keeps what the Dockerfile became. */
function planOf(rig: Rig): string {
  const dir = path.join(rig.root, "builds/plans");
  const [name, ...others] = readdirSync(dir);
  assert.deepEqual(others, []);
  return path.join(dir, name!);
}

async function labelsOf(rig: Rig, image: string): Promise<unknown> {
  const { stdout } = await rig.slipway(["inspect", image]);
  const [{ Config }] = JSON.parse(stdout) as [{ Config: { Labels: unknown } }];
  return Config.Labels;
}

test("what a Dockerfile became is kept until something is asked otherwise", { skip }, async (t) => {
  const rig = await Rig.withBusybox(t);
  rig.file("Dockerfile", "FROM busybox\nARG V=1\nLABEL location=$V\nRUN echo $V > /v\n");
  await rig.mustBuild("-t", "one");
  const file = planOf(rig);
  const first = readFileSync(file, "utf8");
  utimesSync(file, 1, 1);
  const again = await rig.mustBuild("-t", "two");
  assert.match(again.stderr, /CACHED/);
  assert.equal(statSync(file).mtimeMs, 1000, "it was not written again");
  assert.deepEqual(await labelsOf(rig, "two"), { location: "1" });
  await rig.mustBuild("-t", "three", "--build-arg", "V=2");
  assert.notEqual(readFileSync(file, "utf8"), first);
  assert.deepEqual(await labelsOf(rig, "three"), { location: "2" });
  await rig.mustBuild("-t", "four", "--label", "a=b");
  assert.deepEqual(await labelsOf(rig, "four"), { a: "b", location: "1" });
  rig.file("Dockerfile", "FROM busybox\nARG V=3\nLABEL location=$V\n");
  await rig.mustBuild("-t", "five");
  assert.deepEqual(await labelsOf(rig, "five"), { location: "3" });
});

test("a base image that has moved makes another plan", { skip }, async (t) => {
  const rig = await Rig.withBusybox(t);
  const base = async (flavour: string) => {
    const file = rig.file("base.Dockerfile", `FROM busybox\nENV FLAVOUR=${flavour}\n`);
    await rig.mustBuild("-f", file, "-t", "base");
  };
  rig.file("Dockerfile", "FROM base\nRUN echo $FLAVOUR > /flavour\n");
  await base("old");
  await rig.mustBuild();
  await base("new");
  const tree = await rig.exportTree();
  assert.equal(readFileSync(path.join(tree, "flavour"), "utf8"), "new\n");
});

test("a build by a kept plan warns, notes and fails as the first one", { skip }, async (t) => {
  const rig = await Rig.withBusybox(t);
  rig.file(
    "Dockerfile",
    "# syntax=docker/dockerfile:1.99\nFROM busybox as base\nRUN echo a\nRUN echo $MISSING; exit 3\n",
  );
  const said = ({ stderr }: { readonly stderr: string }) => ({
    warnings: stderr.match(/FromAsCasing: .*/g),
    notes: stderr.match(/syntax=.* is not fetched.*/g),
    frame: /Dockerfile:4\n-{20}\n[^]*?-{20}/.exec(stderr)?.[0],
  });
  const first = await rig.build();
  const file = planOf(rig);
  utimesSync(file, 1, 1);
  const second = await rig.build();
  assert.equal(statSync(file).mtimeMs, 1000);
  assert.deepEqual([first.exitCode, second.exitCode], [1, 1]);
  assert.deepEqual(said(second), said(first));
  assert.ok(said(first).warnings && said(first).notes && said(first).frame);
});

test("the plan of another Dockerfile is not believed", { skip }, async (t) => {
  const rig = await Rig.withBusybox(t);
  rig.file("Dockerfile", "FROM busybox\nLABEL a=1\n");
  await rig.mustBuild("-t", "one");
  const file = planOf(rig);
  copyFileSync(file, path.join(rig.dir, "other"));
  rig.file("Dockerfile", "FROM busybox\nLABEL a=2\n");
  await rig.mustBuild("-t", "two");
  copyFileSync(path.join(rig.dir, "other"), file);
  await rig.mustBuild("-t", "three");
  assert.deepEqual(await labelsOf(rig, "three"), { a: "2" });
});

test("neither a password nor what is refused for a secret in it is kept", { skip }, async (t) => {
  const rig = await Rig.withBusybox(t);
  rig.file("Dockerfile", "FROM busybox\nRUN true\n");
  await rig.mustBuild("--build-arg", "HTTP_PROXY=http://me:pass-w0rd@proxy.invalid:3128");
  assert.deepEqual(findText(rig.root, "pass-w0rd"), []);
  const secret = rig.file("token", "a-very-secret-token");
  rig.file("Dockerfile", "FROM busybox\nARG TOKEN\nENV TOKEN=$TOKEN\n");
  const { exitCode, stderr } = await rig.build(
    "--secret",
    `id=token,src=${secret}`,
    "--build-arg",
    "TOKEN=a-very-secret-token",
  );
  assert.equal(exitCode, 1);
  assert.match(stderr, /Secret "token" would be in the image/);
  assert.deepEqual(findText(rig.root, "a-very-secret-token"), []);
});

test("a prune removes plans that are older than a month", { skip }, async (t) => {
  const rig = await Rig.withBusybox(t);
  rig.file("Dockerfile", "FROM busybox\nLABEL a=1\n");
  await rig.mustBuild("-t", "one");
  const file = planOf(rig);
  await rig.slipway(["prune", "--force"]);
  assert.equal(planOf(rig), file);
  const old = Date.now() / 1000 - 31 * 24 * 60 * 60;
  utimesSync(file, old, old);
  await rig.slipway(["prune", "--force"]);
  assert.deepEqual(readdirSync(path.dirname(file)), []);
});
