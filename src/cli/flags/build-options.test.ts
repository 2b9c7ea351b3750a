import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { Readable } from "node:stream";
import { after, test } from "node:test";
import { gzipSync } from "node:zlib";
import { Command } from "commander";
import type { BuildOptions } from "../../build/index.ts";
import { hostPlatform } from "../../oci/index.ts";
import type { CliIo } from "../cli-io.ts";
import { addBuildOptions } from "../commands/build.ts";
import { type BuildFlags, toBuildOptions } from "./build-options.ts";
import { progressMode } from "./progress-mode.ts";

const cwd = mkdtempSync(path.join(tmpdir(), "slipway-flags-"));
writeFileSync(path.join(cwd, "file"), "");
after(() => rmSync(cwd, { recursive: true }));

const plain: BuildOptions = {
  contextDir: cwd,
  dockerfile: { kind: "file", path: undefined },
  tags: [],
  buildArgs: {},
  labels: {},
  noCache: false,
  noCacheFilter: [],
  pull: false,
  outputs: [],
  secrets: [],
  storeImage: true,
  needDigest: false,
};

test("the options of docker build become those of a build", async () => {
  const table: [string[], Partial<BuildOptions>][] = [
    [[], {}],
    [["-f", "x/Dockerfile"], { dockerfile: { kind: "file", path: "x/Dockerfile" } }],
    [["-f", "-"], { dockerfile: { kind: "text", text: "FROM scratch\n", name: "Dockerfile" } }],
    [["--target", "dev"], { target: "dev" }],
    [["-t", "a", "-tb:1"], { tags: ["a", "b:1"] }],
    [["--build-arg", "A=1", "--build-arg=B"], { buildArgs: { A: "1", B: "from env" } }],
    [["--label", "a=b"], { labels: { a: "b" } }],
    [["--no-cache"], { noCache: true }],
    [["--no-cache-filter", "a,b", "--no-cache-filter", "c"], { noCacheFilter: ["a", "b", "c"] }],
    [["--pull"], { pull: true }],
    [["--network", "none"], { network: "none" }],
    [["--iidfile", "x"], { needDigest: true }],
    [["--metadata-file", "x"], { needDigest: true }],
    [["-o", "", "--cache-from", "", "--cache-to=", "--secret", "", "--ssh", "", "--network="], {}],
    [["--allow", "", "--add-host", "", "--build-context", "", "--annotation", "", "-f", ""], {}],
    [["--no-cache-filter", "", "--no-cache-filter", "a"], { noCacheFilter: ["a"] }],
    [["-q"], { needDigest: true }],
    [["--progress", "quiet"], { needDigest: true }],
    [["-o", "out"], { outputs: [{ type: "local", dest: "out" }], storeImage: false }],
    [["-o", "out", "-t", "a"], { outputs: [{ type: "local", dest: "out" }], tags: ["a"] }],
    [
      ["-o", "type=cacheonly", "-t", "a"],
      { outputs: [{ type: "cacheonly" }], tags: ["a"], storeImage: false },
    ],
    [["-o", "type=image,name=x"], { tags: ["x"] }],
    [
      ["-o", "type=oci,dest=x.tar,name=x", "-o", "type=registry,name=y", "-t", "z"],
      {
        tags: ["z", "x", "y"],
        outputs: [
          { type: "oci", dest: "x.tar", names: ["z", "x"] },
          { type: "registry", names: ["z", "y"] },
        ],
      },
    ],
    [["--push", "-t", "x"], { tags: ["x"], outputs: [{ type: "registry" }] }],
    [
      ["--push", "-o", "type=image,name=x,compression=estargz"],
      {
        tags: ["x"],
        imageSettings: { compression: "estargz" },
        outputs: [{ type: "registry", names: ["x"], compression: "estargz" }],
      },
    ],
    [
      ["--push", "-t", "x", "-o", "type=registry,registry.insecure"],
      { tags: ["x"], outputs: [{ type: "registry", isInsecure: true }] },
    ],
    [
      ["-o", "type=image,push=true,name=x,compression=zstd"],
      {
        tags: ["x"],
        outputs: [{ type: "registry", names: ["x"], compression: "zstd" }],
        imageSettings: { compression: "zstd" },
      },
    ],
    [
      ["-t", "x", "-o", "type=image,store=false", "-o", "type=registry,store=false"],
      { tags: ["x"], outputs: [{ type: "registry" }], storeImage: false },
    ],
    [
      ["-t", "x", "-o", "type=oci,dest=x,source-date-epoch=-5", "-o", "type=local,dest=y,source-date-epoch="],
      {
        tags: ["x"],
        outputs: [
          { type: "oci", dest: "x", epoch: -5 },
          { type: "local", dest: "y", epoch: "none" },
        ],
        storeImage: true,
      },
    ],
    [
      ["-o", "type=image,dangling-name-prefix=p,danging-name-empty-only=true,store=true"],
      { danglingName: { prefix: "p", isForUnnamed: true }, storeImage: true },
    ],
    [
      ["-o", "type=image,push-by-digest=true,name-canonical=true,push=true,name=r.example/x"],
      { outputs: [{ type: "registry", byDigest: { names: ["r.example/x"] } }], storeImage: false },
    ],
    [
      ["--platform", "linux/aarch64,linux/amd64", "--platform=linux/arm64/v8", "--platform", "linux/arm"],
      {
        platforms: [
          { os: "linux", architecture: "arm64" },
          { os: "linux", architecture: "amd64" },
          { os: "linux", architecture: "arm", variant: "v7" },
        ],
      },
    ],
    [
      ["--annotation", "a=b", "-o", "type=oci,dest=x,annotation.c=d", "-o", "out"],
      {
        outputs: [
          {
            type: "oci",
            dest: "x",
            annotations: [
              { type: "manifest", key: "c", value: "d" },
              { type: "manifest", key: "a", value: "b" },
            ],
          },
          { type: "local", dest: "out" },
        ],
        imageSettings: { annotations: [{ type: "manifest", key: "a", value: "b" }] },
        storeImage: false,
      },
    ],
    [["--load=auto"], { outputs: [{ type: "load", choice: {} }] }],
    [
      ["--load=kind:dev", "-o", "out"],
      {
        outputs: [
          { type: "local", dest: "out" },
          { type: "load", choice: { engine: "kind", scope: "dev" } },
        ],
      },
    ],
    [["--platform", "local"], { platforms: [hostPlatform()] }],
    [["--secret", "id=a,env=B"], { secrets: [{ id: "a", source: { kind: "env", name: "B" } }] }],
    [["-j", "3"], { jobs: 3 }],
    [["--verify"], { verify: true }],
    [["--rm", "--provenance=false", "--sbom=false"], {}],
  ];
  for (const [args, expected] of table) {
    assert.deepEqual(await parse([...args, "."]), { ...plain, ...expected }, args.join(" "));
  }
});

