import assert from "node:assert/strict";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { type TestContext, test } from "node:test";
import type { CopyAction, FileAction } from "../llb/index.ts";
import { makeNode, mount, umount } from "../sys/index.ts";
import { applyFileActions, LayersTree } from "./index.ts";
import { openDirectory } from "./source-tree.ts";

const asRoot = process.getuid?.() === 0 ? {} : { skip: "owners need root" };

const copy = (source: string, dest: string, more: Partial<CopyAction> = {}): CopyAction => ({
  kind: "copy",
  from: 0,
  source,
  dest,
  followSymlink: true,
  copyDirContents: true,
  attemptUnpack: false,
  createDestPath: true,
  allowWildcard: true,
  allowEmptyWildcard: true,
  ...more,
});

/** A victim beside everything: it must be as before, whatever is tried. */
function arena(t: TestContext) {
  const root = mkdtempSync(path.join(tmpdir(), "slipway-hostile-"));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  const [lower, context, output] = ["lower", "context", "output"].map((name) => path.join(root, name));
  for (const directory of [lower!, context!, output!]) mkdirSync(directory);
  mkdirSync(path.join(root, "victim"));
  writeFileSync(path.join(root, "victim/secret"), "secret");
  writeFileSync(path.join(context!, "f"), "harmless");
  return {
    root,
    lower: lower!,
    context: context!,
    output: output!,
    apply: (...actions: FileAction[]) =>
      applyFileActions({
        lowers: [lower!],
        output: output!,
        actions,
        sources: [{ kind: "directory", root: context!, excludePatterns: [] }],
      }),
    assertUntouched() {
      assert.deepEqual(readdirSync(path.join(root, "victim")), ["secret"]);
      assert.equal(readFileSync(path.join(root, "victim/secret"), "utf8"), "secret");
    },
    all: () => new LayersTree([lower!, output!]),
  };
}

test("links of the image never lead a copy out of the new layer", asRoot, async (t) => {
  const place = arena(t);
  symlinkSync(path.join(place.root, "victim"), path.join(place.lower, "absolute"));
  symlinkSync("../victim", path.join(place.lower, "relative"));
  symlinkSync("../../../../../../../../tmp", path.join(place.lower, "far"));
  mkdirSync(path.join(place.lower, "d"));
  symlinkSync("../../victim/secret", path.join(place.lower, "d/f"));
  await place.apply(
    copy("/f", "/absolute/"),
    copy("/f", "/relative/secret"),
    copy("/f", "/far/x/y"),
    copy("/f", "/d/"),
    copy("/f", "/../../../victim/"),
    { kind: "mkdir", path: "/relative/../../made", mode: 0o777, makeParents: true },
    { kind: "mkfile", path: "/relative/made", mode: 0o644, data: "x" },
  );
  place.assertUntouched();
  const tree = place.all();
  for (const file of [
    `${place.root}/victim/f`,
    "/victim/secret",
    "/victim/f",
    "/victim/made",
    "/tmp/x/y",
    "/d/f",
  ])
    assert.equal(tree.lstat(file)?.type, "file", file);
  assert.equal(tree.lstat("/made")?.type, "directory");
});

test("links of a context are copied or followed inside it only", asRoot, async (t) => {
  const place = arena(t);
  symlinkSync("../victim", path.join(place.context, "out"));
  symlinkSync(path.join(place.root, "victim/secret"), path.join(place.context, "absolute"));
  for (const source of ["/out", "/out/secret", "/absolute"])
    await assert.rejects(place.apply(copy(source, "/x/")), { code: "NOT_FOUND" });
  await place.apply(copy("/", "/all/"));
  assert.equal(place.all().lstat("/all/out")?.type, "symlink");
  assert.equal(place.all().lstat("/all/absolute")?.type, "symlink");
});

test("endless links are an error on either side", asRoot, async (t) => {
  const place = arena(t);
  symlinkSync("a", path.join(place.context, "b"));
  symlinkSync("b", path.join(place.context, "a"));
  symlinkSync("loop", path.join(place.lower, "loop"));
  await assert.rejects(place.apply(copy("/a", "/x")), { code: "LINK_LOOP" });
  await assert.rejects(place.apply(copy("/f", "/loop/x")), { code: "LINK_LOOP" });
});

