import assert from "node:assert/strict";
import { test } from "node:test";
import type { Project, Service } from "./project.ts";
import { toBuildOptions } from "./to-build-options.ts";
import { configHash, configText } from "./to-config.ts";

const service: Service = {
  name: "web",
  profiles: ["front"],
  place: { file: "compose.yaml", text: "", line: 1, column: 1 },
  build: {
    context: "/p/web",
    additionalContexts: { assets: "docker-image://a" },
    dockerfile: { kind: "file", path: "/p/web/D" },
    target: "dev",
    args: { A: "1" },
    labels: {},
    tags: ["extra:1"],
    noCache: false,
    platforms: [],
    noCacheFilter: [],
    pull: false,
    settings: {},
    written: { shm_size: "64m" },
  },
  command: ["echo", "$HOME"],
  environment: { B: null },
  volumes: [
    { kind: "bind", source: "/p/src", target: "/src", readonly: true, createSource: true },
    { kind: "volume", source: "data", target: "/data", readonly: false, noCopy: true },
    { kind: "volume", source: undefined, target: "/tmp", readonly: false, noCopy: false },
  ],
  dependsOn: [{ service: "db", condition: "service_healthy" }],
  healthcheck: { test: ["CMD", "true"], intervalMs: 1500, retries: 2 },
  restart: { condition: "on-failure", maxRetries: 3 },
  forwards: [],
  refusals: [],
};
const project: Project = {
  name: "app",
  directory: "/p",
  files: ["/p/compose.yaml"],
  services: new Map([["web", service]]),
  profiles: ["front"],
  volumes: new Map([
    ["data", { name: "app_data", isExternal: false }],
    ["unused", { name: "other", isExternal: true }],
  ]),
  secrets: { token: { file: "/p/token" } },
  warnings: [],
  refusals: [],
};

test("a service's build is named after project and service", () => {
  assert.deepEqual(toBuildOptions(project, service, { noCache: true, buildArgs: { A: "2" } }), {
    contextDir: "/p/web",
    namedContexts: new Map([["assets", { kind: "image", reference: "a" }]]),
    dockerfile: { kind: "file", path: "/p/web/D" },
    target: "dev",
    tags: ["app-web", "extra:1"],
    buildArgs: { A: "2" },
    labels: {},
    noCache: true,
    noCacheFilter: [],
    pull: false,
    outputs: [],
    storeImage: true,
    needDigest: false,
  });
  const { build: _build, ...imageOnly } = service;
  assert.equal(toBuildOptions(project, imageOnly), undefined);
});

test("config writes the whole model", () => {
  assert.equal(
    configText(project),
    `name: app
services:
  web:
    profiles:
      - front
    build:
      additional_contexts:
        assets: docker-image://a
      context: /p/web
      dockerfile: /p/web/D
      args:
        A: "1"
      tags:
        - extra:1
      target: dev
      shm_size: 64m
    command:
      - echo
      - $$HOME
    depends_on:
      db:
        condition: service_healthy
        required: true
    entrypoint: null
    environment:
      B: null
    healthcheck:
      test:
        - CMD
        - "true"
      interval: 1.5s
      retries: 2
    network_mode: host
    restart: on-failure:3
    volumes:
      - type: bind
        source: /p/src
        target: /src
        read_only: true
        bind: {}
      - type: volume
        source: data
        target: /data
        volume:
          nocopy: true
      - type: volume
        target: /tmp
        volume: {}
volumes:
  data:
    name: app_data
secrets:
  token:
    file: /p/token
`,
  );
});

test("config writes JSON, of the services asked for", () => {
  assert.deepEqual(JSON.parse(configText(project, { format: "json", chosen: [] })), {
    name: "app",
    services: {},
    secrets: { token: { file: "/p/token" } },
  });
  const whole = JSON.parse(configText(project, { format: "json" })) as {
    services: { web: { command: string[] } };
  };
  assert.deepEqual(whole.services.web.command, ["echo", "$$HOME"]);
});

test("the hash of a service changes with what it runs, not with how it is built or started", () => {
  const hash = configHash(service);
  assert.match(hash, /^[0-9a-f]{64}$/);
  const { build: _, ...unbuilt } = service;
  assert.equal(configHash({ ...unbuilt, dependsOn: [], profiles: [] }), hash);
  assert.notEqual(configHash({ ...service, command: ["echo"] }), hash);
  assert.notEqual(configHash({ ...service, environment: { B: "1" } }), hash);
});
