import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { type TestContext, test } from "node:test";
import { canExecute, tinyProgram } from "../../src/executor/index.ts";
import { busyboxRootfs, missingForContainers, Rig } from "./rig.ts";

const skip = missingForContainers();
const host = process.arch === "arm64" ? "arm64" : "amd64";
const other = host === "arm64" ? "amd64" : "arm64";

/** A native stage, of which only the last step knows the target, and an image that runs nothing. */
const cross = [
  "FROM --platform=$BUILDPLATFORM busybox AS build",
  "RUN cat /proc/sys/kernel/random/uuid > /native",
  "ARG TARGETARCH TARGETVARIANT",
  "RUN echo $TARGETARCH$TARGETVARIANT > /arch",
  "FROM scratch",
  "COPY --from=build /native /arch /",
  "",
].join("\n");

async function crossRig(t: TestContext): Promise<Rig> {
  const rig = await Rig.withBusybox(t);
  rig.file("Dockerfile", cross);
  return rig;
}

interface Layout {
  readonly digest: string;
  readonly manifests: readonly { digest: string; platform: object }[];
  readonly blob: (digest: string) => Record<string, unknown>;
}

function openLayout(rig: Rig, archive: string): Layout {
  const dir = mkdtempSync(path.join(rig.dir, "layout-"));
  execFileSync("tar", ["-xf", archive, "-C", dir]);
  const blob = (digest: string) =>
    JSON.parse(readFileSync(path.join(dir, "blobs/sha256", digest.slice(7)), "utf8")) as Record<
      string,
      unknown
    >;
  const { manifests } = JSON.parse(readFileSync(path.join(dir, "index.json"), "utf8")) as Layout;
  const { digest } = manifests[0]!;
  return { digest, blob, manifests: blob(digest)["manifests"] as Layout["manifests"] };
}

test("several platforms make one index, and what is native runs once", { skip }, async (t) => {
  const rig = await crossRig(t);
  const archive = path.join(rig.dir, "app.tar");
  const [idFile, metadataFile] = [path.join(rig.dir, "id"), path.join(rig.dir, "metadata.json")];
  const flags = ["--platform", `linux/${other},linux/arm/v7`, "--platform", "local", "-t", "app:v1"];
  const files = ["--iidfile", idFile, "--metadata-file", metadataFile];
  const built = await rig.mustBuild(...flags, ...files, "-o", `type=oci,dest=${archive}`);
  assert.equal(built.stderr.match(/RUN cat \/proc\/sys\/kernel\/random\/uuid > \/native\n/g)?.length, 1);
  for (const name of [`linux/${host}->${other}`, `linux/${host}->arm/v7`, `linux/${host}`]) {
    assert.ok(built.stderr.includes(`[${name} build 3/3] RUN echo`), name);
  }

  const { digest, manifests, blob } = openLayout(rig, archive);
  assert.deepEqual(
    manifests.map(({ platform }) => platform),
    [
      { architecture: other, os: "linux" },
      { architecture: "arm", os: "linux", variant: "v7" },
      { architecture: host, os: "linux" },
    ],
  );
  const configs = manifests.map((each) => blob((blob(each.digest)["config"] as { digest: string }).digest));
  assert.deepEqual(
    configs.map(({ architecture, variant }) => [architecture, variant]),
    [
      [other, undefined],
      ["arm", "v7"],
      [host, undefined],
    ],
  );
  assert.equal(readFileSync(idFile, "utf8"), digest);
  const metadata = JSON.parse(readFileSync(metadataFile, "utf8")) as Record<string, unknown>;
  assert.equal(metadata["containerimage.digest"], digest);
  assert.equal(metadata["containerimage.config.digest"], undefined);

  const again = await rig.mustBuild(...flags);
  assert.match(again.stderr, /is up to date: 7 steps cached/);
});

