import assert from "node:assert/strict";
import {
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { type TestContext, test } from "node:test";
import { getXattr } from "../sys/index.ts";
import { DirectoryTree } from "../tree/index.ts";
import { packTar } from "./pack-tar.ts";
import { archiveOf, collect, readArchive, scratchDirectory, trusted, unpack } from "./test-archives.ts";
import { treeEntries } from "./tree-entries.ts";

const needsRoot = process.getuid?.() === 0 ? {} : { skip: "owners need root" };

test("a tree is packed as plain files, sorted, with its hard links", async (t) => {
  const root = scratchDirectory(t);
  mkdirSync(`${root}/d`);
  writeFileSync(`${root}/d/.wh.x`, "an ordinary name");
  writeFileSync(`${root}/d-e`, "after d/");
  linkSync(`${root}/d-e`, `${root}/z`);
  symlinkSync("d", `${root}/link`);
  const { sink, bytes } = collect();
  await packTar(treeEntries(new DirectoryTree(root)), sink);
  assert.deepEqual(
    readArchive(bytes()).map((e) => [e.path, e.type, e.linkPath, e.content.toString()]),
    [
      ["d/", "directory", "", ""],
      ["d/.wh.x", "file", "", "an ordinary name"],
      ["d-e", "file", "", "after d/"],
      ["link", "symlink", "d", ""],
      ["z", "hardlink", "d-e", ""],
    ],
  );
});

/** A root file system with `lib → usr/lib` and `loop → /..`, below an archive that is unpacked as files of a new layer. */
function lowerTree(t: TestContext): DirectoryTree {
  const root = scratchDirectory(t);
  mkdirSync(`${root}/usr/lib`, { recursive: true, mode: 0o711 });
  utimesSync(`${root}/usr/lib`, 1000, 1000);
  symlinkSync("usr/lib", `${root}/lib`);
  symlinkSync("/..", `${root}/loop`);
  writeFileSync(`${root}/file`, "");
  return new DirectoryTree(root);
}

test(
  "over a lower tree, its links are followed and its directories keep mode and time",
  needsRoot,
  async (t) => {
    const archive = archiveOf(
      { path: "lib/new.so", content: "x", mtimeNs: 5_000_000_000n },
      { path: "loop/at-root", content: "y" },
    );
    const { target } = await unpack(t, archive, { form: "files", under: lowerTree(t) });
    assert.deepEqual(readdirSync(target).sort(), ["at-root", "usr"]);
    assert.equal(readFileSync(`${target}/usr/lib/new.so`, "utf8"), "x");
    const { mode, mtimeMs } = statSync(`${target}/usr/lib`);
    assert.deepEqual([mode & 0o777, mtimeMs], [0o711, 1_000_000]);
  },
);

test(
  "over a lower tree, a file in the way is refused and a directory that was replaced stays hidden",
  needsRoot,
  async (t) => {
    const under = lowerTree(t);
    await assert.rejects(unpack(t, archiveOf({ path: "file/x", content: "" }), { form: "files", under }), {
      code: "INVALID_TAR",
      message: 'Cannot unpack "file/x": "file" is no directory',
    });
    const again = archiveOf(
      { path: "usr", content: "a file" },
      { path: "usr/", type: "directory" },
      { path: "usr/lib/x", content: "" },
    );
    const { target } = await unpack(t, again, { form: "files", under });
    assert.equal(getXattr(`${target}/usr`, trusted)?.toString(), "y");
    assert.equal(statSync(`${target}/usr/lib`).mode & 0o777, 0o755);
  },
);

test("a lower link that the archive replaced by a directory is never asked about", needsRoot, async (t) => {
  const root = scratchDirectory(t);
  symlinkSync(tmpdir(), `${root}/a`); // leads to the host
  const name = path.basename(root);
  const archive = archiveOf({ path: "a/", type: "directory" }, { path: `a/${name}/new`, content: "x" });
  const { target } = await unpack(t, archive, { form: "files", under: new DirectoryTree(root) });
  assert.equal(statSync(`${target}/a/${name}`).mode & 0o777, 0o755); // 0700 on the host
  assert.equal(getXattr(`${target}/a`, trusted), undefined);
});