test("a single dash as context reads the Dockerfile from standard input", async () => {
  assert.deepEqual(await parse(["-"]), {
    ...plain,
    contextDir: undefined,
    dockerfile: { kind: "text", text: "FROM scratch\n", name: "Dockerfile" },
  });
});

test("what cannot be meant, or is not carried out, is refused with a reason", async () => {
  const table: [string[], string][] = [
    [["nowhere"], 'Unable to prepare context: path "nowhere" not found'],
    [["file"], 'Unable to prepare context: path "file" is not a directory'],
    [["-f", "-", "-"], "Cannot use standard input for both the build context and the Dockerfile"],
    [["-f", "x", "-"], "ambiguous Dockerfile source: both stdin and flag correspond to Dockerfiles"],
    [["--load=moby", "."], "Cannot use --load=moby: unknown engine"],
    [["--load=docker:x", "."], "Cannot use --load=docker:x: unknown engine"],
    [["--cache-from", "type=inline", "."], 'Cannot use --cache-from "type=inline": unknown type "inline"'],
    [["--provenance=max", "."], "invalid value max"],
    [["--attest=type=vex", "."], 'unknown attestation type "vex"'],
    [["--platform", "sparkle", "."], '"sparkle": unknown operating system or architecture: invalid argument'],
    [["--network", "bridge", "."], 'Cannot use network "bridge": unknown mode'],
    [["--progress", "fancy", "."], 'Cannot show progress as "fancy": unknown mode'],
    [["--verify", "--no-cache", "."], "Cannot use --verify with --no-cache: it compares with the cache"],
    [["-o", "-", "-o", "type=oci", "."], "Cannot write two outputs to standard output"],
  ];
  for (const [args, message] of table) await assert.rejects(parse(args), { message }, args.join(" "));
});

test("a tar is never written to a terminal", async () => {
  await assert.rejects(parse(["-o", "-", "."], { isTTY: true }), {
    message: "Cannot write tar output to a terminal",
  });
});

test("an archive on standard input is a context, and -f a file in it; its bytes are still to be read", async () => {
  const archives = [gzipSync("x"), execFileSync("tar", ["-cf", "-", "file"], { cwd })];
  for (const bytes of archives) {
    const { contextDir, remoteContext, dockerfile } = await parse(["-", "-f", "sub/D"], { stdin: bytes });
    assert.equal(contextDir, undefined);
    assert.deepEqual(dockerfile, { kind: "file", path: "sub/D" });
    assert.ok(remoteContext?.kind === "archive");
    assert.deepEqual(Buffer.concat(await Readable.from(remoteContext.bytes).toArray()), bytes);
  }
});

test("a URL is a remote context, with its Dockerfile or one of standard input", async () => {
  const urls = ["https://example.com/x.git#main:sub", "http://example.com/x.tar.gz", "git@example.com:x/y"];
  for (const url of [...urls, "github.com/x/y", "git://example.com/x", "ssh://git@example.com/x"]) {
    const { contextDir, remoteContext, dockerfile } = await parse([url]);
    assert.deepEqual(
      { contextDir, remoteContext },
      { contextDir: undefined, remoteContext: { kind: "url", url } },
    );
    assert.deepEqual(dockerfile, { kind: "file", path: undefined });
  }
  assert.equal((await parse(["-f", "-", urls[0]!])).dockerfile.kind, "text");
});

test("progress is chosen by option, then by environment", () => {
  const env = { BUILDKIT_PROGRESS: "plain" };
  assert.equal(progressMode({}, {}), "auto");
  assert.equal(progressMode({}, env), "plain");
  assert.equal(progressMode({}, { ...env, SLIPWAY_PROGRESS: "rawjson" }), "rawjson");
  assert.equal(progressMode({ progress: "tty" }, env), "tty");
  assert.equal(progressMode({ progress: "tty", quiet: true }, env), "quiet");
});

async function parse(
  args: readonly string[],
  { isTTY = false, stdin = Buffer.from("FROM scratch\n") } = {},
): Promise<BuildOptions> {
  const io: CliIo = {
    stdin: Readable.from([stdin]),
    stdout: { write: () => true, isTTY },
    stderr: { write: () => true },
    env: { B: "from env" },
    cwd,
    exitCode: 0,
  };
  const command = addBuildOptions(new Command("build").exitOverride());
  command.parse([...args], { from: "user" });
  return await toBuildOptions(command.args[0]!, command.opts<BuildFlags>(), io);
}
