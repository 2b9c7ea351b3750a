import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { missingForContainers, Rig } from "./rig.ts";
import { imagesOf, importStandIns, stagesOf } from "./stand-ins.ts";

const directory = path.resolve("examples/patterns");
const patterns = readdirSync(directory, { withFileTypes: true }).flatMap((entry) =>
  entry.isDirectory() ? [entry.name] : [],
);
const textOf = (pattern: string) => readFileSync(path.join(directory, pattern, "Dockerfile"), "utf8");

/** What targets must hold: pattern → target → path → content. */
const expected: Readonly<Record<string, Record<string, Record<string, RegExp>>>> = {
  "alpine-apk": {
    app: { "app/app": /echo app/, "var/lib/apk/world": /^add --no-cache ca-certificates tzdata\n$/ },
  },
  "c-cmake": { runtime: { "usr/local/bin/hello": /^[0-9a-f]{64}/ } },
  "cross-compile": {
    binaries: { "tool-linux-amd64": /# linux amd64/ },
    image: { "usr/bin/tool": /# linux amd64/ },
  },
  "debian-apt-cache": { "more-tools": { "usr/share/doc/curl": /^$/, "usr/share/doc/git": /^$/ } },
  distroless: { app: { "data/.keep": /^$/ }, debug: { app: /^#!/ } },
  dotnet: { runtime: { "app/App.dll": /^[0-9a-f]{64}/ } },
  "elixir-release": { runner: { "app/bin/demo": /^[0-9a-f]{64}/ } },
  "go-static": { final: { server: /^#!/ } },
  "heredoc-scripts": {
    app: {
      "opt/app/name": /^world\n$/,
      "opt/app/lines": /^line 1\nline 2\nline 3\n$/,
      "opt/app/bin/hello": /\$\(cat \/opt\/app\/name\)/,
      "opt/app/app.conf": /^name = world\n$/,
      "opt/app/motd": /^Welcome, world\n$/,
    },
  },
  "independent-layers": { web: { "usr/share/nginx/html/assets/style.css": /body/ } },
  "java-maven": { runtime: { "app/app.jar": /^[0-9a-f]{64}/ } },
  monorepo: { frontend: { "usr/share/nginx/html/schema.json": /\{\}/ }, backend: { backend: /^#!/ } },
  "nginx-spa": {
    web: { "etc/nginx/conf.d/default.conf": /try_files \$uri/, "usr/share/nginx/html/index.html": /spa/ },
  },
  "node-pnpm-workspace": { api: { "app/dist/index.js": /api/ } },
  "php-composer": { runtime: { "var/www/vendor/autoload.php": /src\/Greeting.php/ } },
  "private-registry-secret": { app: { "app/auth.txt": /^without\n$/ } },
  "python-uv": { runtime: { "app/.venv/project": /^[0-9a-f]{64}/ } },
  "ruby-bundler": { final: { "usr/local/bundle/gems/rake": /^$/, "rails/app.rb": /app/ } },
  "rust-cargo-chef": { runtime: { "usr/local/bin/app": /^#!/ } },
  "static-site": {
    site: { "index.html": /_index.md/ },
    serve: { "usr/share/nginx/html/index.html": /_index.md/ },
  },
  "test-report": { report: { "test.txt": /OK/, "lint.txt": /app\.py/ } },
};

/** Targets that their pattern's last one does not need. */
const skipped: Readonly<Record<string, readonly string[]>> = {
  "go-static": ["test"],
  "java-maven": ["test"],
  "test-report": ["lint", "test"],
  "rust-cargo-chef": [],
  monorepo: ["frontend"],
};

test("every target of every pattern is built, with what it should hold", {
  skip: missingForContainers(),
  timeout: 300_000,
}, async (t) => {
  assert.deepEqual(patterns, Object.keys(expected).sort());
  const rig = await Rig.withBusybox(t);
  await importStandIns(rig, imagesOf(patterns.map(textOf)));
  for (const pattern of patterns) {
    await t.test(pattern, async () => {
      for (const target of stagesOf(textOf(pattern))) await buildTarget(rig, pattern, target);
    });
  }
});

async function buildTarget(rig: Rig, pattern: string, target: string): Promise<void> {
  const out = path.join(rig.dir, "out", pattern, target);
  const context = path.join(directory, pattern);
  const args = [
    "build",
    "--progress=plain",
    `--target=${target}`,
    `--output=type=local,dest=${out}`,
    context,
  ];
  const { exitCode, stderr } = await rig.slipway(args);
  assert.equal(exitCode, 0, stderr);
  for (const [file, content] of Object.entries(expected[pattern]?.[target] ?? {}))
    assert.match(readFileSync(path.join(out, file), "utf8"), content, `${file} of ${target}`);
  const isLast = target === stagesOf(textOf(pattern)).at(-1);
  for (const stage of isLast ? (skipped[pattern] ?? []) : [])
    assert.match(stderr, new RegExp(`^skipped:.*\\b${stage}\\b`, "m"));
}
