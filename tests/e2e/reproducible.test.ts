import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, utimesSync } from "node:fs";
import path from "node:path";
import { type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { FileServer } from "../../src/source/testing/file-server.ts";
import { GitServer } from "../../src/source/testing/git-server.ts";
import { missingForContainers, Rig, run } from "./rig.ts";

const skip = missingForContainers();
const remoteSkip = skip || (spawnSync("git", ["--version"]).error ? "needs git" : false);

const dockerfile = `FROM busybox
WORKDIR /w/x
ARG SOURCE_DATE_EPOCH
COPY a.txt /a/b/
COPY d /d
ADD x.tar.gz /tar/x/
COPY <<X /here
x
X
RUN mkdir /run1 && touch -d @700000000 /run1/old && echo new > /run1/new && rm /etc/group
FROM busybox
COPY --link --from=0 / /all
LABEL x=y
`;

/** The same sources, checked out at another time and in another order. */
async function project(t: TestContext, mtimeSeconds: number, isReversed = false): Promise<Rig> {
  const rig = await Rig.withBusybox(t);
  rig.file("Dockerfile", dockerfile);
  const names = ["a.txt", "d/e/f", "d/g"];
  for (const name of isReversed ? names.reverse() : names) utimesSync(rig.file(name, name), 0, mtimeSeconds);
  for (const name of ["d/e", "d"]) utimesSync(path.join(rig.contextDir, name), 0, mtimeSeconds);
  const packed = path.join(rig.dir, "packed");
  mkdirSync(packed);
  execFileSync("sh", [
    "-c",
    `echo in > "$0/in" && touch -d @1600000000 "$0/in" && tar -C "$0" -czf "$1" in`,
    packed,
    path.join(rig.contextDir, "x.tar.gz"),
  ]);
  return rig;
}

function sha256(file: string): string {
  return createHash("sha256").update(readFileSync(file)).digest("hex");
}

/** A build on another machine, as far as one machine can be another. */
async function buildElsewhere(rig: Rig, ...args: readonly string[]): Promise<void> {
  const command = [process.execPath, path.resolve("bin/slipway"), "build", ...args, rig.contextDir];
  const script = 'hostname elsewhere && umask 077 && exec "$0" "$@"';
  const env = {
    SLIPWAY_ROOT: rig.root,
    TZ: "Asia/Tokyo",
    LC_ALL: "tr_TR.UTF-8",
    HOSTNAME: "elsewhere",
    USER: "u",
  };
  const done = await run("unshare", ["--uts", "sh", "-c", script, ...command], { env, cwd: "/" });
  assert.equal(done.exitCode, 0, done.stderr);
}

test("a reproducible image has the same digest elsewhere and later", { skip }, async (t) => {
  const digests: string[] = [];
  const base = path.join(Rig.create(t).dir, "base.tar");
  for (const mtimeSeconds of [900_000_000, 1_500_000_000.25]) {
    const isElsewhere = digests.length > 0;
    const rig = await project(t, mtimeSeconds, isElsewhere);
    const build = (...args: string[]) =>
      isElsewhere ? buildElsewhere(rig, ...args) : rig.mustBuild(...args);
    // An import has a time of its own: both stores get the same base image.
    if (!isElsewhere) await rig.slipway(["save", "-o", base, "busybox"]);
    else await rig.slipway(["load", "-i", base]);
    const [archive, id] = [path.join(rig.dir, "out.tar"), path.join(rig.dir, "id")];
    // A step that is cached from an ordinary build makes no difference.
    if (isElsewhere) await rig.mustBuild();
    await build("--reproducible", "-o", `type=oci,dest=${archive}`);
    await build("--reproducible", "-t", "x", "--iidfile", id);
    const stored = await rig.slipway(["images", "-q", "--no-trunc"]);
    assert.ok(stored.stdout.includes(readFileSync(id, "utf8")));
    digests.push(`${sha256(archive)} ${readFileSync(id, "utf8")}`);
    await sleep(1100);
  }
  assert.equal(digests[0], digests[1]);
});

test("rewrite-timestamp makes times of new layers SOURCE_DATE_EPOCH at most", { skip }, async (t) => {
  const rig = await project(t, 900_000_000);
  const archive = path.join(rig.dir, "out.tar");
  const env = { SOURCE_DATE_EPOCH: "1000000000" };
  const output = `type=oci,dest=${archive},rewrite-timestamp=true`;
  const built = await rig.slipway(["build", "--target", "0", "-o", output, rig.contextDir], { env });
  assert.notEqual(built.exitCode, 0, "BuildKit knows no target by number");
  rig.file("Dockerfile", dockerfile.replace("FROM busybox\n", "FROM busybox AS first\n"));
  const done = await rig.slipway(["build", "--target", "first", "-o", output, rig.contextDir], { env });
  assert.equal(done.exitCode, 0, done.stderr);
  const manifest = readManifest(archive);
  const annotations = manifest.layers.map((layer) => layer.annotations?.["buildkit/rewritten-timestamp"]);
  assert.deepEqual(annotations, [undefined, ...Array(6).fill("1000000000")]);
  assert.deepEqual(listTimes(archive, manifest.layers.slice(1)), {
    "1992-03-07 20:26:40": ["run1/old"],
    "1998-07-09 16:00:00": ["a/b/a.txt", "d/", "d/e/", "d/e/f", "d/g"],
    "2001-09-09 01:46:40": [
      "w/",
      "w/x/",
      "a/",
      "a/b/",
      "tar/",
      "tar/x/",
      "tar/x/in",
      "here",
      "etc/",
      "etc/.wh.group",
      "run1/",
      "run1/new",
    ],
  });
});

test("every file of a tar or directory has the time of SOURCE_DATE_EPOCH", { skip }, async (t) => {
  const rig = await project(t, 900_000_000);
  const tar = path.join(rig.dir, "tree.tar");
  await rig.mustBuild("--build-arg", "SOURCE_DATE_EPOCH=1000000000", "-o", `type=tar,dest=${tar}`);
  const times = new Set(listTar(readFileSync(tar)).map(([time]) => time));
  assert.deepEqual([...times], ["2001-09-09 01:46:40"]);
});

test("rewrite-timestamp without a time says so", { skip }, async (t) => {
  const rig = await Rig.withBusybox(t);
  rig.file("Dockerfile", "FROM busybox\nCOPY Dockerfile /");
  const { stderr } = await rig.mustBuild("-o", "type=image,rewrite-timestamp=true");
  assert.match(stderr, /rewrite-timestamp is specified, but no source-date-epoch was found/);
});

interface Layer {
  readonly digest: string;
  readonly annotations?: Record<string, string>;
}

function readManifest(archive: string): { layers: readonly Layer[] } {
  const index = JSON.parse(readBlob(archive, "index.json").toString()) as { manifests: Layer[] };
  return JSON.parse(readBlob(archive, blobName(index.manifests[0]!)).toString()) as { layers: Layer[] };
}

function readBlob(archive: string, name: string): Buffer {
  return execFileSync("tar", ["-xOf", archive, name], { maxBuffer: 1 << 28 });
}

function blobName({ digest }: Layer): string {
  return `blobs/${digest.replace(":", "/")}`;
}

/** Names of a stack's files by their time. */
function listTimes(archive: string, layers: readonly Layer[]): Record<string, string[]> {
  const times: Record<string, string[]> = {};
  const files = layers.flatMap((layer) => listTar(readBlob(archive, blobName(layer)), "-z"));
  for (const [time, name] of files) (times[time] ??= []).push(name);
  return times;
}

function listTar(input: Buffer, ...flags: string[]): [time: string, name: string][] {
  const env = { ...process.env, TZ: "UTC" };
  const text = execFileSync("tar", ["-tv", "--full-time", ...flags], {
    input,
    env,
    maxBuffer: 1 << 28,
  }).toString();
  return text
    .trim()
    .split("\n")
    .map((line) => {
      const [, , , date, time, name] = line.split(/\s+/);
      return [`${date} ${time}`, name!];
    });
}

test("SOURCE_DATE_EPOCH can be the time of a remote context, a named one, or what a stage adds", {
  skip: remoteSkip,
}, async (t) => {
  const rig = Rig.create(t);
  const [git, http] = [await GitServer.start(t), await FileServer.start(t)];
  const repository = await git.repository("app");
  const packed = path.join(rig.dir, "x.tar");
  rig.file("in", "x");
  execFileSync("tar", ["--mtime=@1600000000", "-C", rig.contextDir, "-cf", packed, "in"]);
  http.files.set("/f", { body: "f", headers: { "last-modified": "Sun, 09 Sep 2001 01:46:40 GMT" } });
  http.files.set("/x.tar", { body: readFileSync(packed) });
  http.files.set("/plain", { body: "no time" });
  await repository.commit({
    Dockerfile: `ARG HOST=${http.url}\nFROM scratch AS when\nARG FILE=x.tar\nADD $HOST/$FILE /\nFROM scratch\nCOPY Dockerfile /\n`,
  });
  const created = async (epoch: string, ...args: string[]) => {
    const archive = path.join(rig.dir, `${epoch}.tar`);
    const output = `type=oci,dest=${archive}`;
    const arg = `SOURCE_DATE_EPOCH=${epoch}`;
    const done = await rig.slipway(["build", "--build-arg", arg, "-o", output, ...args, repository.url]);
    assert.equal(done.exitCode, 0, done.stderr);
    const index = JSON.parse(readBlob(archive, "index.json").toString()) as {
      manifests: { annotations: Record<string, string> }[];
    };
    return index.manifests[0]!.annotations["org.opencontainers.image.created"]!;
  };
  assert.equal(await created("context"), "2023-11-14T22:13:20Z");
  assert.equal(await created("f", "--build-context", `f=${http.url}/f`), "2001-09-09T01:46:40Z");
  assert.equal(await created("when"), "2020-09-13T12:26:40Z");
  assert.equal(await created("WHEN", "--build-arg", "FILE=f"), "2001-09-09T01:46:40Z");
  const now = await created("when", "--build-arg", "FILE=plain");
  assert.ok(now > "2024", "what has no time gives none");
});
