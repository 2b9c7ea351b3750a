import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { buildOrder } from "./start-order.ts";
import { load } from "./test-project.ts";
import { configText } from "./to-config.ts";
import { toBuildOptions } from "./to-build-options.ts";

test("what a build's steps are lent has the rules of the command line", () => {
  const project = load({
    "compose.yaml": `
services:
  a:
    build:
      cache_from: ["r.example/c", "type=local,src=cache"]
      cache_to: ["type=local,dest=cache,mode=max"]
      entitlements: [network.host, device=vendor.example/x]
      privileged: true
      extra_hosts: {a: 1.2.3.4, b: ["::1", host-gateway]}
      secrets: [token, {source: key, target: id}]
      shm_size: 64m
      ssh: [default, deploy=/agent.sock]
      ulimits: {nproc: 5, nofile: {soft: 1, hard: 2}}
      provenance: mode=min
      sbom: true
secrets:
  token: {environment: TOKEN}
  key: {file: ./key}
  unused: {external: true}
`,
    ".env": "TOKEN=from .env\n",
  });
  const options = toBuildOptions(project, project.services.get("a")!, { sourceDateEpoch: "7" })!;
  const inProject = (name: string) => path.join(project.directory, name);
  assert.deepEqual(options.buildArgs, { SOURCE_DATE_EPOCH: "7" });
  assert.deepEqual(options.cacheFrom, [
    { type: "registry", reference: "r.example/c" },
    { type: "local", directory: inProject("cache"), name: "latest" },
  ]);
  assert.deepEqual(options.cacheTo, [
    { type: "local", directory: inProject("cache"), name: "latest", mode: "max", ignoreError: true },
  ]);
  assert.deepEqual(options.attestations, {
    sbom: true,
    provenance: { mode: "min", version: "v1", builderId: "" },
  });
  assert.deepEqual(options.allow, {
    networkHost: true,
    devices: [{ name: "vendor.example/x" }],
    insecure: true,
  });
  assert.deepEqual(options.extraHosts, [
    { host: "a", ip: "1.2.3.4" },
    { host: "b", ip: "::1" },
    { host: "b", ip: "127.0.0.1" },
  ]);
  assert.deepEqual(options.secrets, [
    { id: "token", source: { kind: "text", text: "from .env" } },
    { id: "id", source: { kind: "file", path: inProject("key") } },
  ]);
  assert.equal(options.shmSizeBytes, 64 * 1024 * 1024);
  assert.deepEqual(options.ssh, [
    { id: "default", paths: [] },
    { id: "deploy", paths: ["/agent.sock"] },
  ]);
  assert.deepEqual(options.ulimits, [
    { name: "nproc", soft: 5, hard: 5 },
    { name: "nofile", soft: 1, hard: 2 },
  ]);
  assert.doesNotMatch(configText(project), /from .env/);
});

test("only the image of a service that names one is pushed, and no registry is asked for a sibling's", () => {
  const project = load({
    "compose.yaml": `services:
  a: {image: "r.example/a", build: {context: ., additional_contexts: {b: "service:b"}}}
  b: {build: .}
`,
  });
  const optionsOf = (name: string) => toBuildOptions(project, project.services.get(name)!, { push: true })!;
  assert.deepEqual(optionsOf("a").outputs, [{ type: "registry" }]);
  assert.deepEqual(optionsOf("a").ownImages, ["docker.io/library/app-b:latest"]);
  assert.deepEqual(optionsOf("b").outputs, []);
});

