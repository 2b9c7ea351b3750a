import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, statfsSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { busyboxRootfs, missingForContainers, Rig } from "./rig.ts";

const skip = missingForContainers();
/** `SIZES=100` for a thorough run. */
const sizes = Number(process.env["SIZES"] ?? 4);

const dockerfile = `FROM busybox AS one
COPY data /data
RUN cp /data /run
FROM busybox
COPY --from=one /run /w/run
RUN --mount=type=cache,target=/c cp /w/run /c/run && cp /c/run /w/again
LABEL a=b
`;

test("a disk that is full at any moment gives one clear error and a store that is correct", {
  skip,
  timeout: 60_000 + sizes * 15_000,
}, async (t) => {
  const rig = Rig.create(t);
  rig.file("Dockerfile", dockerfile);
  rig.file("data", Buffer.from(Array.from({ length: 300_000 }, (_, at) => (at * at) % 251)));
  const [needed, expected] = await withDisk(rig, roomy, async () => {
    const before = usedBytes(rig.root);
    const image = await build(rig);
    assert.ok("files" in image);
    return [{ before, after: usedBytes(rig.root) }, image] as const;
  });
  const failures = new Set<string>();
  for (let number = 0; number < sizes; number++) {
    const size = needed.before + ((needed.after - needed.before) * number) / sizes;
    await withDisk(rig, roomy, async () => {
      resize(rig.root, size);
      const found = await build(rig);
      if ("error" in found) {
        failures.add(found.error);
        assert.match(found.error, clear, `${size} bytes`);
      } else assert.deepEqual(found, expected);
      resize(rig.root, roomy);
      assert.deepEqual(await build(rig), expected, `${size} bytes: ${JSON.stringify(found)}`);
      assert.deepEqual(readdirSync(path.join(rig.root, "tmp")), []);
    });
  }
  t.diagnostic([...failures].join("\n"));
  assert.ok(failures.size > 1, "it was full at different moments");
});

test("prune needs no room", { skip }, async (t) => {
  const rig = Rig.create(t);
  rig.file("Dockerfile", dockerfile);
  rig.file("data", "data");
  await withDisk(rig, roomy, async () => {
    await rig.mustBuild("-t", "result");
    assert.equal((await rig.slipway(["rmi", "result"])).exitCode, 0);
    const { files, ffree } = statfsSync(rig.root);
    execFileSync("mount", ["-o", `remount,nr_inodes=${files - ffree}`, rig.root]);
    assert.throws(() => mkdirSync(path.join(rig.root, "more")), { code: "ENOSPC" });
    const pruned = await rig.slipway(["prune", "--all", "--force"]);
    assert.equal(pruned.exitCode, 0, pruned.stderr);
    assert.match(pruned.stdout, /, [1-9]\d* layers, /);
    assert.ok(statfsSync(rig.root).ffree > 5);
    execFileSync("mount", ["-o", "remount,nr_inodes=100000", rig.root]);
    await rig.mustBuild();
  });
});

test("of an output whose disk is full it is told that it is the output's", { skip }, async (t) => {
  const rig = await Rig.withBusybox(t);
  rig.file("Dockerfile", "FROM busybox\nRUN head -c 3000000 /dev/urandom > /f\n");
  const disk = path.join(rig.dir, "disk");
  mkdirSync(disk);
  execFileSync("mount", ["-t", "tmpfs", "-o", "size=1m", "none", disk]);
  try {
    for (const output of [
      `type=local,dest=${disk}/d`,
      `type=tar,dest=${disk}/t`,
      `type=oci,dest=${disk}/o`,
    ]) {
      const { exitCode, stderr } = await rig.build("-o", output);
      assert.equal(exitCode, 9, stderr);
      assert.match(
        stderr,
        /^ERROR: Cannot write ".*disk\/\w".*: no space left on device\nhint: free room on that disk/m,
      );
    }
  } finally {
    execFileSync("umount", [disk]);
  }
});

const roomy = 100e6;

/** What could not be written, why, how much is free, and what to do. */
const clear =
  /^ERROR: (?:Cannot .* .*: no space left on device\nhint: "[^"]+" has [\d.]+k?M?B left; "slipway prune" removes what no image needs|Cannot write ".*\.tar": no space left on device\nhint: free room on that disk, .*|process .* did not complete successfully: exit code: 1\nhint: the disk of the store is full; "slipway prune" removes what no image needs)\n$/;

/** Does something while a small file system is the store's, which holds busybox. */
async function withDisk<Value>(rig: Rig, sizeBytes: number, work: () => Promise<Value>): Promise<Value> {
  mkdirSync(rig.root, { recursive: true });
  execFileSync("mount", ["-t", "tmpfs", "-o", `size=${sizeBytes}`, "none", rig.root]);
  try {
    const imported = await rig.slipway(["import", busyboxRootfs(), "busybox:latest"]);
    assert.equal(imported.exitCode, 0, imported.stderr);
    return await work();
  } finally {
    execFileSync("umount", [rig.root]);
  }
}

function resize(directory: string, sizeBytes: number): void {
  execFileSync("mount", ["-o", `remount,size=${Math.ceil(sizeBytes)}`, directory]);
}

function usedBytes(directory: string): number {
  const { blocks, bfree, bsize } = statfsSync(directory);
  return (blocks - bfree) * bsize;
}

/** The image's files and config without times, or the error. */
async function build(rig: Rig): Promise<{ files: string; config: unknown } | { error: string }> {
  const archive = path.join(rig.root, "oci.tar");
  const tar = path.join(rig.dir, "tree.tar");
  const { exitCode, stderr } = await rig.build("-t", "result", "--output", `type=oci,dest=${archive}`);
  if (exitCode !== 0) return { error: stderr.slice(stderr.lastIndexOf("\nERROR: ") + 1) };
  const exported = await rig.slipway(["export", "-o", tar, "result"]);
  assert.equal(exported.exitCode, 0, exported.stderr);
  execFileSync("tar", ["-tf", archive]);
  const { stdout } = await rig.slipway(["inspect", "result"]);
  const [{ Config }] = JSON.parse(stdout) as [{ Config: unknown }];
  const listed = execFileSync("tar", ["--numeric-owner", "-tvf", tar], { encoding: "utf8" });
  const withoutTimes = listed.replaceAll(/ \d{4}-\d\d-\d\d \d\d:\d\d /g, " ");
  const data = readFileSync(path.join(rig.contextDir, "data"));
  assert.deepEqual(execFileSync("tar", ["-xOf", tar, "w/again", "w/run"]), Buffer.concat([data, data]));
  return { files: withoutTimes, config: Config };
}
