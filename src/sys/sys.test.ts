import assert from "node:assert/strict";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { buffer } from "node:stream/consumers";
import { after, before, test } from "node:test";
import {
  copyFileRange,
  deviceNumber,
  fileSystemType,
  getXattr,
  linkFiles,
  listXattrs,
  lstatNames,
  MountFlag,
  makeDirectory,
  makeFifo,
  makeNode,
  mount,
  openat2,
  Resolve,
  removeXattr,
  SysError,
  setParentDeathSignal,
  setTimes,
  setXattr,
  spawnProcess,
  splitDeviceNumber,
  syncFileSystem,
  syncFileSystemInThread,
  tryFlock,
  umount,
} from "./index.ts";

const isRoot = process.getuid?.() === 0;
const needsRoot = isRoot ? {} : { skip: "needs root" };
let dir: string;
const at = (name: string) => path.join(dir, name);

before(() => {
  dir = fs.mkdtempSync(path.join(os.tmpdir(), "sys-"));
});
after(() => fs.rmSync(dir, { recursive: true, force: true }));

function hasErrno(code: string, failedPath?: string) {
  return (error: unknown) =>
    error instanceof SysError &&
    error.code === code &&
    (failedPath === undefined || error.path === failedPath);
}

test("mount and umount take effect, with flags and options", needsRoot, () => {
  fs.mkdirSync(at("mnt"));
  mount(at("mnt"), { type: "tmpfs", flags: MountFlag.NOSUID, data: "size=64k,mode=700" });
  try {
    assert.equal(fileSystemType(at("mnt")), "tmpfs");
    assert.equal(fs.statSync(at("mnt")).mode & 0o7777, 0o700);
  } finally {
    umount(at("mnt"));
  }
  assert.notEqual(fs.statSync(at("mnt")).mode & 0o7777, 0o700);
  assert.throws(() => umount(at("mnt")), hasErrno("EINVAL", at("mnt")));
});

test("the file system of a directory is synced, and of none that is not there", async () => {
  syncFileSystem(at("."));
  await syncFileSystemInThread(at("."));
  assert.throws(() => syncFileSystem(at("absent")), { code: "ENOENT" });
  await assert.rejects(syncFileSystemInThread(at("absent")), { code: "ENOENT" });
});

test("a failed mount names what, where and why", () => {
  const target = at("absent");
  assert.throws(
    () => mount(target, { type: "tmpfs" }),
    (error: unknown) => {
      assert.ok(error instanceof SysError);
      const why = isRoot ? "no such file or directory" : "operation not permitted";
      if (isRoot) assert.equal(error.message, `Cannot mount tmpfs on ${JSON.stringify(target)}: ${why}`);
      assert.equal(error.syscall, "mount");
      return true;
    },
  );
});

test("attributes keep every byte", () => {
  const file = at("attributes");
  fs.writeFileSync(file, "");
  const value = Buffer.from([0, 1, 0x80, 0xff, 0]);
  setXattr(file, "user.slipway", value);
  setXattr(file, "user.empty", Buffer.alloc(0));
  assert.deepEqual(
    listXattrs(file)
      .filter((name) => name.startsWith("user."))
      .sort(),
    ["user.empty", "user.slipway"],
  );
  assert.deepEqual(getXattr(Buffer.from(file), "user.slipway"), value);
  assert.deepEqual(getXattr(file, "user.empty"), Buffer.alloc(0));
  removeXattr(file, "user.slipway");
  removeXattr(file, "user.slipway");
  assert.equal(getXattr(file, "user.slipway"), undefined);
});

test("attribute calls do not follow links", () => {
  fs.symlinkSync(at("nowhere"), at("link"));
  assert.deepEqual(
    listXattrs(at("link")).filter((name) => name.startsWith("user.")),
    [],
  );
  assert.throws(() => listXattrs(at("nowhere")), hasErrno("ENOENT", at("nowhere")));
  assert.throws(() => setXattr(at("link"), "user.x", Buffer.alloc(1)), hasErrno("EPERM"));
});

