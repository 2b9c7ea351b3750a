import assert from "node:assert/strict";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { missingForContainers, Rig } from "./rig.ts";

const skip = missingForContainers();

test("compose builds, runs and ends services", { skip }, async (t) => {
  const rig = await Rig.withBusybox(t);
  const project = path.join(rig.dir, "project");
  mkdirSync(path.join(project, "src"), { recursive: true });
  writeFileSync(path.join(project, "src/f"), "data\n");
  writeFileSync(path.join(project, "compose.yaml"), composeFile);
  const compose = (...args: string[]) => rig.slipway(["compose", ...args], { cwd: project });

  assert.equal((await compose("build")).exitCode, 0);
  assert.match((await rig.slipway(["images"])).stdout, /^project-web +latest /m);
  const up = await compose("up", "--exit-code-from", "web");
  assert.equal(up.exitCode, 3);
  assert.match(up.stdout, /^db {5}\| ready$/m);
  assert.match(up.stdout, /^my-web \| built data image file$/m);
  assert.match(up.stdout, /^db {5}\| bye\ndb exited with code 0$/m);
  const ran = await compose("run", "web", "cat", "/src/f");
  assert.deepEqual(
    { exitCode: ran.exitCode, stdout: ran.stdout },
    { exitCode: 0, stdout: "data\n" },
    ran.stderr,
  );

  const foreground = compose("up", "db");
  const claim = path.join(rig.root, "compose/project.json");
  for (let waited = 0; waited < 200 && !existsSync(claim); waited++) await sleep(50);
  assert.match((await compose("up")).stderr, /^ERROR: Project "project" is up already/);
  assert.equal((await compose("down")).stderr, 'Project "project" has ended\n');
  assert.match((await foreground).stdout, /db \| bye\ndb exited with code 0\n/);
  assert.equal((await compose("down")).stderr, 'Project "project" is not up\n');
});

test("compose names the service that has nothing to run", { skip }, async (t) => {
  const rig = await Rig.withBusybox(t);
  rig.file("compose.yaml", 'services:\n  web:\n    build: {dockerfile_inline: "FROM scratch\\nCOPY . /"}\n');
  const up = await rig.slipway(["compose", "up"], { cwd: rig.contextDir });
  assert.equal(up.exitCode, 1);
  assert.match(
    up.stderr,
    /2 \| >>> +web:\n[^]*ERROR: Cannot run service "web": its image has neither CMD nor ENTRYPOINT\n/,
  );
  assert.match(
    up.stderr,
    /hint: give the service a command, or name one: slipway compose run web COMMAND\n$/,
  );
});

test("compose builds, and ends, what it would not run as the file says", { skip }, async (t) => {
  const rig = await Rig.withBusybox(t);
  rig.file(
    "compose.yaml",
    `services:
  web:
    build: {dockerfile_inline: "FROM busybox\\nRUN echo x > /f"}
    ports: ["80"]
`,
  );
  const compose = (...args: string[]) => rig.slipway(["compose", ...args], { cwd: rig.contextDir });
  const built = await compose("build");
  assert.equal(built.exitCode, 0, built.stderr);
  assert.match((await rig.slipway(["images"])).stdout, /^context-web +latest /m);
  assert.equal((await compose("config", "--services")).stdout, "web\n");
  for (const args of [["up"], ["run", "web", "true"], ["config"]]) {
    const refused = await compose(...args);
    assert.equal(refused.exitCode, 3);
    assert.match(refused.stderr, /^ERROR: compose.yaml:4:13: services.web.ports: "80" is not supported/m);
  }
  assert.equal((await compose("down")).stderr, 'Project "context" is not up\n');
});

test("compose takes profiles, environment files and what docker compose users type", { skip }, async (t) => {
  const rig = await Rig.withBusybox(t);
  const cwd = rig.contextDir;
  rig.file(
    "compose.yaml",
    `
services:
  web: {image: busybox, command: [echo, "$WORD"]}
  db: {image: busybox, command: [echo, db], profiles: [data]}
  tool:
    build: {dockerfile_inline: "FROM busybox\\nARG A\\nRUN echo $$A > /a"}
    command: [cat, /a]
    profiles: [tools]
    depends_on: [db]
`,
  );
  rig.file("one.env", "WORD='from one'\nCOMPOSE_PROFILES=data\n");
  rig.file("two.env", 'WORD="$WORD and two"\n');
  const compose = (args: string[], env: Record<string, string> = {}) =>
    rig.slipway(["compose", ...args], { cwd, env });
  const shown = async (args: string[], env?: Record<string, string>) => (await compose(args, env)).stdout;

  assert.equal(await shown(["config", "--services"]), "web\n");
  assert.equal(await shown(["config", "--profiles"]), "data\ntools\n");
  assert.equal(await shown(["--profile", "*", "config", "--images"]), "busybox\ncontext-tool\nbusybox\n");
  assert.equal(await shown(["config", "--services"], { COMPOSE_PROFILES: "data" }), "db\nweb\n");
  const inactive = await compose(["--profile", "tools", "up"]);
  assert.match(
    inactive.stderr,
    /service "tool" depends on undefined service "db": invalid compose project\n/,
  );
  assert.match(inactive.stderr, /hint: "db" is in a profile .* with --profile data$/m);

  const files = ["--env-file", "one.env", "--env-file", "two.env"];
  const up = await compose([...files, "up"]);
  assert.match(up.stdout, /^web \| from one and two$/m, up.stderr);
  assert.match(up.stdout, /^db {2}\| db$/m);
  assert.match((await compose([...files, "up", "web"], { WORD: "shell" })).stdout, /^web \| shell$/m);
  const missing = await compose(["--env-file", "nope.env", "up"]);
  assert.equal(missing.stderr, `ERROR: couldn't find env file: ${cwd}/nope.env\n`);

  const built = await compose([
    "--profile",
    "data",
    "build",
    "-q",
    "--no-cache",
    "--build-arg",
    "A=1",
    "tool",
  ]);
  assert.deepEqual(built, { exitCode: 0, stdout: "", stderr: built.stderr });
  const started = await compose([
    "--profile",
    "data",
    "up",
    "--no-start",
    "--build",
    "--remove-orphans",
    "tool",
  ]);
  assert.deepEqual({ exitCode: started.exitCode, stdout: started.stdout }, { exitCode: 0, stdout: "" });
  const detached = await compose(["up", "-d"]);
  assert.match(
    detached.stderr,
    /^ERROR: Cannot carry out --detach: not supported\nhint: up stays in the foreground/,
  );
  const json = JSON.parse(await shown(["config", "--format", "json", "web"])) as { services: object };
  assert.deepEqual(Object.keys(json.services), ["web"]);
});

const composeFile = `
services:
  db:
    image: busybox
    command: sh -c 'trap "echo bye; exit 0" TERM; echo ready; while :; do sleep 0.05; done'
  web:
    build:
      dockerfile_inline: |
        FROM busybox
        RUN echo built > /b
        ENV X=image
    container_name: my-web
    command: sh -c 'sleep 0.3; echo $$(cat /b /src/f) $$X $$Y; exit 3'
    environment: {Y: file}
    volumes: ["./src:/src:ro"]
    depends_on: [db]
`;
