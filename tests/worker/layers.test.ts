import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { gunzipSync } from "node:zlib";
import { openContext } from "../../src/context/index.ts";
import { newLayerId } from "../../src/content/index.ts";
import type { CopyAction } from "../../src/llb/index.ts";
import { parseDiffID } from "../../src/oci/index.ts";
import { getXattr } from "../../src/sys/index.ts";
import { WorkerError } from "../../src/worker/index.ts";
import { Rig, unavailable } from "./rig.ts";

let rig: Rig;
const skip = await unavailable();
const options = skip === undefined ? {} : { skip };

before(async () => {
  if (skip === undefined) rig = await Rig.start();
});
after(async () => {
  await rig?.[Symbol.asyncDispose]();
});

const inLayer = (layer: string, file: string) => rig.store.layers.fsOf(layer) + file;
const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

/** A directory of the host with the given files; names that end with a slash are directories. */
function hostDirectory(files: Readonly<Record<string, string>>): string {
  const root = fs.mkdtempSync(path.join(rig.directory, "host-"));
  for (const [name, text] of Object.entries(files)) {
    fs.mkdirSync(path.dirname(path.join(root, name)), { recursive: true });
    if (name.endsWith("/")) fs.mkdirSync(path.join(root, name), { recursive: true });
    else fs.writeFileSync(path.join(root, name), text);
  }
  return root;
}

function tarOf(files: Readonly<Record<string, string>>, ...flags: string[]): Buffer {
  const root = hostDirectory(files);
  const made = spawnSync("tar", ["-C", root, "-c", ...flags, "--owner=7", "--group=8", "."], {
    maxBuffer: Infinity,
  });
  assert.equal(made.status, 0, String(made.stderr));
  return made.stdout;
}

const copy = (fields: Partial<CopyAction>): CopyAction => ({
  kind: "copy",
  from: 0,
  source: "/",
  dest: "/",
  followSymlink: true,
  copyDirContents: true,
  attemptUnpack: false,
  createDestPath: true,
  allowWildcard: true,
  allowEmptyWildcard: false,
  ...fields,
});

test(
  "a layer blob is unpacked with its owners and whiteouts, and its tar is known from then on",
  options,
  async () => {
    const tar = tarOf({ "a/file": "content", "a/.wh.gone": "", "b/.wh..wh..opq": "" }, "-z");
    const { digest } = rig.store.content.put(tar);
    const diffID = parseDiffID(`sha256:${sha256(gunzipSync(tar))}`);
    const layer = newLayerId();
    const mediaType = "application/vnd.oci.image.layer.v1.tar+gzip";
    const info = await rig.worker.unpackLayer({ layer, blob: digest, mediaType, diffID });
    assert.deepEqual(info, { layer, sizeBytes: 7 });
    const { stdout } = await rig.sh("stat -c %u:%g /a/file", { lowers: [rig.base, layer] });
    assert.equal(stdout, "7:8\n");
    assert.ok(fs.lstatSync(inLayer(layer, "/a/gone")).isCharacterDevice());
    const mark = process.getuid?.() === 0 ? "trusted.overlay.opaque" : "user.overlay.opaque";
    assert.equal(getXattr(inLayer(layer, "/b"), mark)?.toString(), "y");
    const packed = await rig.worker.packLayer({ layer, compression: "gzip" });
    assert.deepEqual(packed.blob, { digest, size: tar.length, mediaType });
  },
);

test("a blob with another diffID makes no layer", options, async () => {
  const { digest } = rig.store.content.put(tarOf({ file: "x" }));
  const layer = newLayerId();
  const request = {
    layer,
    blob: digest,
    mediaType: "application/vnd.oci.image.layer.v1.tar",
    diffID: parseDiffID(`sha256:${"0".repeat(64)}`),
  };
  await assert.rejects(
    rig.worker.unpackLayer(request),
    (error: unknown) => error instanceof WorkerError && error.code === "DIFF_ID_MISMATCH",
  );
  assert.equal(rig.store.layers.has(layer), false);
});

test("a tar of a root file system becomes a layer that can be run", options, async () => {
  const file = path.join(rig.directory, "rootfs.tar");
  fs.writeFileSync(file, tarOf({ "etc/.wh.kept": "an ordinary name" }));
  const layer = newLayerId();
  await rig.worker.importTar({ layer, file });
  const { stdout } = await rig.sh("cat /etc/.wh.kept", { lowers: [rig.base, layer] });
  assert.equal(stdout, "an ordinary name");
});