test("an index is listed, shown, tagged, saved, loaded and removed as one image", { skip }, async (t) => {
  const rig = await crossRig(t);
  await rig.mustBuild("--platform", `linux/${other},linux/${host}`, "-t", "app");
  const archive = path.join(rig.dir, "app.tar");
  assert.equal((await rig.slipway(["save", "--format", "oci", "-o", archive, "app"])).exitCode, 0);
  const { digest } = openLayout(rig, archive);
  assert.equal((await rig.slipway(["images", "-q", "--no-trunc", "app"])).stdout, `${digest}\n`);

  const loader = Rig.create(t);
  assert.equal((await loader.slipway(["load", "-i", archive])).stdout, "Loaded image: app:latest\n");
  assert.equal((await loader.slipway(["images", "-q", "--no-trunc"])).stdout, `${digest}\n`);
  const inspect = async (...flags: string[]) => {
    const { stdout } = await loader.slipway(["inspect", ...flags, "app"]);
    return (
      JSON.parse(stdout) as { Id: string; Architecture: string; Slipway: { Platforms: string[] } }[]
    )[0]!;
  };
  assert.deepEqual(
    [(await inspect()).Id, (await inspect()).Architecture, (await inspect()).Slipway.Platforms],
    [digest, host, [`linux/${other}`, `linux/${host}`]],
  );
  assert.equal((await inspect("--platform", other)).Architecture, other);
  const missing = await loader.slipway(["inspect", "--platform", "linux/s390x", "app"]);
  assert.deepEqual([missing.exitCode, missing.stderr.includes("for platform linux/s390x")], [5, true]);
  const history = await loader.slipway(["history", "--platform", other, "--no-trunc", "app"]);
  assert.match(history.stdout, /COPY \/native \/arch \/ # buildkit/);

  await loader.slipway(["tag", "app", "app:v2"]);
  assert.equal((await loader.slipway(["images", "-q", "--no-trunc", "app:v2"])).stdout, `${digest}\n`);
  assert.equal((await loader.slipway(["rmi", "app"])).stdout, "Untagged: app:latest\n");
  assert.equal((await loader.slipway(["rmi", "app:v2"])).stdout, `Untagged: app:v2\nDeleted: ${digest}\n`);
  await loader.slipway(["prune", "--all", "--force"]);
  assert.deepEqual(readdirSync(path.join(loader.root, "blobs/sha256")), []);
});

test("a prune keeps all that an index needs", { skip }, async (t) => {
  const rig = await crossRig(t);
  await rig.mustBuild("--platform", `linux/${other},linux/${host}`, "-t", "app");
  await rig.slipway(["prune", "--all", "--force"]);
  const archive = path.join(rig.dir, "app.tar");
  assert.equal((await rig.slipway(["save", "-o", archive, "app"])).exitCode, 0);
  assert.equal(openLayout(rig, archive).manifests.length, 2);
});

test("files of several platforms go into a directory for each", { skip }, async (t) => {
  const rig = await crossRig(t);
  const flags = ["--platform", `linux/${host},linux/arm/v6`];
  const dest = path.join(rig.dir, "out");
  await rig.mustBuild(...flags, "-o", dest);
  assert.deepEqual(readdirSync(dest), [`linux_${host}`, "linux_arm_v6"]);
  assert.equal(readFileSync(path.join(dest, "linux_arm_v6/arch"), "utf8"), "armv6\n");
  const tar = path.join(rig.dir, "out.tar");
  await rig.mustBuild(...flags, "-o", `type=tar,dest=${tar}`);
  assert.deepEqual(execFileSync("tar", ["-tf", tar], { encoding: "utf8" }).trim().split("\n"), [
    `linux_${host}/`,
    `linux_${host}/arch`,
    `linux_${host}/native`,
    "linux_arm_v6/",
    "linux_arm_v6/arch",
    "linux_arm_v6/native",
  ]);
  const whole = path.join(rig.dir, "whole");
  await rig.mustBuild("--platform", "linux/arm/v6", "-o", `type=local,dest=${whole},platform-split=true`);
  assert.deepEqual(readdirSync(whole), ["linux_arm_v6"]);
});

test("a docker archive cannot hold an index", { skip }, async (t) => {
  const rig = await crossRig(t);
  const archive = path.join(rig.dir, "app.tar");
  const refused = await rig.build(
    "--platform",
    "linux/amd64,linux/arm64",
    "-o",
    `type=docker,dest=${archive}`,
  );
  assert.equal(refused.exitCode, 2);
  assert.equal(
    refused.stderr,
    "ERROR: docker exporter does not support exporting manifest lists, use the oci exporter instead\n",
  );
  assert.equal(existsSync(archive), false);
});

test("one platform is an index too if the build argument says so", { skip }, async (t) => {
  const rig = await crossRig(t);
  const archive = path.join(rig.dir, "app.tar");
  const output = ["-o", `type=oci,dest=${archive}`];
  await rig.mustBuild("--build-arg", "BUILDKIT_MULTI_PLATFORM=1", ...output);
  assert.equal(openLayout(rig, archive).manifests.length, 1);
  const flags = ["--platform", "linux/amd64,linux/arm64"];
  const refused = await rig.build(...flags, "--build-arg", "BUILDKIT_MULTI_PLATFORM=false");
  assert.equal(refused.exitCode, 2);
  assert.match(refused.stderr, /conflicting config: returning multiple target platforms is not allowed/);
});

test("$DOCKER_DEFAULT_PLATFORM is the platform of a build that names none", { skip }, async (t) => {
  const rig = await crossRig(t);
  const env = { DOCKER_DEFAULT_PLATFORM: "linux/arm/v6" };
  const built = await rig.slipway(["build", "--progress=plain", "-t", "app", rig.contextDir], { env });
  assert.equal(built.exitCode, 0, built.stderr);
  const { stdout } = await rig.slipway(["inspect", "app"]);
  assert.match(stdout, /"Architecture": "arm",\n {8}"Variant": "v6"/);
});

/** A static i386 program: writes "386\n" to /made. */
const program386 = elf386("made", "386\n");

function elf386(file: string, text: string): Buffer {
  const base = 0x08048000;
  const codeBytes = 60;
  const data = Buffer.from(`/${file}\0${text}`);
  const pathAt = base + 84 + codeBytes;
  const le = (value: number) => Buffer.from(Uint32Array.of(value).buffer).toString("hex");
  const open = `b805000000 bb${le(pathAt)} b941000000 baa4010000 cd80`;
  const write = `89c3 b804000000 b9${le(pathAt + file.length + 2)} ba${le(text.length)} cd80`;
  const exit = "b801000000 31db cd80";
  const code = Buffer.alloc(codeBytes);
  Buffer.from([open, write, exit].join("").replaceAll(" ", ""), "hex").copy(code);
  const sizes = le(84 + codeBytes + data.length).repeat(2);
  const elf = `7f454c46010101${"00".repeat(9)}0200030001000000${le(base + 84)}34000000${"00".repeat(8)}340020000100${"00".repeat(6)}`;
  const segment = `0100000000000000${le(base).repeat(2)}${sizes}0500000000100000`;
  return Buffer.concat([Buffer.from(elf + segment, "hex"), code, data]);
}

/** Why programs for i386 cannot be run here, or false. */
function missing386(t: TestContext): string | false {
  if (process.arch !== "x64") return "not an amd64 machine";
  const file = path.join(Rig.create(t).dir, "program");
  writeFileSync(file, elf386("dev/null", ""), { mode: 0o755 });
  return spawnSync(file).status === 0 ? false : "this kernel runs no i386 programs";
}

test("RUN for linux/386 runs natively on amd64", { skip }, async (t) => {
  const reason = missing386(t);
  if (reason) return t.skip(reason);
  const rig = Rig.create(t);
  rig.file("write", program386, 0o755);
  rig.file("Dockerfile", 'FROM scratch\nCOPY write /write\nRUN ["/write"]\nCMD ["/write"]\n');
  const tree = await rig.exportTree("--platform", "linux/386", "-t", "app");
  assert.equal(readFileSync(path.join(tree, "made"), "utf8"), "386\n");
  assert.equal((await rig.slipway(["run", "--platform", "linux/386", "app"])).exitCode, 0);
});

test("RUN for a processor without an emulator says what is missing, and where", { skip }, async (t) => {
  const rig = Rig.create(t);
  if (canExecute("s390x", rig.dir)) return t.skip("there is an emulator");
  rig.file("write", tinyProgram("s390x"), 0o755);
  rig.file("Dockerfile", 'FROM scratch\nCOPY write /write\nRUN ["/write"]\n');
  const failed = await rig.build("--platform", "linux/s390x", "-t", "app");
  assert.equal(failed.exitCode, 10, failed.stderr);
  assert.match(failed.stderr, / {3}3 \| >>> RUN \["\/write"\]\n/);
  assert.match(
    failed.stderr,
    /ERROR: Cannot run "\/write" for linux\/s390x: this machine is linux\/\w+, and no emulator is registered with binfmt_misc\nhint: install an emulator: "apt-get install qemu-user-static".*\nor need none: .*--platform=\$BUILDPLATFORM/,
  );
  rig.file("Dockerfile", 'FROM scratch\nCOPY write /write\nCMD ["/write"]\n');
  await rig.mustBuild("--platform", "linux/s390x", "-t", "app");
  const run = await rig.slipway(["run", "app"]);
  assert.deepEqual([run.exitCode, run.stderr.includes('Cannot run "/write" for linux/s390x')], [126, true]);
});

test("a root file system of another platform is imported, and is a base of images for it", {
  skip,
}, async (t) => {
  const rig = Rig.create(t);
  const imported = await rig.slipway(["import", "--platform", "linux/arm", busyboxRootfs(), "arm-base"]);
  assert.equal(imported.exitCode, 0, imported.stderr);
  rig.file("Dockerfile", "FROM arm-base\nCOPY Dockerfile /\n");
  const built = await rig.mustBuild("--platform", "linux/arm/v7", "-t", "app");
  assert.doesNotMatch(built.stderr, /InvalidBaseImagePlatform/);
  assert.match((await rig.slipway(["inspect", "app"])).stdout, /"Architecture": "arm",\n {8}"Variant": "v7"/);
  const implicit = await rig.mustBuild("-t", "app");
  assert.match(implicit.stderr, /Base image arm-base was pulled with platform "linux\/arm\/v7", expected/);
});

test("doctor tells what RUN can execute", { skip }, async (t) => {
  const { stdout } = await Rig.create(t).slipway(["doctor"]);
  assert.match(stdout, new RegExp(`RUN can execute programs for linux/${host}\\b`));
});
