import assert from "node:assert/strict";
import {
  chmodSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { type TestContext, test } from "node:test";
import { setTimeout } from "node:timers/promises";
import type { CopyAction, FileAction } from "../llb/index.ts";
import { makeNode, setXattr } from "../sys/index.ts";
import { openContext } from "../context/index.ts";
import { applyFileActions, digestSources, LayersTree } from "./index.ts";

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

/** `name: text` is a file, `name: null` a directory, `name: "-> target"` a link; modes by `chmod`. */
function make(root: string, files: Record<string, string | null>): string {
  for (const [name, text] of Object.entries(files)) {
    const file = path.join(root, name);
    mkdirSync(path.dirname(file), { recursive: true });
    if (text === null) mkdirSync(file, { recursive: true });
    else if (text.startsWith("-> ")) symlinkSync(text.slice(3), file);
    else writeFileSync(file, text);
  }
  return root;
}

/** A place with one base layer, a context, and a way to apply actions. */
function bench(t: TestContext, base: Record<string, string | null>, context: Record<string, string | null>) {
  const root = mkdtempSync(path.join(tmpdir(), "slipway-actions-"));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  const [lower, contextDir, output] = ["lower", "context", "output"].map((name) => path.join(root, name));
  mkdirSync(output!);
  make(lower!, { ".": null, ...base });
  make(contextDir!, { ".": null, ...context });
  return {
    lower: lower!,
    context: contextDir!,
    output: output!,
    apply: (...actions: FileAction[]) =>
      applyFileActions({
        lowers: [lower!],
        output: output!,
        actions,
        sources: [{ kind: "directory", root: contextDir!, excludePatterns: [] }],
      }),
    /** `type mode uid:gid path [content]` of everything in the merged tree. */
    list: () => listTree(new LayersTree([lower!, output!])),
  };
}

function listTree(tree: LayersTree, directory = "/"): string[] {
  return tree.readdir(directory).flatMap((name) => {
    const child = directory === "/" ? `/${name}` : `${directory}/${name}`;
    const { type, mode, uid, gid } = tree.lstat(child)!;
    const line = `${type === "file" ? "-" : type[0]}${mode.toString(8)} ${uid}:${gid} ${child}`;
    if (type === "directory") return [line, ...listTree(tree, child)];
    if (type === "symlink") return [`l ${uid}:${gid} ${child} -> ${tree.readlink(child)}`];
    return [type === "file" ? `${line} ${readFileSync(tree.hostPath(child), "utf8")}` : line];
  });
}

test("the digest after a copy is the digest of the context before it", asRoot, async (t) => {
  const place = bench(t, {}, { "d/a": "1", "d/s/b": "2", "d/l": "-> a" });
  linkSync(`${place.context}/d/a`, `${place.context}/d/z`);
  const actions = [copy("/d", "/x/"), copy("/d/a", "/y"), copy("/nothing*", "/z")];
  const before = await openContext(place.context).digestSources(actions);
  assert.deepEqual((await place.apply(...actions)).contentDigests, before);
  assert.equal(new Set(before).size, 3);
});

test("a copy of everything out of an empty tree makes its destination", asRoot, async (t) => {
  const place = bench(t, {}, {});
  await place.apply({ ...copy("/", "/x/"), from: -1 }, { ...copy("/*.txt", "/y/"), from: -1 });
  assert.deepEqual(place.list(), ["d755 0:0 /x"]);
  await assert.rejects(place.apply({ ...copy("/nope", "/x/"), from: -1 }), { code: "NOT_FOUND" });
});

test("a directory's contents go into a new directory 0755 0:0, with modes kept below", asRoot, async (t) => {
  const place = bench(t, {}, { "d/f": "1", "d/s/g": "2" });
  chmodSync(`${place.context}/d`, 0o700);
  chmodSync(`${place.context}/d/f`, 0o4750);
  chmodSync(`${place.context}/d/s`, 0o2770);
  const { sizeBytes } = await place.apply(copy("/d", "/x/y"));
  assert.deepEqual(place.list(), [
    "d755 0:0 /x",
    "d755 0:0 /x/y",
    "-4750 0:0 /x/y/f 1",
    "d2770 0:0 /x/y/s",
    "-644 0:0 /x/y/s/g 2",
  ]);
  assert.equal(sizeBytes, 2);
});

test("--chown and --chmod reach created parents, nested directories and files", asRoot, async (t) => {
  const passwd = "root:x:0:0::/:/bin/sh\ngames:x:5:60:games:/:/bin/sh\n";
  const place = bench(
    t,
    { "etc/passwd": passwd, "etc/group": "staff:x:50:\n" },
    { "d/f": "1", "d/s": null, "d/l": "-> f" },
  );
  await place.apply(
    copy("/d", "/a/b/", { owner: { user: 1000, group: "nobody-knows" }, mode: "4711" }),
    copy("/d/f", "/n", { owner: { user: "games" } }),
    copy("/d/f", "/m", { owner: { user: "games", group: "staff" } }),
    copy("/d/f", "/o", { owner: { user: "nobody-knows" }, mode: "u+x" }),
  );
  assert.deepEqual(
    place.list().filter((line) => !line.includes("/etc")),
    [
      "d711 1000:1000 /a",
      "d711 1000:1000 /a/b",
      "-4711 1000:1000 /a/b/f 1",
      "l 1000:1000 /a/b/l -> f",
      "d4711 1000:1000 /a/b/s",
      "-644 5:50 /m 1",
      "-644 5:60 /n 1",
      "-744 0:0 /o 1",
    ],
  );
});

test("parents that exist below are made again as they are", asRoot, async (t) => {
  const place = bench(t, { "usr/local/bin/x": "" }, { f: "1" });
  chmodSync(`${place.lower}/usr`, 0o2751);
  setXattr(`${place.lower}/usr`, "user.a", Buffer.from("b"));
  setXattr(`${place.lower}/usr`, "trusted.overlay.opaque", Buffer.from("y"));
  utimesSync(`${place.lower}/usr`, 1, 2);
  utimesSync(`${place.lower}/usr/local/bin`, 1, 2);
  await place.apply(copy("/f", "/usr/local/bin/"));
  assert.deepEqual(place.list(), [
    "d2751 0:0 /usr",
    "d755 0:0 /usr/local",
    "d755 0:0 /usr/local/bin",
    "-644 0:0 /usr/local/bin/f 1",
    "-644 0:0 /usr/local/bin/x ",
  ]);
  assert.equal(lstatSync(`${place.output}/usr`).mtimeMs, 2000);
  assert.ok(lstatSync(`${place.output}/usr/local/bin`).mtimeMs > 1e12);
  assert.deepEqual(
    new LayersTree([place.output]).xattrs("/usr").map(({ name }) => name),
    ["user.a"],
  );
});

test("links of the destination are followed inside the root", asRoot, async (t) => {
  const place = bench(t, { "r/keep": "", l: "-> r", n: "-> ../../nowhere", f: "-> target" }, { f: "1" });
  await place.apply(copy("/f", "/l/"), copy("/f", "/n/"), copy("/f", "/f"));
  assert.deepEqual(place.list(), [
    "l 0:0 /f -> target",
    "l 0:0 /l -> r",
    "l 0:0 /n -> ../../nowhere",
    "d755 0:0 /nowhere",
    "-644 0:0 /nowhere/f 1",
    "d755 0:0 /r",
    "-644 0:0 /r/f 1",
    "-644 0:0 /r/keep ",
    "-644 0:0 /target 1",
  ]);
});

const refused: [string, Record<string, string | null>, FileAction, string][] = [
  ["a directory onto a file", { x: "" }, copy("/d", "/x"), "cannot copy to non-directory: /x"],
  ["a directory onto a nested file", { "x/s": "" }, copy("/d", "/x"), "cannot copy to non-directory: /x/s"],
  [
    "a directory onto a nested link",
    { "x/y": null, "x/s": "-> y" },
    copy("/d", "/x"),
    "cannot copy to non-directory: /x/s",
  ],
  [
    "a file onto a directory of its name",
    { "x/f": null },
    copy("/d/f", "/x/"),
    "cannot replace to directory /x/f with file",
  ],
  ["a file below a file", { x: "" }, copy("/d/f", "/x/"), "mkdir /x: not a directory"],
  [
    "a working directory below a file",
    { x: "" },
    { kind: "mkdir", path: "/x/y", mode: 0o755, makeParents: true },
    "mkdir /x: not a directory",
  ],
  ["a missing source", {}, copy("/nope", "/x"), '"/nope": not found'],
  ["a source below a file", {}, copy("/d/f/g", "/x"), '"/d/f/g": not found'],
  [
    "a mode of nine bits too many",
    {},
    copy("/d", "/x", { mode: "64a" }),
    "invalid chmod parameter: '64a'. it should be octal string and between 0 and 07777",
  ],
];
for (const [title, base, action, message] of refused) {
  test(`${title} is refused`, asRoot, async (t) => {
    await assert.rejects(bench(t, base, { "d/f": "1", "d/s/g": "" }).apply(action), { message });
  });
}

test("files replace files and links, of this layer and of those below", asRoot, async (t) => {
  const place = bench(t, { "x/f": "old", "x/l": "-> f", "x/other": "-> /etc" }, { f: "1", "d/l": "2" });
  await place.apply(copy("/f", "/x/"), copy("/d", "/x"), copy("/d/l", "/x/f"));
  assert.deepEqual(place.list(), [
    "d755 0:0 /x",
    "-644 0:0 /x/f 2",
    "-644 0:0 /x/l 2",
    "l 0:0 /x/other -> /etc",
  ]);
});

test("a working directory is made with its parents, and left alone when it is there", asRoot, async (t) => {
  const place = bench(t, { "srv/app": null, w: "-> srv" }, {});
  chmodSync(`${place.lower}/srv/app`, 0o700);
  const mkdir = (dir: string, user?: number): FileAction => ({
    kind: "mkdir",
    path: dir,
    mode: 0o755,
    makeParents: true,
    ...(user !== undefined && { owner: { user } }),
  });
  const { contentDigests } = await place.apply(mkdir("/w/app"), mkdir("/w/new/deep", 7), mkdir("/"));
  assert.deepEqual(contentDigests, ["", "", ""]);
  assert.deepEqual(place.list(), [
    "d755 0:0 /srv",
    "d700 0:0 /srv/app",
    "d755 7:7 /srv/new",
    "d755 7:7 /srv/new/deep",
    "l 0:0 /w -> srv",
  ]);
});

test("an inline file gets its mode and owner", asRoot, async (t) => {
  const place = bench(t, { f: "old and longer" }, {});
  await place.apply({ kind: "mkfile", path: "/f", mode: 0o600, data: "new ü", owner: { user: 3 } });
  assert.deepEqual(place.list(), ["-600 3:3 /f new ü"]);
});

test(
  "files of another stage are shared where nothing changes, and copied where something does",
  asRoot,
  async (t) => {
    const place = bench(t, { "b/f": "1", "b/s/g": "22" }, {});
    linkSync(`${place.lower}/b/f`, `${place.lower}/b/hard`);
    makeNode(`${place.lower}/b/gone`, { type: "character", mode: 0 });
    const layers = { kind: "layers" as const, layers: [place.lower] };
    const actions = [copy("/b", "/c"), copy("/b/s/g", "/g", { mode: "600" }), copy("/b/f", "/again")];
    const { contentDigests, sizeBytes } = await applyFileActions({
      lowers: [],
      output: place.output,
      actions,
      sources: [layers],
    });
    assert.deepEqual(contentDigests, digestSources(layers, actions));
    assert.deepEqual(listTree(new LayersTree([place.output])), [
      "-644 0:0 /again 1",
      "d755 0:0 /c",
      "-644 0:0 /c/f 1",
      "-644 0:0 /c/hard 1",
      "d755 0:0 /c/s",
      "-644 0:0 /c/s/g 22",
      "-600 0:0 /g 22",
    ]);
    const inode = (file: string) => lstatSync(file).ino;
    assert.equal(inode(`${place.output}/c/f`), inode(`${place.lower}/b/f`));
    assert.equal(inode(`${place.output}/c/hard`), inode(`${place.lower}/b/f`));
    assert.notEqual(inode(`${place.output}/again`), inode(`${place.lower}/b/f`));
    assert.notEqual(inode(`${place.output}/g`), inode(`${place.lower}/b/s/g`));
    assert.equal(sizeBytes, 6);
  },
);

test(
  "an unchanged file is shared with the layer of an earlier copy, a changed one is copied",
  asRoot,
  async (t) => {
    const files = Object.fromEntries(Array.from({ length: 60 }, (_, i) => [`d/f${i}`, `text ${i}`]));
    const place = bench(t, {}, files);
    const copyInto = async (name: string, earlier?: string, more: Partial<CopyAction> = {}) => {
      const directory = path.join(place.output, name);
      mkdirSync(directory);
      const { contentDigests } = await applyFileActions(
        {
          lowers: [],
          output: directory,
          actions: [copy("/d", "/x/", more)],
          sources: [{ kind: "directory", root: place.context, excludePatterns: [] }],
        },
        {
          indexFile: `${directory}.idx`,
          ...(earlier !== undefined && {
            earlier: {
              directory: path.join(place.output, earlier),
              indexFile: path.join(place.output, `${earlier}.idx`),
            },
          }),
        },
      );
      return contentDigests;
    };
    const inode = (name: string, file: string) => lstatSync(path.join(place.output, name, "x", file)).ino;
    // what was written in the same clock tick is never trusted
    await setTimeout(50);
    await copyInto("one");
    writeFileSync(`${place.context}/d/f7`, "text X");
    utimesSync(`${place.context}/d/f8`, 1, 1);
    const digests = await copyInto("two", "one");
    assert.deepEqual(digests, await openContext(place.context).digestSources([copy("/d", "/x/")]));
    assert.equal(inode("two", "f1"), inode("one", "f1"));
    for (const file of ["f7", "f8"]) assert.notEqual(inode("two", file), inode("one", file));
    assert.equal(readFileSync(path.join(place.output, "two/x/f7"), "utf8"), "text X");
    await copyInto("three", "two", { mode: "600" });
    assert.notEqual(inode("three", "f1"), inode("two", "f1"));
  },
);