test(
  "copies from a context and from layers, and archives are unpacked with their new owner",
  options,
  async () => {
    const root = hostDirectory({ "src/a.txt": "a", "src/b.log": "ignored" });
    fs.writeFileSync(path.join(root, "archive"), tarOf({ "in/file": "archived" }, "-z"));
    const context = { root, excludePatterns: ["**/*.log"] };
    const output = newLayerId();
    const fromLayer = copy({ from: 1, source: "/etc/passwd", dest: "/copied" });
    const actions = [
      copy({ source: "/src", dest: "/app/" }),
      copy({
        source: "/archive",
        dest: "/unpacked/",
        attemptUnpack: true,
        owner: { user: "app", group: 10 },
      }),
      fromLayer,
    ];
    const result = await rig.worker.applyFileActions({
      lowers: [rig.base],
      output,
      actions,
      sources: [
        { kind: "context", context },
        { kind: "layers", layers: [rig.base] },
      ],
    });
    assert.equal(result.contentDigests.length, 3);
    const script =
      "find /app /unpacked; cat /app/a.txt /unpacked/in/file; stat -c ' %u:%g' /unpacked/in/file; ls /copied";
    const { stdout } = await rig.sh(script, { lowers: [rig.base, output] });
    assert.equal(
      stdout,
      "/app\n/app/a.txt\n/unpacked\n/unpacked/in\n/unpacked/in/file\naarchived 1000:10\n/copied\n",
    );
    const { contentDigests } = await rig.worker.digestSources({ lowers: [rig.base], actions: [fromLayer] });
    assert.equal(contentDigests[0], result.contentDigests[2]);
  },
);

test(
  "a layer is packed once: its tar has its files, and equal layers have equal diffIDs",
  options,
  async () => {
    const script = "mkdir -p /d; echo x > /d/file; rm /etc/group; touch -d @1000 /d/file /d /etc";
    const { layer } = await rig.sh(script, { keep: true });
    const hashed = await rig.worker.packLayer({ layer });
    assert.equal(hashed.blob, undefined);
    const packed = await rig.worker.packLayer({ layer, compression: "gzip" });
    assert.equal(packed.diffID, hashed.diffID);
    const bytes = gunzipSync(rig.store.content.read(packed.blob!.digest, 1 << 20));
    assert.equal(`sha256:${sha256(bytes)}`, packed.diffID);
    assert.equal(bytes.length, packed.tarSizeBytes);
    const listed = spawnSync("tar", ["-t"], { input: bytes, encoding: "utf8" });
    assert.equal(listed.stdout, "d/\nd/file\netc/\netc/.wh.group\n");
    assert.deepEqual(await rig.worker.packLayer({ layer, compression: "gzip" }), packed);
  },
);

test(
  "a flattened tree is exported as a tar with its owners, and as a directory of the caller's",
  options,
  async () => {
    const step = await rig.sh("echo x > /own; chown 1000:100 /own; rm -r /bin", { keep: true });
    const lowers = [rig.base, step.layer];
    const file = path.join(rig.directory, "tree.tar");
    await rig.worker.exportTree({ trees: [{ lowers, name: "linux/amd64" }], dest: file, form: "tar" });
    const listed = spawnSync("tar", ["-tvf", file, "--numeric-owner"], { encoding: "utf8" }).stdout;
    assert.match(listed, /1000\/100 .* own\n/);
    assert.doesNotMatch(listed, /bin/);
    const dest = path.join(rig.directory, "tree");
    await rig.worker.exportTree({ trees: [{ lowers, name: "linux/amd64" }], dest, form: "directory" });
    assert.deepEqual(fs.readdirSync(dest), ["dev", "etc", "own", "proc", "sys", "tmp"]);
    const stat = fs.statSync(path.join(dest, "own"));
    assert.deepEqual([stat.uid, stat.gid], [process.getuid!(), process.getgid!()]);
  },
);