test("additional contexts are directories of the project, URLs, images, and services that are built before", () => {
  const project = load({
    "compose.yaml": `services:
  web:
    build:
      context: https://example.com/web.git#main
      dockerfile: sub/D
      additional_contexts:
        - assets=./assets
        - lib=https://example.com/lib.git
        - Base.Example/base=service:base
  base:
    build: {context: base, additional_contexts: {alpine: "docker-image://alpine:3"}}
`,
  });
  mkdirSync(path.join(project.directory, "assets"));
  const web = project.services.get("web")!;
  assert.deepEqual(
    buildOrder(project, [web]).map(({ name }) => name),
    ["base", "web"],
  );
  const { contextDir, remoteContext, dockerfile, namedContexts } = toBuildOptions(project, web)!;
  assert.deepEqual(
    [contextDir, remoteContext],
    [undefined, { kind: "url", url: "https://example.com/web.git#main" }],
  );
  assert.deepEqual(dockerfile, { kind: "file", path: "sub/D" });
  assert.deepEqual(namedContexts?.get("assets"), {
    kind: "local",
    directory: path.join(project.directory, "assets"),
  });
  assert.equal(namedContexts.get("lib")?.kind, "fetched");
  assert.deepEqual(namedContexts.get("Base.Example/base"), { kind: "image", reference: "app-base" });
});

test("services whose builds use each other are a circle", () => {
  const build = (other: string) => `{build: {context: ., additional_contexts: {x: "service:${other}"}}}`;
  const project = load({ "compose.yaml": `services: {a: ${build("b")}, b: ${build("a")}}` });
  assert.throws(() => buildOrder(project, [project.services.get("a")!]), {
    message: "Services depend on each other in a circle: a → b → a",
  });
});

test("platforms are those of the build, of the service, or of the caller", () => {
  const project = load({
    "compose.yaml": `
services:
  many: {build: {context: ., platforms: [linux/arm64, linux/amd64]}}
  chosen: {build: {context: ., platforms: [linux/arm64, linux/amd64]}, platform: linux/aarch64}
  one: {build: {context: ., platforms: [linux/s390x]}}
  own: {build: ., platform: linux/arm}
  none: {build: .}
`,
  });
  const arm64 = { os: "linux", architecture: "arm64" };
  const amd64 = { os: "linux", architecture: "amd64" };
  const s390x = { os: "linux", architecture: "s390x" };
  const arm = { os: "linux", architecture: "arm", variant: "v7" };
  const platformsOf = (overrides: Parameters<typeof toBuildOptions>[2]) =>
    ["many", "chosen", "one", "own", "none"].map(
      (name) => toBuildOptions(project, project.services.get(name)!, overrides)!.platforms,
    );
  assert.deepEqual(platformsOf({}), [[arm64, amd64], [arm64, amd64], [s390x], [arm], undefined]);
  assert.deepEqual(platformsOf({ isForRun: true }), [undefined, [arm64], [s390x], [arm], undefined]);
  const toOptions = (name: string) =>
    toBuildOptions(project, project.services.get(name)!, { isForRun: true, defaultPlatform: "linux/amd64" });
  assert.deepEqual(
    ["many", "chosen", "own", "none"].map((name) => toOptions(name)!.platforms),
    [[amd64], [arm64], [arm], [amd64]],
  );
  assert.throws(() => toOptions("one"), {
    code: "COMPOSE_INVALID",
    message:
      'service "one" build.platforms does not support value set by DOCKER_DEFAULT_PLATFORM: linux/amd64',
  });
});

test("platforms that contradict each other, or are none, are refused", () => {
  const rows: [string, string][] = [
    [
      "{build: {context: ., platforms: [linux/arm64]}, platform: linux/amd64}",
      `services.a.build.platforms must include the service's platform "linux/amd64"`,
    ],
    [
      "{image: b, platform: sparkle}",
      'services.a.platform: "sparkle": unknown operating system or architecture: invalid argument',
    ],
    ["{build: {context: ., platforms: linux/arm64}}", "services.a.build.platforms must be a list"],
  ];
  for (const [service, message] of rows) {
    const loadIt = () => load({ "compose.yaml": `services: {a: ${service}}` });
    assert.throws(
      loadIt,
      (error: Error) => error.message.replace(/^compose\.yaml:\d+:\d+: /, "") === message,
    );
  }
});
