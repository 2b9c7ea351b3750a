import assert from "node:assert/strict";
import path from "node:path";
import { test } from "node:test";
import { checkRunnable } from "./check-runnable.ts";
import { imageNameOf, type Service } from "./project.ts";
import { startOrder } from "./start-order.ts";
import { load, root } from "./test-project.ts";
import { toBuildOptions } from "./to-build-options.ts";

test("the Go example is loaded", () => {
  const project = load({
    "docker-compose.yml": `version: "3.4"
services:
  go-builder:
    build:
      context: .
      dockerfile: ./Dockerfile
      target: builder
    container_name: go-builder
`,
  });
  assert.equal(project.name, "app");
  assert.deepEqual(shown(project.services.get("go-builder")!), {
    name: "go-builder",
    profiles: [],
    build: {
      context: ".",
      additionalContexts: {},
      dockerfile: { kind: "file", path: "Dockerfile" },
      target: "builder",
      args: {},
      labels: {},
      tags: [],
      noCache: false,
      platforms: [],
      noCacheFilter: [],
      pull: false,
      settings: {},
      written: {},
    },
    containerName: "go-builder",
    environment: {},
    volumes: [],
    dependsOn: [],
    restart: { condition: "no" },
    forwards: [],
    refusals: [],
  });
  assert.equal(imageNameOf(project, project.services.get("go-builder")!), "app-go-builder");
});

test("every supported key is carried over", () => {
  const project = load(
    {
      "compose.yaml": `
name: My-App
x-common: &common {user: "1000:1000", network_mode: host}
services:
  db: {image: "postgres:\${TAG:-16}", restart: "no"}
  web:
    <<: *common
    image: web:1
    build: {context: web, dockerfile: ../D, args: [A=1, FROM_ENV, NOWHERE], labels: {l: 1}, tags: ["x:2"],
      network: none, no_cache: true, no_cache_filter: a, pull: "yes"}
    command: sh -c "echo $$HOME"
    entrypoint: []
    environment: {NUM: 1.10, FLAG: true, FROM_ENV:, NOWHERE: null, FILE: own}
    env_file: [one.env, {path: missing.env, required: false}]
    volumes:
      - ./src:/src:ro
      - {type: bind, source: ./data, target: /data, read_only: true, bind: {create_host_path: false}}
      - ../x:/src
    working_dir: /src
    ports: ["8000:8000", 9000-9001:9000-9001/tcp]
    depends_on: {db: {condition: service_started}}
  inline:
    build: {dockerfile_inline: "FROM web:1"}
    depends_on: [web, db]
`,
      ".env": "FROM_ENV=dotenv\n",
      "one.env": "FILE=file\nOTHER=$FROM_ENV\n",
    },
    { env: { TAG: "17" } },
  );
  assert.equal(project.name, "my-app");
  assert.equal(project.services.get("db")!.image, "postgres:17");
  assert.deepEqual(shown(project.services.get("web")!), {
    name: "web",
    profiles: [],
    build: {
      context: "web",
      additionalContexts: {},
      dockerfile: { kind: "file", path: "D" },
      args: { A: "1", FROM_ENV: "dotenv" },
      labels: { l: "1" },
      tags: ["x:2"],
      network: "none",
      noCache: true,
      platforms: [],
      noCacheFilter: ["a"],
      pull: true,
      settings: {},
      written: {},
    },
    image: "web:1",
    command: ["sh", "-c", "echo $HOME"],
    entrypoint: [],
    environment: {
      FILE: "own",
      OTHER: "dotenv",
      NUM: "1.1",
      FLAG: "true",
      FROM_ENV: "dotenv",
      NOWHERE: null,
    },
    volumes: [
      { kind: "bind", source: "../x", target: "/src", readonly: false, createSource: true },
      { kind: "bind", source: "data", target: "/data", readonly: true, createSource: false },
    ],
    workingDir: "/src",
    user: "1000:1000",
    dependsOn: [{ service: "db", condition: "service_started" }],
    restart: { condition: "no" },
    forwards: [],
    refusals: [],
  });
  assert.deepEqual(project.services.get("inline")!.build!.dockerfile, { kind: "inline", text: "FROM web:1" });
  assert.deepEqual(
    startOrder(project, ["inline"]).map(({ name }) => name),
    ["db", "web", "inline"],
  );
});

test("an override file is laid over the first one", () => {
  const project = load({
    "compose.yaml": `
services:
  a:
    build: .
    image: kept
    command: [one]
    environment: [A=1, B=1]
    volumes: [./x:/x, ./y:/y]
    depends_on: [b]
  b: {image: b}
`,
    "compose.override.yaml": `
services:
  a:
    build: {target: dev}
    command: [two, three]
    environment: {B: 2, C: 3}
    volumes: [./z:/x]
    image:
`,
  });
  const service = shown(project.services.get("a")!);
  assert.deepEqual(service.image, "kept");
  assert.deepEqual(service.build!.target, "dev");
  assert.deepEqual(service.build!.context, ".");
  assert.deepEqual(service.command, ["two", "three"]);
  assert.deepEqual(service.environment, { A: "1", B: "2", C: "3" });
  assert.deepEqual(
    service.volumes.map(({ source, target }) => `${source}:${target}`),
    ["z:/x", "y:/y"],
  );
  assert.deepEqual(service.dependsOn, [{ service: "b", condition: "service_started" }]);
});