test("what a directory held gives way to the tree's files, which are nobody else's", options, async () => {
  const layer = rig.layer((root) => {
    for (const name of ["d", "n"]) fs.mkdirSync(path.join(root, name));
    for (const name of ["d/a", "d/b", "n/new", "empty"]) fs.writeFileSync(path.join(root, name), name);
    fs.truncateSync(path.join(root, "empty"));
    fs.linkSync(path.join(root, "d/a"), path.join(root, "z"));
    fs.utimesSync(path.join(root, "d/b"), 1_600_000_000.25, 1_600_000_000.25);
  });
  const outside = path.join(rig.directory, "elsewhere");
  fs.mkdirSync(outside);
  const dest = path.join(rig.directory, "given");
  fs.mkdirSync(path.join(dest, "d/a/deep"), { recursive: true });
  fs.writeFileSync(path.join(dest, "d/kept"), "");
  fs.symlinkSync(path.join(outside, "b"), path.join(dest, "d/b"));
  fs.symlinkSync(outside, path.join(dest, "n"));
  const { sizeBytes } = await rig.worker.exportTree({
    trees: [{ lowers: [layer], name: "linux/amd64" }],
    dest,
    form: "directory",
  });
  assert.equal(sizeBytes, "d/ad/bn/new".length);
  assert.deepEqual(fs.readdirSync(path.join(dest, "d")), ["a", "b", "kept"]);
  for (const name of ["d/a", "d/b", "n/new"])
    assert.equal(fs.readFileSync(path.join(dest, name), "utf8"), name);
  assert.deepEqual(fs.readdirSync(outside), []);
  const stat = (name: string) => fs.lstatSync(path.join(dest, name));
  assert.deepEqual([stat("z").ino, stat("z").nlink], [stat("d/a").ino, 2]);
  assert.deepEqual([stat("d/b").nlink, stat("d/b").mtimeMs, stat("empty").size], [1, 1_600_000_000_250, 0]);
});

test("a mirror holds nothing but the trees, and links in it lead nowhere", options, async () => {
  const layer = (name: string) =>
    rig.layer((root) => {
      fs.mkdirSync(path.join(root, "d"));
      fs.writeFileSync(path.join(root, "d", name), name);
    });
  const [one, two] = [layer("one"), layer("two")];
  const outside = path.join(rig.directory, "outside");
  fs.mkdirSync(outside);
  fs.writeFileSync(path.join(outside, "kept"), "");
  const dest = path.join(rig.directory, "mirror");
  fs.mkdirSync(path.join(dest, "d/old/deep"), { recursive: true });
  fs.writeFileSync(path.join(dest, "d/two"), "old");
  fs.writeFileSync(Buffer.from(`${dest}/d/\xe9`, "latin1"), "");
  fs.symlinkSync(outside, path.join(dest, "link"));
  const trees = [
    { lowers: [one], name: "linux/amd64", directory: "linux_amd64" },
    { lowers: [two], name: "linux/arm64" },
  ];
  await rig.worker.exportTree({ trees, dest, form: "directory", isMirror: true });
  assert.deepEqual(
    (fs.readdirSync(dest, { recursive: true }) as string[]).sort((a, b) => (a < b ? -1 : 1)),
    ["d", "d/two", "linux_amd64", "linux_amd64/d", "linux_amd64/d/one"],
  );
  assert.equal(fs.readFileSync(path.join(dest, "d/two"), "utf8"), "two");
  assert.deepEqual(fs.readdirSync(outside), ["kept"]);
  const both = [one, one].map((id, index) => ({ lowers: [id], name: `linux/${index}` }));
  for (const form of ["directory", "tar"] as const) {
    await assert.rejects(rig.worker.exportTree({ trees: both, dest: `${dest}.${form}`, form }), {
      message: "cannot overwrite d/one from linux/0 with linux/1 when split option is disabled",
    });
  }
});

test("a small file of a stack is read, links resolved inside it", options, async () => {
  const layer = rig.layer((root) => {
    fs.mkdirSync(path.join(root, "etc"));
    fs.symlinkSync("/../../../etc/group", path.join(root, "etc/link"));
  });
  const read = async (file: string, limitBytes = 100) =>
    (await rig.worker.readTextFile({ lowers: [rig.base, layer], path: file, limitBytes })).text;
  assert.equal(await read("/etc/link"), "root:x:0:\nwheel:x:10:root,app\nusers:x:100:\n");
  assert.equal(await read("/etc/none"), undefined);
  assert.equal(await read("/etc"), undefined);
  assert.equal(await read("/etc/link", 10), undefined);
});

