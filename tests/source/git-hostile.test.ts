import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readlinkSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import type { GitSource } from "../../src/llb/index.ts";
import { GitServer } from "../../src/source/testing/git-server.ts";
import { sourceRig } from "../../src/source/testing/source-rig.ts";

const skip = hasGit() ? false : "needs git";
const plain = { keepGitDir: false, submodules: true, mtime: "commit" } as const;

test("links out of a repository stay links, and no subdirectory leads out", { skip }, async (t) => {
  const server = await GitServer.start(t);
  const { store, sources } = sourceRig(t);
  const repository = await server.repository("links");
  symlinkSync("/etc", path.join(repository.work, "absolute"));
  symlinkSync("../../..", path.join(repository.work, "up"));
  symlinkSync("real", path.join(repository.work, "inside"));
  await repository.commit({ "real/file": "x" });
  const fetch = (source: Partial<GitSource>) =>
    sources.fetchGit({ remote: repository.url, ...plain, ...source });
  const whole = store.layers.fsOf((await fetch({})).layer);
  assert.equal(readlinkSync(path.join(whole, "absolute")), "/etc");
  assert.deepEqual(readdirSync(store.layers.fsOf((await fetch({ subdir: "inside" })).layer)), ["file"]);
  for (const subdir of ["absolute", ".git", "real/../.git", "real/file", "up/../../etc"]) {
    const reason = { code: "NOT_FOUND" };
    await assert.rejects(fetch({ subdir }), reason, subdir);
  }
  const clamped = await fetch({ subdir: "../../up" });
  assert.ok(
    existsSync(path.join(store.layers.fsOf(clamped.layer), "real/file")),
    "the root is the repository's",
  );
});

test("refs that git could take for options or patterns are no refs", { skip }, async (t) => {
  const server = await GitServer.start(t);
  const { sources } = sourceRig(t);
  const repository = await server.repository("refs");
  await repository.commit({ file: "x" });
  const asked = server.requests.length;
  for (const ref of [
    "--upload-pack=touch /tmp/x",
    "-x",
    "*",
    "main..main",
    "a b",
    "main^{}",
    "@{1}",
    "main\n",
    "/main",
  ]) {
    await assert.rejects(
      sources.fetchGit({ remote: repository.url, ref, ...plain }),
      { code: "NOT_FOUND" },
      ref,
    );
  }
  assert.equal(server.requests.length, asked);
  await assert.rejects(sources.fetchGit({ remote: "--upload-pack=x", ...plain }), { code: "INVALID_SOURCE" });
  await assert.rejects(sources.fetchGit({ remote: "ext::touch% /tmp/x", ...plain }), { code: "GIT_FAILED" });
  await assert.rejects(
    sources.fetchGit({ remote: repository.work, ...plain }),
    /transport 'file' not allowed/,
  );
});

for (const [what, url] of [
  ["a path of this machine", "/etc"],
  ["a file URL", "file:///etc"],
  ["a program", "ext::sh -c 'touch $GIT_DIR/pwned'"],
  ["an option", "--upload-pack=touch /tmp/pwned"],
]) {
  test(`a submodule that names ${what} is not fetched`, { skip }, async (t) => {
    const server = await GitServer.start(t);
    const { store, sources } = sourceRig(t);
    const repository = await server.repository("outer");
    const commit = await repository.commit({ file: "x" });
    await repository.git("update-index", "--add", "--cacheinfo", `160000,${commit},sub`);
    mkdirSync(path.join(repository.work, "sub"));
    await repository.commit({ ".gitmodules": `[submodule "sub"]\n\tpath = sub\n\turl = ${url}\n` });
    await assert.rejects(sources.fetchGit({ remote: repository.url, ...plain }), {
      code: "GIT_FAILED",
      message: /failed to update submodules for/,
    });
    assert.deepEqual(store.layers.list(), []);
    assert.deepEqual(readdirSync(store.temp.dir()), []);
  });
}

test("hooks and configuration of this machine have no say", { skip }, async (t) => {
  const server = await GitServer.start(t);
  const { store, sources } = sourceRig(t);
  const repository = await server.repository("plain");
  await repository.commit({ file: "x" });
  const home = path.join(store.root, "home");
  const marker = path.join(home, "marker");
  const hook = path.join(home, "hooks/post-checkout");
  mkdirSync(path.dirname(hook), { recursive: true });
  writeFileSync(hook, `#!/bin/sh\ntouch '${marker}'\n`, { mode: 0o755 });
  writeFileSync(path.join(home, ".gitconfig"), `[core]\n\thooksPath = ${path.dirname(hook)}\n`);
  const before = { HOME: process.env["HOME"], GIT_TEMPLATE_DIR: process.env["GIT_TEMPLATE_DIR"] };
  t.after(() => Object.assign(process.env, before));
  Object.assign(process.env, { HOME: home, GIT_TEMPLATE_DIR: home });
  const { layer } = await sources.fetchGit({ remote: repository.url, ...plain, keepGitDir: true });
  assert.equal(existsSync(marker), false);
  assert.equal(existsSync(path.join(store.layers.fsOf(layer), ".git/hooks")), false);
});

test("a token goes to the repository's own server, not to a submodule's", { skip }, async (t) => {
  const server = await GitServer.start(t);
  const other = await GitServer.start(t);
  const { sources } = sourceRig(t, { GIT_AUTH_TOKEN: "t0ken" });
  const library = await other.repository("library");
  await library.commit({ file: "x" });
  const repository = await server.repository("outer");
  await repository.git("submodule", "--quiet", "add", library.url, "lib");
  await repository.commit({});
  const own = server.requests.length;
  const others = other.requests.length;
  await sources.fetchGit({ remote: repository.url, ...plain });
  assert.ok(server.requests.slice(own).every(({ authorization }) => authorization?.startsWith("basic ")));
  assert.ok(other.requests.length > others);
  assert.ok(other.requests.slice(others).every(({ authorization }) => authorization === undefined));
});

test("where git is not installed, the error says what to install", async (t) => {
  const { sources } = sourceRig(t);
  const before = process.env["PATH"];
  t.after(() => (process.env["PATH"] = before));
  process.env["PATH"] = "/nonexistent";
  await assert.rejects(sources.fetchGit({ remote: "http://127.0.0.1:1/x.git", ...plain }), {
    code: "GIT_MISSING",
    message: 'Cannot fetch a git repository: "git" is not installed',
  });
});

function hasGit(): boolean {
  try {
    execFileSync("git", ["http-backend", "--version"], { stdio: "ignore" });
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "ENOENT";
  }
  return true;
}
