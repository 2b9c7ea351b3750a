import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";
import { missingForContainers, Rig } from "./rig.ts";

const skip = missingForContainers();
/** `DAMAGE=all` damages every file in every way; otherwise one file of each kind in one way. */
const isThorough = process.env["DAMAGE"] === "all";

const dockerfile = `FROM busybox AS one
COPY a b /w/
RUN --mount=type=cache,target=/c echo x >> /c/x; cat /w/a > /w/c
FROM busybox
COPY --from=one /w /w
LABEL a=b
`;

const damages: Readonly<Record<string, (bytes: Buffer) => Buffer>> = {
  "cut to nothing": () => Buffer.alloc(0),
  "cut in half": (bytes) => bytes.subarray(0, bytes.length / 2),
  "with a flipped bit": (bytes) => flip(bytes, Math.floor(bytes.length / 2)),
  "with another flipped bit": (bytes) => flip(bytes, Math.floor(Math.random() * bytes.length)),
  "with other JSON": () => Buffer.from('{"layer":1,"record":[],"config":null,"blobs":[{}]}'),
  "as JSON of no object": () => Buffer.from("null"),
};

test("a damaged file of the store gives the right image or an error, never another image", {
  skip,
  timeout: 900_000,
}, async (t) => {
  const rig = await Rig.withBusybox(t);
  rig.file("Dockerfile", dockerfile);
  rig.file("a", "a\n");
  rig.file("b", "b\n");
  const expected = await outcome(rig);
  await rig.mustBuild("-t", "other", "--output", `type=oci,dest=${rig.dir}/oci.tar,compression=gzip`);
  assert.ok("image" in expected);
  const pristine = path.join(rig.dir, "pristine");
  cpSync(rig.root, pristine, { recursive: true, verbatimSymlinks: true, preserveTimestamps: true });
  const names = Object.keys(damages);
  for (const [number, file] of filesOf(rig.root).entries()) {
    for (const how of isThorough ? names : [names[number % names.length]!]) {
      const bytes = readFileSync(path.join(pristine, file));
      writeFileSync(path.join(rig.root, file), damages[how]!(bytes));
      const found = await outcome(rig);
      if ("image" in found) assert.deepEqual(found, expected, `${file} ${how}`);
      else {
        t.diagnostic(`${file} ${how}: ${found.exitCode} ${found.error}`);
        assert.notEqual(found.exitCode, 70, `${file} ${how}: ${found.error}`);
        assert.match(found.error, /^ERROR: /m);
      }
      rmSync(rig.root, { recursive: true });
      cpSync(pristine, rig.root, { recursive: true, verbatimSymlinks: true, preserveTimestamps: true });
    }
  }
});

function flip(bytes: Buffer, at: number): Buffer {
  const damaged = Buffer.from(bytes);
  if (at < damaged.length) damaged[at]! ^= 4;
  return damaged;
}

/** Everything but what is in layers and cache mounts; unless thorough, the first two of each kind. */
function filesOf(root: string): string[] {
  const files = execFileSync("find", [".", "-type", "f", "-not", "-path", "*/fs/*"], {
    cwd: root,
    encoding: "utf8",
  });
  const sorted = files.trim().split("\n").toSorted();
  if (isThorough) return sorted;
  const counts = new Map<string, number>();
  return sorted.filter((file) => {
    const kind = file.replaceAll(/[0-9a-z]{12,}/g, "*").replaceAll(/\/[0-9a-f]{2}\//g, "/*/");
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
    return counts.get(kind)! <= 2;
  });
}

/** Config and tree without times, or the error. */
async function outcome(rig: Rig): Promise<{ image: unknown } | { exitCode: number; error: string }> {
  const tar = path.join(rig.dir, "tree.tar");
  const archive = path.join(rig.dir, "archive.tar");
  const outputs = [
    "--output",
    `type=tar,dest=${tar}`,
    "--output",
    `type=oci,dest=${archive},compression=gzip`,
  ];
  const { exitCode, stderr } = await rig.build("-t", "result", ...outputs);
  if (exitCode !== 0) return { exitCode, error: stderr.slice(stderr.indexOf("ERROR:")) };
  const { stdout, ...inspected } = await rig.slipway(["inspect", "result"]);
  if (inspected.exitCode !== 0) return { exitCode: inspected.exitCode, error: inspected.stderr };
  const [{ Config }] = JSON.parse(stdout) as [{ Config: unknown }];
  checkArchive(archive);
  const listed = execFileSync("tar", ["--numeric-owner", "-tvf", tar], { encoding: "utf8" });
  const files = listed.replaceAll(/ \d{4}-\d\d-\d\d \d\d:\d\d /g, " ");
  const content = execFileSync("tar", ["-xOf", tar], { maxBuffer: 1 << 28 });
  return { image: { Config, files, content: sha256(content) } };
}

/** Every blob has the digest of its name, and every layer the diffID that the config tells. */
function checkArchive(archive: string): void {
  const blob = (digest: string) => {
    const bytes = execFileSync("tar", ["-xOf", archive, `blobs/${digest.replace(":", "/")}`], {
      maxBuffer: 1 << 28,
    });
    assert.equal(sha256(bytes), digest);
    return bytes;
  };
  const json = (bytes: Buffer) => JSON.parse(bytes.toString()) as OciJson;
  const index = json(execFileSync("tar", ["-xOf", archive, "index.json"]));
  const manifest = json(blob(index.manifests[0]!.digest));
  const diffIDs = manifest.layers.map(({ digest }) => sha256(gunzipSync(blob(digest))));
  assert.deepEqual(diffIDs, json(blob(manifest.config.digest)).rootfs.diff_ids);
}

interface OciJson {
  readonly manifests: readonly { digest: string }[];
  readonly config: { readonly digest: string };
  readonly layers: readonly { digest: string }[];
  readonly rootfs: { readonly diff_ids: readonly string[] };
}

function sha256(bytes: Buffer): string {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}