test(
  "a step sees a mounted context without ignored files, owned by root, and cannot change it",
  options,
  async () => {
    const root = hostDirectory({ "pkg/main.go": "package main", "pkg/secret.env": "x", other: "y" });
    const source = { root, excludePatterns: ["**/*.env"] };
    const whole = { type: "context", dest: "/src", source, readonly: true } as const;
    const { stdout } = await rig.sh(
      "find /src | sort; stat -c %u:%g /src/other; echo x > /src/new || echo refused; cat /one; echo z > /w/new; ls /w",
      {
        mounts: [
          whole,
          { ...whole, dest: "/one", selector: "pkg/main.go" },
          { ...whole, dest: "/w", selector: "/pkg", readonly: false },
        ],
      },
    );
    assert.equal(
      stdout,
      "/src\n/src/other\n/src/pkg\n/src/pkg/main.go\n0:0\nrefused\npackage mainmain.go\nnew\n",
    );
    assert.deepEqual(fs.readdirSync(path.join(root, "pkg")), ["main.go", "secret.env"]);
  },
);

test("a long copy of a context is whole, and shared with the next one of it", options, async () => {
  const root = hostDirectory(
    Object.fromEntries(Array.from({ length: 4000 }, (_, n) => [`d${n % 50}/f${n}`, `text ${n}`])),
  );
  const sources = [{ kind: "context" as const, context: { root, excludePatterns: [] } }];
  const actions = [copy({ dest: "/app/" })];
  const made = async (previousLayer?: string) => {
    const output = newLayerId();
    const request = { lowers: [], output, actions, sources };
    const { contentDigests } = await rig.worker.applyFileActions({
      ...request,
      ...(previousLayer !== undefined && { previousLayer }),
    });
    assert.deepEqual(contentDigests, await openContext(root).digestSources(actions));
    return output;
  };
  await sleep(50); // what was written in the same clock tick is never trusted
  const first = await made();
  fs.writeFileSync(path.join(root, "d7/f7"), "edited");
  const second = await made(first);
  const inode = (layer: string, file: string) => fs.statSync(inLayer(layer, file)).ino;
  const shared = Array.from({ length: 4000 }, (_, n) => `/app/d${n % 50}/f${n}`).filter(
    (file) => inode(second, file) === inode(first, file),
  );
  assert.equal(shared.length, 3999);
  assert.equal(fs.readFileSync(inLayer(second, "/app/d7/f7"), "utf8"), "edited");
  fs.rmSync(path.join(root, "d49/f3999"));
  fs.symlinkSync("/etc/passwd", path.join(root, "d49/f3999"));
  assert.equal(fs.readlinkSync(inLayer(await made(second), "/app/d49/f3999")), "/etc/passwd");
});

test("layers and half-made trees are removed, and nothing outside the store", options, async () => {
  const { layer } = await rig.sh("mkdir -m 0 /locked; touch /locked/x; chown -R 5:5 /locked", { keep: true });
  const half = rig.store.temp.newPath("half");
  fs.mkdirSync(half);
  await rig.worker.remove({ layers: [layer], paths: [half] });
  assert.equal(fs.existsSync(rig.store.layers.dirOf(layer)), false);
  assert.equal(fs.existsSync(half), false);
  const { layers, tmp } = rig.store.paths;
  for (const outside of [layers, tmp, `${tmp}/../layers`, "tmp/x", "/"]) {
    await assert.rejects(rig.worker.remove({ layers: [], paths: [outside] }), /Internal error/);
  }
  await assert.rejects(rig.worker.remove({ layers: ["../layers"], paths: [] }));
  assert.ok(fs.existsSync(rig.store.paths.layers));
});

test("steps go on while layers are unpacked", options, async () => {
  const big = path.join(rig.directory, "big.tar");
  const files = Object.fromEntries(
    Array.from({ length: 4000 }, (_, n) => [`d${n % 50}/f${n}`, "x".repeat(500)]),
  );
  fs.writeFileSync(big, tarOf(files));
  let isDone = false;
  const unpacking = rig.worker.importTar({ layer: newLayerId(), file: big }).then(() => (isDone = true));
  await rig.sh("true");
  const { text } = await rig.worker.readTextFile({ lowers: [rig.base], path: "/etc/group", limitBytes: 100 });
  assert.ok(text);
  assert.equal(isDone, false, "the unpacking was over before a step could run beside it");
  await unpacking;
});
