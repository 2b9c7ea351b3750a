import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { Readable } from "node:stream";
import { after, test } from "node:test";
import type { CliIo } from "./cli-io.ts";
import { runCli } from "./run-cli.ts";

const cwd = mkdtempSync(path.join(tmpdir(), "slipway-compose-config-"));
after(() => rmSync(cwd, { recursive: true }));
writeFileSync(
  path.join(cwd, "compose.yaml"),
  'name: app\nservices:\n  web:\n    image: web:${TAG:?}\n  db:\n    image: "db\\e[2J"\n',
);
writeFileSync(path.join(cwd, ".env"), "TAG=1\nHOST=file\n");

test("the environment of a project is listed by name, the caller's variables first of all", async () => {
  assert.equal(
    await config("--environment", { HOST: "caller" }),
    "COMPOSE_PROJECT_NAME=app\nHOST=caller\nTAG=1\n",
  );
});

test("variables are listed where one that is required is missing too", async () => {
  assert.equal(
    await config("--variables --env-file /dev/null"),
    "NAME   REQUIRED   DEFAULT VALUE   ALTERNATE VALUE\nTAG    true\n",
  );
});

test("hashes are those of all services, or of the named ones in their order", async () => {
  const all = await config("--hash *");
  const [db, web] = all.trimEnd().split("\n");
  assert.match(db!, /^db [0-9a-f]{64}$/);
  assert.equal(await config("--hash web,db"), `${web}\n${db}\n`);
});

test("control characters of a file do not reach the terminal", async () => {
  assert.equal(await config("--images"), "db\ufffd[2J\nweb:1\n");
});

async function config(flags: string, env: NodeJS.ProcessEnv = {}): Promise<string> {
  let [stdout, stderr] = ["", ""];
  const io = {
    stdin: Readable.from([]),
    stdout: { write: (text: string) => (stdout += text) },
    stderr: { write: (text: string) => (stderr += text) },
    env,
    cwd,
    exitCode: 0,
  } as unknown as CliIo;
  const [own, given] = [flags.split(" "), flags.includes("--env-file") ? ["--env-file", "/dev/null"] : []];
  const args = own.slice(0, own.length - given.length);
  assert.equal(await runCli(["compose", ...given, "config", ...args], io), 0, stderr);
  return stdout;
}
