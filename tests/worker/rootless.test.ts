import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { test } from "node:test";
import { compile } from "./rig.ts";

// As root: the same tests once more as an ordinary user with subordinate ids. As an ordinary user they run as they are.
const user = "slipway-test";
const suites = ["run", "order", "layers", "lifetime", "attached"];

function whyNot(): string | undefined {
  if (process.getuid?.() !== 0) return "only root can become another user";
  for (const program of ["useradd", "userdel", "runuser", "newuidmap"]) {
    if (spawnSync("sh", ["-c", `command -v ${program}`]).status !== 0) return `"${program}" is not installed`;
  }
  return undefined;
}

const skip = whyNot();

test("steps and layers work for an ordinary user", skip === undefined ? {} : { skip }, async (context) => {
  const made = spawnSync("useradd", ["--create-home", user]);
  assert.ok(made.status === 0 || made.status === 9, String(made.stderr)); // 9: left by an earlier run
  const root = fs.mkdtempSync(path.join(os.tmpdir(), "rootless-"));
  try {
    const tests = await prepare(root);
    const env = {
      PATH: process.env["PATH"],
      TMPDIR: path.join(root, "tmp"),
      WORKER_FILE: `${root}/worker.js`,
    };
    const args = ["-u", user, "--", process.execPath, "--test", "--test-reporter=tap", ...tests];
    const { status, stdout, stderr } = spawnSync("runuser", args, {
      cwd: root,
      env,
      encoding: "utf8",
      maxBuffer: 1 << 26,
    });
    assert.equal(status, 0, stdout + stderr);
    assert.match(stdout, /^# pass [1-9]/m);
    assert.doesNotMatch(stdout, /# SKIP/);
    context.diagnostic(/^# pass \d+/m.exec(stdout)![0]);
  } finally {
    fs.rmSync(root, { recursive: true, force: true });
    spawnSync("userdel", ["--remove", user]);
  }
});

test(
  "a user without subordinate ids is told what to ask for",
  skip === undefined ? {} : { skip },
  async () => {
    const root = fs.mkdtempSync(path.join(os.tmpdir(), "rootless-"));
    try {
      await prepare(root);
      const main = [`${root}/attached-main.js`, `${root}/tmp/store`, "none", "pipe", "true"];
      const { stdout } = spawnSync("runuser", ["-u", "nobody", "--", process.execPath, ...main], {
        cwd: root,
        env: { PATH: process.env["PATH"], WORKER_FILE: `${root}/worker.js` },
        encoding: "utf8",
      });
      assert.match(
        stdout,
        /^WORKER_UNAVAILABLE: Cannot map user ids: \/etc\/subuid has no range for user "nobody" \| ask the administrator to run: usermod --add-subuids (\d+-\d+) --add-subgids \1 nobody\n$/,
      );
    } finally {
      fs.rmSync(root, { recursive: true, force: true });
    }
  },
);

/** Everything that the tests need, where the user can read it. */
async function prepare(root: string): Promise<string[]> {
  fs.chmodSync(root, 0o755);
  fs.mkdirSync(path.join(root, "tmp"));
  fs.chmodSync(path.join(root, "tmp"), 0o1777);
  fs.writeFileSync(path.join(root, "package.json"), '{"type":"module"}');
  for (const name of ["koffi", "@koromix"]) {
    fs.cpSync(path.join("node_modules", name), path.join(root, "node_modules", name), { recursive: true });
  }
  await compile("src/worker/main.ts", path.join(root, "worker.js"));
  for (const name of ["killed-main", "attached-main"])
    await compile(`tests/worker/${name}.ts`, path.join(root, `${name}.js`));
  return await Promise.all(
    suites.map((name) => compile(`tests/worker/${name}.test.ts`, path.join(root, `${name}.test.js`))),
  );
}