test("a variable that is not set is told once", () => {
  const project = load({ "compose.yaml": 'services: {a: {image: "x$NOPE", user: "$NOPE"}}' });
  assert.deepEqual(project.warnings, ['The "NOPE" variable is not set. Defaulting to a blank string']);
});

test("the project's name comes from the option, the environment, the file, or the directory", () => {
  const files = { "compose.yaml": "name: from-file\nservices: {a: {image: x}}" };
  assert.equal(load(files, { projectName: "p" }).name, "p");
  assert.equal(load(files, { env: { COMPOSE_PROJECT_NAME: "env" } }).name, "env");
  assert.equal(load(files).name, "from-file");
  assert.throws(() => load(files, { projectName: "Bad" }), {
    message:
      'Invalid project name "Bad": must consist only of lowercase alphanumeric characters, hyphens, and underscores as well as start with a letter or number',
  });
});

test("what is wrong or not carried out is an error that names it and its place", () => {
  const service = (text: string) => `services:\n  a:\n    image: x\n    ${text}\n`;
  const table: [string, string][] = [
    [service("deploy: {}"), "compose.yaml:4:5: services.a.deploy is not supported yet"],
    [service("comand: x"), 'compose.yaml:4:5: services.a has no key "comand" (did you mean command?)'],
    [service("zzz: x"), 'compose.yaml:4:5: services.a has no key "zzz"'],
    [
      service("build: {context: ., isolation: x}"),
      "compose.yaml:4:25: services.a.build.isolation is not supported yet",
    ],
    [
      service("build: {context: ., ssh: [x]}"),
      'compose.yaml:4:30: services.a.build.ssh: invalid ssh key "x"',
    ],
    [
      service("build: {context: ., sbom: generator=x}"),
      'compose.yaml:4:31: services.a.build.sbom: Cannot use the SBOM generator "x": Slipway lists the packages itself',
    ],
    [
      service("build: {context: ., entitlements: [x]}"),
      "compose.yaml:4:40: services.a.build.entitlements: unknown entitlement x",
    ],
    [
      service("build: {context: ., cache_from: [type=gha]}"),
      'compose.yaml:4:38: Cannot use services.a.build.cache_from "type=gha": caches of type "gha" are not supported',
    ],
    [
      service("build: {context: ., extra_hosts: [x]}"),
      "compose.yaml:4:39: services.a.build.extra_hosts: invalid host x",
    ],
    [
      service("build: {context: ., shm_size: x}"),
      "compose.yaml:4:35: services.a.build.shm_size: invalid size: 'x'",
    ],
    [
      service("build: {context: ., ulimits: {x: 1}}"),
      "compose.yaml:4:38: services.a.build.ulimits: invalid ulimit type: x",
    ],
    [
      service("build: {context: ., ulimits: {nofile: {soft: 1}}}"),
      'compose.yaml:4:43: services.a.build.ulimits.nofile: "hard" is missing',
    ],
    [
      service("build: {context: ., secrets: [x]}"),
      'compose.yaml:4:35: services.a.build.secrets refers to undefined secret "x"',
    ],
    [
      service("build: {context: ., secrets: [{source: x, mode: 1}]}"),
      "compose.yaml:4:47: services.a.build.secrets.mode is not supported yet",
    ],
    [
      service("build: service:b"),
      'compose.yaml:4:12: services.a.build.context "service:b" is no directory and no URL; additional_contexts may name a service',
    ],
    [
      service("build: {context: ., additional_contexts: [x]}"),
      'compose.yaml:4:46: services.a.build.additional_contexts has no value for "x"',
    ],
    [
      service("volumes: [data:/x]"),
      'compose.yaml:2:3: service "a" refers to undefined volume data: invalid compose project',
    ],
    [
      service("volumes: [data:/x:subpath]"),
      'compose.yaml:4:15: services.a.volumes: the option "subpath" of "data:/x:subpath" is not supported yet; binds of host paths and volumes are',
    ],
    [service("ports: ['80']"), 'compose.yaml:4:13: services.a.ports: "80" is not supported yet'],
    [
      service("ports: ['8000-8002:80-81']"),
      'compose.yaml:4:13: services.a.ports: "8000-8002:80-81" are no ports, or not the same number of them',
    ],
    [
      service("restart: on-failures"),
      'compose.yaml:4:14: services.a.restart: "on-failures" is none of no, always, unless-stopped and on-failure[:N]',
    ],
    [
      service("healthcheck: {test: [curl, localhost]}"),
      "compose.yaml:4:25: services.a.healthcheck.test must be NONE, or CMD or CMD-SHELL and a command",
    ],
    [
      service("healthcheck: {interval: 5}"),
      'compose.yaml:4:29: services.a.healthcheck.interval: "5" is no duration like 10s or 1m30s',
    ],
    [
      service("depends_on: {a: {condition: healthy}}"),
      'compose.yaml:4:33: services.a.depends_on.a: "healthy" is no condition; those are service_started, service_healthy, service_completed_successfully',
    ],
    [service("user: [x]"), "compose.yaml:4:11: services.a.user must be a string, not a list"],
    [service('command: "echo \'x"'), "compose.yaml:4:14: services.a.command: a ' is not closed"],
    [service("user: ${X:?set it}"), "compose.yaml:4:11: required variable X is missing a value: set it"],
    [
      service("depends_on: [b, ab]"),
      'compose.yaml:2:3: services.a depends on "b", which is not defined (did you mean a?)',
    ],
    ["services: {a: {user: x}}", "compose.yaml:1:12: services.a has neither build nor image; one is needed"],
    [
      "services: {a: {image: x}}\nvolumes: {data: {driver: nfs}}",
      'compose.yaml:2:26: volumes.data.driver "nfs" is not supported yet: volumes are directories of the store',
    ],
    [
      "services: {a: {image: x}}\nvolumes: {data: {name: ../x}}",
      'compose.yaml:2:24: volumes.data: "../x" is no name for a volume: letters, digits, ".", "_" and "-" are allowed',
    ],
    ["servces: {}", 'compose.yaml:1:1: the file has no key "servces" (did you mean services?)'],
    ["[1]", "compose.yaml:1:1: the file must be a mapping, not a list"],
    ["", "compose.yaml is empty"],
    ["name: x", "The file has no services"],
  ];
  for (const [text, message] of table) assert.throws(() => loadToRun(text), { message }, text);
});

