import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import { interpolate } from "./interpolate.ts";
import { loadProject } from "./load-project.ts";
import { parseDotenv } from "./parse-dotenv.ts";
import { parseYaml } from "./parse-yaml.ts";

const root = mkdtempSync(path.join(tmpdir(), "slipway-compose-hostile-"));
after(() => rmSync(root, { recursive: true }));

const files: readonly [what: string, text: string, message: RegExp][] = [
  ["lists without end", `a: ${"[".repeat(30_000)}`, /^f:1:\d+: values are nested too deeply$/],
  ["very deep lists", `a: ${"[".repeat(300)}${"]".repeat(300)}`, /^f:1:\d+: values are nested too deeply$/],
  ["an alias within itself", "a: &a\n  x: *a\n", /^f:\d:\d+: values are nested too deeply$/],
  ["a merge of itself", "a: &a\n  b: 1\n  <<: *a\n", /^f:\d:\d+: values are nested too deeply$/],
];

for (const [what, text, message] of files)
  test(`${what} are refused`, () => {
    assert.throws(() => parseYaml("f", text), { name: "ComposeError", message });
  });

test("a mapping of very many keys is read in a time that grows with their number", () => {
  const text = Array.from({ length: 40_000 }, (_, index) => `k${index}: v`).join("\n");
  const start = process.cpuUsage();
  const node = parseYaml("f", text);
  assert.ok(process.cpuUsage(start).user < 12_000_000, "microseconds of processor time");
  assert.equal(node?.kind === "map" && node.entries.size, 40_000);
});

test("variables that double, or are nested without end, are refused", () => {
  const doubling = ["A0=xxxxxxxx", ...Array.from({ length: 40 }, (_, i) => `A${i + 1}=$A${i}$A${i}`)].join(
    "\n",
  );
  assert.throws(() => parseDotenv(doubling, () => undefined), /its value is longer than 1048576 characters/);
  const long = `A=${"x".repeat(900_000)}\n${Array.from({ length: 40 }, (_, i) => `B${i}=$A`).join("\n")}`;
  assert.throws(() => parseDotenv(long, () => undefined), /its values are longer than 16777216 characters/);
  const nested = `${"${A:-".repeat(20_000)}x${"}".repeat(20_000)}`;
  assert.throws(() => interpolate(nested, () => undefined), /variables are nested too deeply/);
});

test("quoted values of any length are read", () => {
  const body = "a\\n".repeat(1_000_000);
  assert.equal(parseDotenv(`A="${body}"`, () => undefined).get("A")?.length, 2_000_000);
  assert.throws(() => parseDotenv(`A="${body}`, () => undefined), {
    message: "line 1: a quote is not closed",
  });
});

test("files that are no files, or have no end, are refused", () => {
  const load = (directory: string) => loadProject({ files: [], cwd: path.join(root, directory), env: {} });
  mkdirSync(path.join(root, "env"));
  writeFileSync(path.join(root, "env/compose.yaml"), "services: {a: {image: x}}");
  symlinkSync("/dev/zero", path.join(root, "env/.env"));
  assert.throws(
    () => load("env"),
    (error: Error) => {
      assert.match(error.message, /^Cannot read ".*\/env\/\.env"$/);
      assert.equal((error.cause as Error).message, "it is no regular file");
      return true;
    },
  );
  mkdirSync(path.join(root, "file"));
  symlinkSync("/dev/zero", path.join(root, "file/compose.yaml"));
  assert.throws(() => load("file"), { message: /\/compose\.yaml": larger than 16777216 bytes$/ });
});
