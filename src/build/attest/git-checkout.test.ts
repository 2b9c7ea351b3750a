import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { type TestContext, test } from "node:test";
import { gitCheckoutOf } from "./git-checkout.ts";

const skip = spawnSync("git", ["--version"]).error ? "needs git" : false;

function repository(t: TestContext) {
  const dir = realpathSync(mkdtempSync(path.join(tmpdir(), "slipway-checkout-")));
  t.after(() => rmSync(dir, { recursive: true }));
  const root = path.join(dir, "app");
  mkdirSync(path.join(root, "web"), { recursive: true });
  const env = {
    PATH: process.env["PATH"],
    HOME: dir,
    GIT_CONFIG_NOSYSTEM: "1",
    ...Object.fromEntries(
      ["AUTHOR", "COMMITTER"].flatMap((who) => [
        [`GIT_${who}_NAME`, "a"],
        [`GIT_${who}_EMAIL`, "a@b"],
      ]),
    ),
  };
  const git = (...args: readonly string[]) =>
    execFileSync("git", ["-C", root, ...args], { env, encoding: "utf8", stdio: "pipe" }).trim();
  git("init", "-q", "-b", "main");
  git("commit", "-q", "--allow-empty", "-m", "one");
  return { dir, root, git, of: (context = root) => gitCheckoutOf({ context, dockerfile: root }) };
}

test("a checkout is known by its commit and its remote, however its refs are kept", { skip }, (t) => {
  const { dir, root, git, of } = repository(t);
  const revision = git("rev-parse", "HEAD");
  assert.deepEqual(of(), { "localdir:context": ".", "localdir:dockerfile": ".", revision });
  git("remote", "add", "upstream", "git@example.com:team/app.git");
  assert.equal(of()?.source, "git@example.com:team/app.git");
  git("remote", "add", "origin", "https://ann:s3cret@example.com/app.git");
  const whole = {
    "localdir:context": "web",
    "localdir:dockerfile": ".",
    revision,
    source: "https://example.com/app.git",
  };
  assert.deepEqual(of(path.join(root, "web")), whole);
  git("pack-refs", "--all");
  assert.deepEqual(of(path.join(root, "web")), whole);
  git("checkout", "-q", "--detach");
  assert.equal(of()?.revision, revision);
  git("worktree", "add", "-q", "-b", "other", path.join(dir, "other"));
  execFileSync("git", ["-C", path.join(dir, "other"), "commit", "-q", "--allow-empty", "-m", "two"], {
    env: {
      PATH: process.env["PATH"],
      HOME: dir,
      GIT_AUTHOR_NAME: "a",
      GIT_AUTHOR_EMAIL: "a@b",
      GIT_COMMITTER_NAME: "a",
      GIT_COMMITTER_EMAIL: "a@b",
    },
  });
  const other = gitCheckoutOf({ context: path.join(dir, "other"), dockerfile: root });
  assert.deepEqual(other, {
    "localdir:context": ".",
    revision: git("rev-parse", "other"),
    source: whole.source,
  });
});

test("paths of this machine, and what is no commit, are not told", { skip }, (t) => {
  const { dir, root, git, of } = repository(t);
  for (const url of ["/srv/app.git", "../app.git", "file:///srv/app.git"]) {
    git("config", "remote.origin.url", url);
    assert.equal(of()?.source, undefined, url);
  }
  writeFileSync(path.join(dir, "secret"), "secret\n");
  for (const head of ["ref: refs/heads/none", "ref: refs/../../../secret", "ref: ../../secret", "secret"]) {
    writeFileSync(path.join(root, ".git/HEAD"), `${head}\n`);
    assert.equal(of()?.revision, undefined, head);
  }
  assert.equal(gitCheckoutOf({ context: dir, dockerfile: dir }), undefined);
});