test("a whiteout is a 0:0 character device", (context) => {
  try {
    makeNode(at("whiteout"), { type: "character", mode: 0 });
  } catch (error) {
    if (hasErrno("EPERM")(error) && !isRoot) return context.skip("the kernel allows whiteouts to root only");
    throw error;
  }
  const stat = fs.lstatSync(at("whiteout"));
  assert.ok(stat.isCharacterDevice());
  assert.equal(stat.rdev, 0);
  assert.throws(() => makeNode(at("whiteout"), { type: "character", mode: 0 }), hasErrno("EEXIST"));
});

test("a device keeps major, minor and mode", needsRoot, () => {
  makeNode(at("null"), { type: "character", mode: 0o666, rdev: deviceNumber(1, 3) });
  fs.writeFileSync(at("null"), "gone");
  assert.equal(fs.readFileSync(at("null"), "utf8"), "");
  makeNode(at("block"), { type: "block", mode: 0o4660, rdev: deviceNumber(259, 70000) });
  const stat = fs.lstatSync(at("block"));
  assert.deepEqual(splitDeviceNumber(stat.rdev), { major: 259, minor: 70000 });
  assert.equal(stat.mode, 0o060000 | 0o4660);
});

test("device numbers come apart as they were joined", () => {
  for (const [major, minor] of [
    [0, 0],
    [1, 3],
    [4095, 1048575],
    [8, 256],
  ] as const) {
    assert.deepEqual(splitDeviceNumber(deviceNumber(major, minor)), { major, minor });
  }
});

test("modes are exact, whatever the umask", () => {
  const umask = process.umask(0o077);
  try {
    makeDirectory(at("open"), 0o3777);
    makeFifo(at("fifo"), 0o666);
  } finally {
    process.umask(umask);
  }
  assert.equal(fs.statSync(at("open")).mode & 0o7777, 0o3777);
  assert.ok(fs.statSync(at("fifo")).isFIFO());
  assert.equal(fs.statSync(at("fifo")).mode & 0o7777, 0o666);
});

test("times are exact to the nanosecond, before 1970 too, and not of a link's target", () => {
  fs.writeFileSync(at("file"), "");
  fs.symlinkSync("file", at("to-file"));
  setTimes(at("file"), 1711854706123456789n, 5n);
  setTimes(at("to-file"), -1n);
  const [file, link] = [at("file"), at("to-file")].map((name) => fs.lstatSync(name, { bigint: true }));
  assert.equal(file?.mtimeNs, 1711854706123456789n);
  assert.equal(file?.atimeNs, 5n);
  assert.equal(link?.mtimeNs, -1n);
});

test("names that are not UTF-8 reach the kernel as they are; an inner zero byte does not", () => {
  const name = Buffer.concat([Buffer.from(`${dir}/`), Buffer.from([0xff, 0xfe])]);
  makeFifo(name, 0o600);
  setTimes(name, 7n);
  assert.ok(fs.readdirSync(dir, "buffer").some((entry) => entry.equals(Buffer.from([0xff, 0xfe]))));
  assert.throws(() => setTimes(`${at("file")}\0x`, 0n), TypeError);
});

test("a lock excludes other open files until its descriptor is closed", () => {
  fs.writeFileSync(at("lock"), "");
  const [first, second] = [fs.openSync(at("lock"), "r"), fs.openSync(at("lock"), "r")];
  try {
    assert.equal(tryFlock(first, "shared"), true);
    assert.equal(tryFlock(second, "shared"), true);
    assert.equal(tryFlock(second, "exclusive"), false);
    fs.closeSync(first);
    assert.equal(tryFlock(second, "exclusive"), true);
    assert.equal(tryFlock(second, "unlock"), true);
  } finally {
    fs.closeSync(second);
  }
});