test("what matters only to a service that runs is no obstacle to its image", () => {
  const text = `services:
  web:
    build: {context: ., target: web}
    ports: ["127.0.0.1:8080:80"]
    restart: unless-stopped
    healthcheck: {test: [CMD, "true"]}
    networks: [back]
    deploy: {replicas: 2}
    depends_on:
      db: {condition: service_healthy, restart: true}
  db:
    image: postgres
    volumes: ["data:/var/lib/postgresql"]
  tool: {build: tool}
volumes: {data: }
networks: {back: }
`;
  const project = load({ "compose.yaml": text });
  const [web, db, tool] = [...project.services.values()];
  assert.equal(toBuildOptions(project, web!)?.target, "web");
  assert.deepEqual(startOrder(project, ["web"]), [db, web]);
  assert.throws(() => checkRunnable(project, [db!, web!]), {
    code: "COMPOSE_UNSUPPORTED",
    message: 'compose.yaml:4:13: services.web.ports: "127.0.0.1:8080:80" is not supported yet',
  });
  assert.throws(() => checkRunnable(project, [tool!]), /:16:1: the file.networks is not supported yet$/);
  assert.throws(() => load({ "compose.yaml": text.replace("restart:", "restrat:") }), {
    message: 'compose.yaml:5:5: services.web has no key "restrat" (did you mean restart?)',
  });
  assert.throws(() => load({ "compose.yaml": text.replace("restart: unless-stopped", "extends: db") }), {
    message: "compose.yaml:5:5: services.web.extends is not supported yet",
  });
});

test("a project without file, and a named file that is not there, are errors", () => {
  assert.throws(() => load({}), { code: "COMPOSE_NOT_FOUND" });
  assert.throws(() => load({}, { files: ["no.yaml"] }), { message: 'Cannot read "no.yaml": no such file' });
});

test("services that depend on each other in a circle are named", () => {
  const project = load({
    "compose.yaml":
      "services: {a: {image: x, depends_on: [b]}, b: {image: x, depends_on: [c]}, c: {image: x, depends_on: [b]}}",
  });
  assert.throws(() => startOrder(project), {
    message: "Services depend on each other in a circle: b → c → b",
  });
  assert.throws(() => startOrder(project, ["bb"]), { message: "No such service: bb (did you mean b?)" });
});

function loadToRun(text: string): void {
  const project = load({ "compose.yaml": text });
  checkRunnable(project, [...project.services.values()]);
}

/** The service without its place, paths relative to the project. */
function shown(service: Service): Omit<Service, "place"> {
  const text = JSON.stringify({ ...service, place: undefined }, (_key, value: unknown) =>
    typeof value === "string" && value.startsWith(root) ? relative(value) : value,
  );
  return JSON.parse(text) as Omit<Service, "place">;
}

function relative(file: string): string {
  const [, number = ""] = /^\/(\d+)/.exec(file.slice(root.length)) ?? [];
  return path.relative(path.join(root, number, "app"), file) || ".";
}