test("a directory that becomes a link while it is copied is not followed", asRoot, (t) => {
  const place = arena(t);
  mkdirSync(path.join(place.context, "d"));
  writeFileSync(path.join(place.context, "d/secret"), "mine");
  using source = openDirectory({ root: place.context, excludePatterns: [] });
  assert.equal(source.tree.lstat("/d/secret")?.type, "file");
  renameSync(path.join(place.context, "d"), path.join(place.context, "e"));
  symlinkSync("../victim", path.join(place.context, "d"));
  assert.throws(() => source.open("/d/secret"), {
    code: "UNREADABLE",
    message: `Cannot read "${place.context}/d/secret": too many symbolic links encountered`,
  });
});

test("a file that becomes a link or a fifo is neither followed nor waited for", asRoot, (t) => {
  const place = arena(t);
  using source = openDirectory({ root: place.context, excludePatterns: [] });
  rmSync(path.join(place.context, "f"));
  symlinkSync("../victim/secret", path.join(place.context, "f"));
  assert.throws(() => source.open("/f"), { code: "UNREADABLE" });
  rmSync(path.join(place.context, "f"));
  makeNode(path.join(place.context, "f"), { type: "fifo", mode: 0o600 });
  assert.ok(source.open("/f") > 0); // what is no regular file is refused before it is read
});

test("a context cannot smuggle a whiteout into a layer", asRoot, async (t) => {
  const place = arena(t);
  writeFileSync(path.join(place.lower, "keep"), "");
  makeNode(path.join(place.context, "keep"), { type: "character", mode: 0 });
  await assert.rejects(place.apply(copy("/keep", "/")), {
    code: "WRONG_TYPE",
    message: 'Cannot copy "/keep": a device 0:0 means a deleted file in a layer',
  });
});

test("devices, fifos and sockets arrive as what they are, sockets as empty files", asRoot, async (t) => {
  const place = arena(t);
  makeNode(path.join(place.context, "null"), { type: "character", mode: 0o666, rdev: 0x103 });
  makeNode(path.join(place.context, "pipe"), { type: "fifo", mode: 0o640 });
  makeNode(path.join(place.context, "sock"), { type: "socket", mode: 0o755 });
  await place.apply(copy("/", "/x/"));
  const stat = (name: string) => {
    const { type, mode, rdev, sizeBytes } = place.all().lstat(`/x/${name}`)!;
    return [type, mode, rdev, sizeBytes];
  };
  assert.deepEqual(stat("null"), ["device", 0o666, 0x103, 0]);
  assert.deepEqual(stat("pipe"), ["fifo", 0o640, 0, 0]);
  assert.deepEqual(stat("sock"), ["file", 0o755, 0, 0]);
});

test("names that are no UTF-8 keep their bytes", asRoot, async (t) => {
  const place = arena(t);
  const name = Buffer.from([0x66, 0xff, 0xfe]);
  writeFileSync(Buffer.concat([Buffer.from(`${place.context}/`), name]), "x");
  mkdirSync(Buffer.concat([Buffer.from(`${place.context}/d`), name]));
  await place.apply(copy("/", "/x/"), copy("/f*", "/y/"));
  const found = readdirSync(`${place.output}/x`, { encoding: "latin1" }).sort();
  assert.deepEqual(found, ["d\x66\xff\xfe", "f", "f\xff\xfe"]);
  assert.deepEqual(readdirSync(`${place.output}/y`, { encoding: "latin1" }).sort(), ["f", "f\xff\xfe"]);
});

test("a full disk is one clear error that names the path", asRoot, async (t) => {
  const place = arena(t);
  writeFileSync(path.join(place.context, "big"), Buffer.alloc(3_000_000));
  try {
    mount(place.output, { type: "tmpfs", data: "size=1m" });
  } catch {
    return t.skip("tmpfs cannot be mounted here");
  }
  try {
    await assert.rejects(place.apply(copy("/big", "/x/")), {
      code: "NO_SPACE",
      message: 'Cannot write "/x/big": no space left on device',
    });
  } finally {
    umount(place.output, { detach: true });
  }
});
