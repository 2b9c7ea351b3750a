import assert from "node:assert/strict";
import { cpSync, existsSync, readdirSync, readFileSync, statSync, symlinkSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { busyboxRootfs, type CommandResult, missingForContainers, Rig, run } from "./rig.ts";

const skip = missingForContainers();

test("the packed package installs globally and builds an image", { skip, timeout: 240_000 }, async (t) => {
  const rig = Rig.create(t);
  const tarball = await pack(rig.dir);
  const prefix = path.join(rig.dir, "prefix");
  const installed = await npm(["install", "--global", "--prefix", prefix, tarball], rig.dir);
  const unreachable = networkErrorOf(installed);
  if (unreachable) return t.skip(`a dependency cannot be fetched: ${unreachable}`);
  assert.equal(installed.exitCode, 0, installed.stderr);

  const slipway = (...args: string[]) =>
    run(path.join(prefix, "bin/slipway"), args, { cwd: rig.dir, env: { SLIPWAY_ROOT: rig.root } });
  const { version } = JSON.parse(readFileSync("package.json", "utf8")) as { version: string };
  assert.equal((await slipway("--version")).stdout, `slipway ${version}\n`);
  await must(slipway("import", busyboxRootfs(), "golang:latest"));
  await must(slipway("import", busyboxRootfs(), "alpine:latest"));
  rig.file("src/main.go", "package main\n");
  rig.file("Dockerfile", exampleLike);
  await must(slipway("build", "-t", "app", "context"));
  assert.equal((await must(slipway("run", "app"))).stdout, "package main\n");
  const absent = await slipway("run", "app", "test", "-e", "/go");
  assert.equal(absent.exitCode, 1, "nothing of the builder is in the last stage");
  checkLibrary(path.join(prefix, "lib/node_modules/slipway"));
  assert.deepEqual(readdirSync(path.join(rig.root, "tmp")), []);
});

const exampleLike = `FROM golang:latest AS develop
WORKDIR ./go/src
COPY . .
FROM develop AS builder
RUN cp ./src/main.go main
FROM alpine:latest
COPY --from=builder /go/src/main .
CMD ["cat", "./main"]
`;

/** `npm pack` in a copy of the checkout: its build replaces dist/, which other tests use at the same time. */
async function pack(dir: string): Promise<string> {
  const checkout = path.join(dir, "checkout");
  for (const name of sources) cpSync(name, path.join(checkout, name), { recursive: true });
  symlinkSync(path.resolve("node_modules"), path.join(checkout, "node_modules"));
  const { stdout } = await must(npm(["pack", "--silent", "--pack-destination", dir], checkout));
  return path.join(dir, lastLine(stdout));
}

const sources =
  "package.json .npmrc tsconfig.json tsconfig.types.json README.md CHANGELOG.md LICENSE bin docs scripts src".split(
    " ",
  );

/** What the package's own description points at is in it. */
function checkLibrary(directory: string): void {
  const { exports } = JSON.parse(readFileSync(path.join(directory, "package.json"), "utf8")) as {
    exports: { ".": { types: string; default: string } };
  };
  for (const file of Object.values(exports["."]))
    assert.ok(statSync(path.join(directory, file)).size > 0, file);
  for (const [, page = ""] of readFileSync("README.md", "utf8").matchAll(/\]\((docs\/[^)#]+)/g))
    assert.ok(existsSync(path.join(directory, page)), page);
  assert.ok(existsSync(path.join(directory, "docs/rules/copy-whole-root.md")), "the page that a check names");
}

function npm(args: readonly string[], cwd: string): Promise<CommandResult> {
  const quick = ["--prefer-offline", "--fetch-retries=0", "--no-audit", "--no-fund", "--no-update-notifier"];
  return run("npm", [...args, ...quick], { cwd });
}

/** Why the registry did not answer with what npm asked for. */
function networkErrorOf({ exitCode, stderr }: CommandResult): string | undefined {
  if (exitCode === 0) return undefined;
  return /npm error code (E(?:NOTFOUND|AI_AGAIN|CONN\w+|TIMEDOUT|TARGET|404|5\d\d))/.exec(stderr)?.[1];
}

async function must(running: Promise<CommandResult>): Promise<CommandResult> {
  const result = await running;
  assert.equal(result.exitCode, 0, result.stderr);
  return result;
}

function lastLine(text: string): string {
  return text.trim().split("\n").at(-1)!;
}