test("openat2 keeps absolute links and `..` inside the root", () => {
  fs.mkdirSync(at("root/etc"), { recursive: true });
  fs.writeFileSync(at("root/etc/passwd"), "inside");
  fs.symlinkSync("/../../etc/passwd", at("root/escape"));
  const dirfd = fs.openSync(at("root"), fs.constants.O_RDONLY | fs.constants.O_DIRECTORY);
  try {
    const flags = fs.constants.O_RDONLY;
    const fd = openat2("escape", { dirfd, flags, resolve: Resolve.IN_ROOT });
    assert.equal(fs.readFileSync(fd, "utf8"), "inside");
    fs.closeSync(fd);
    assert.throws(() => openat2("escape", { dirfd, flags, resolve: Resolve.BENEATH }), hasErrno("EXDEV"));
    assert.throws(
      () => openat2("escape", { dirfd, flags, resolve: Resolve.NO_SYMLINKS }),
      hasErrno("ELOOP", "escape"),
    );
    const { O_CREAT, O_EXCL, O_WRONLY } = fs.constants;
    const created = openat2("/new", {
      dirfd,
      flags: O_CREAT | O_EXCL | O_WRONLY,
      mode: 0o600,
      resolve: Resolve.IN_ROOT,
    });
    fs.closeSync(created);
    assert.equal(fs.statSync(at("root/new")).mode & 0o777, 0o600);
  } finally {
    fs.closeSync(dirfd);
  }
});

test("copy_file_range moves the bytes from position to position", () => {
  fs.writeFileSync(at("from"), "0123456789");
  const [from, to] = [fs.openSync(at("from"), "r"), fs.openSync(at("to"), "w")];
  try {
    assert.equal(copyFileRange(from, to, 4), 4);
    assert.equal(copyFileRange(from, to, 100), 6);
    assert.equal(copyFileRange(from, to, 100), 0);
  } finally {
    fs.closeSync(from);
    fs.closeSync(to);
  }
  assert.equal(fs.readFileSync(at("to"), "utf8"), "0123456789");
});

test("a parent death signal is accepted by the kernel", () => {
  setParentDeathSignal("SIGURG"); // ignored by default: this process goes on living if its parent ends
});

test("spawned processes that all end at once are each told, with output, exit code and signal", async () => {
  const run = async (script: string) => {
    const options = { file: "/bin/sh", env: { SAID: "yes" }, stdin: "ignore", output: "pipe" } as const;
    const { output, ended } = spawnProcess({ ...options, args: ["-c", script] });
    const [stdout, stderr] = await Promise.all(
      output.map(async (stream) => (await buffer(stream)).toString()),
    );
    return { stdout, stderr, exitCode: await ended };
  };
  const quick = Array.from({ length: 30 }, (_, code) => run(`exit ${code}`));
  const codes = (await Promise.all(quick)).map(({ exitCode }) => exitCode);
  assert.deepEqual(codes, [...Array(30).keys()]);
  const both = await run("cat; echo out $SAID${HOME-}; echo err >&2");
  assert.deepEqual(both, { stdout: "out yes\n", stderr: "err\n", exitCode: 0 });
  assert.equal((await run("kill -9 $$")).exitCode, 128 + 9);
  assert.equal((await run("kill -PIPE $$")).exitCode, 128 + 13, "Node itself ignores this signal");
});

test("a spawned process begins with no signal blocked or ignored, those of the C library included", async () => {
  const script = "grep -E '^Sig(Blk|Ign):' /proc/self/status";
  const options = { env: { PATH: process.env["PATH"] }, stdin: "ignore", output: "pipe" } as const;
  const { output, ended } = spawnProcess({ ...options, file: "/bin/sh", args: ["-c", script] });
  assert.equal(
    (await buffer(output[0]!)).toString(),
    "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n",
  );
  assert.equal(await ended, 0);
});

test("a spawned process can be killed while it runs, and is left alone afterwards", async () => {
  const child = spawnProcess({ file: "/bin/sleep", args: ["60"], env: {}, stdin: "ignore", output: "pipe" });
  assert.equal(child.isRunning(), true);
  child.kill("SIGTERM");
  assert.equal(await child.ended, 128 + 15);
  assert.equal(child.isRunning(), false);
  child.kill("SIGTERM");
});

test("a program that is not there cannot be started", () => {
  const options = { args: [], env: {}, stdin: "ignore", output: "pipe" } as const;
  assert.throws(() => spawnProcess({ ...options, file: at("absent") }), {
    message: `Cannot start ${JSON.stringify(at("absent"))}: no such file or directory`,
    code: "ENOENT",
  });
});

test("files are linked from tree to tree, and those that cannot be are told", () => {
  const [from, to] = [at("link-from"), at("link-to")];
  for (const tree of [from, to]) fs.mkdirSync(path.join(tree, "d"), { recursive: true });
  const name = Buffer.from("\xff\u00fc", "latin1");
  fs.writeFileSync(Buffer.concat([Buffer.from(`${from}/d/`), name]), "bytes");
  for (const file of ["d/a", "d/b", "d/long"]) fs.writeFileSync(path.join(from, file), file);
  fs.writeFileSync(path.join(to, "d/b"), "was there");
  const paths = ["/d/long", "/d/a", "/d/b", "/d/none", "/d/\xff\u00fc", "/d/a\0b", `/${"x/".repeat(2100)}`];
  assert.deepEqual(linkFiles(from, to, paths), [2, 3, 5, 6]);
  assert.deepEqual(linkFiles("/x".repeat(3000), to, ["/a"]), [0]);
  const inode = (tree: string, file: string) => fs.statSync(path.join(tree, file)).ino;
  for (const file of ["d/a", "d/long"]) assert.equal(inode(to, file), inode(from, file));
  assert.equal(fs.readFileSync(Buffer.concat([Buffer.from(`${to}/d/`), name]), "utf8"), "bytes");
  assert.equal(fs.readFileSync(path.join(to, "d/b"), "utf8"), "was there");
});

test("lstatNames says what lstat says, of files of every kind", () => {
  const kinds = at("kinds");
  fs.mkdirSync(path.join(kinds, "directory"), { recursive: true });
  fs.writeFileSync(path.join(kinds, "file"), "x", { mode: 0o4755 });
  fs.linkSync(path.join(kinds, "file"), path.join(kinds, "hard-link"));
  fs.symlinkSync("/nowhere", path.join(kinds, "symlink"));
  fs.writeFileSync(path.join(kinds, "sparse"), "");
  fs.truncateSync(path.join(kinds, "sparse"), 5 * 2 ** 32 + 7);
  fs.writeFileSync(Buffer.from(`${kinds}/\u00fc\u00ff\u00fe`, "latin1"), "");
  makeFifo(path.join(kinds, "fifo"), 0o600);
  makeNode(path.join(kinds, "socket"), { type: "socket", mode: 0o600 });
  if (isRoot)
    makeNode(path.join(kinds, "device"), { type: "block", mode: 0o600, rdev: deviceNumber(7, 300) });
  setTimes(path.join(kinds, "file"), 2_211_854_706_123_456_789n);
  setTimes(path.join(kinds, "sparse"), -1n);
  const names = fs.readdirSync(kinds, "latin1");
  assert.equal(names.length, isRoot ? 9 : 8);
  for (const [index, found] of lstatNames(Buffer.from(kinds), names).entries()) {
    const host = Buffer.from(`${kinds}/${names[index]}`, "latin1");
    const told = fs.lstatSync(host, { bigint: true });
    const { mtimeNs, ctimeNs, ...numbers } = found!;
    assert.deepEqual([mtimeNs, ctimeNs], [told.mtimeNs, told.ctimeNs], names[index]);
    for (const [field, value] of Object.entries(numbers))
      assert.equal(value, Number(told[field as "mode"]), `${names[index]}: ${field}`);
  }
});

test("lstatNames knows nothing of what is not there", () => {
  const found = lstatNames(Buffer.from(dir), ["no", "x".repeat(256), "x".repeat(5000), "."]);
  assert.deepEqual(
    found.map((stat) => stat !== undefined),
    [false, false, false, true],
  );
  assert.deepEqual(lstatNames(Buffer.alloc(4096, "x"), ["a"]), [undefined]);
});
