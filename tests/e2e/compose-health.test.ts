import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { missingForContainers, Rig } from "./rig.ts";

const skip = missingForContainers();

async function composeOf(t: TestContext, composeFile: string) {
  const rig = await Rig.withBusybox(t);
  rig.file("compose.yaml", composeFile);
  return (...args: string[]) => rig.slipway(["compose", ...args], { cwd: rig.contextDir });
}

test("a service is started when those that it depends on are healthy and completed", { skip }, async (t) => {
  const compose = await composeOf(
    t,
    `
services:
  db:
    image: busybox
    environment: {STATE: /dev/shm/ready}
    user: app
    command: sh -c 'sleep 0.7; echo db is ready; touch $$STATE; while :; do sleep 0.1; done'
    healthcheck: {test: "test -e $$STATE && id -un | grep app", interval: 200ms, start_period: 5s, start_interval: 100ms}
  image:
    build: {dockerfile_inline: "FROM busybox\\nHEALTHCHECK --interval=100ms CMD true\\nCMD while :; do sleep 0.1; done"}
  migrate:
    image: busybox
    command: echo migrated
    depends_on: {db: {condition: service_healthy}, image: {condition: service_healthy}}
  web:
    image: busybox
    command: echo web
    depends_on: {migrate: {condition: service_completed_successfully}, db: {condition: service_started}}
`,
  );
  const up = await compose("up", "--no-log-prefix", "--exit-code-from", "web", "-t", "1");
  assert.equal(up.exitCode, 0, up.stderr);
  assert.match(up.stdout, /^db is ready\nmigrated\nmigrate exited with code 0\nweb\n/);
});

const failures: readonly [name: string, db: string, condition: string, message: RegExp][] = [
  [
    "is unhealthy",
    'command: sleep 60, healthcheck: {test: "echo no luck; exit 3", interval: 50ms, retries: 2}',
    "service_healthy",
    /^ERROR: dependency failed to start: service "db" is unhealthy\nhint: its last check ended with code 3: no luck$/m,
  ],
  [
    "is checked in vain",
    "command: sleep 60, healthcheck: {test: sleep 50, interval: 50ms, timeout: 100ms, retries: 1}",
    "service_healthy",
    /^ERROR: .*"db" is unhealthy\nhint: its last check ended with code 137: no output$/m,
  ],
  [
    "exits before it is healthy",
    "command: sh -c 'exit 4', healthcheck: {test: [CMD, \"false\"], interval: 30s}",
    "service_healthy",
    /^ERROR: dependency failed to start: service "db" exited \(4\)$/m,
  ],
  [
    "has no healthcheck",
    "command: sleep 60, healthcheck: {disable: true}",
    "service_healthy",
    /^ERROR: service "db" has no healthcheck configured$/m,
  ],
  [
    "fails",
    "command: sh -c 'exit 5'",
    "service_completed_successfully",
    /^ERROR: service "db" didn't complete successfully: exit 5$/m,
  ],
];
for (const [name, db, condition, message] of failures) {
  test(`nothing is started after a dependency that ${name}`, { skip }, async (t) => {
    const compose = await composeOf(
      t,
      `
services:
  db: {image: busybox, ${db}}
  web: {image: busybox, command: echo web, depends_on: {db: {condition: ${condition}}}}
`,
    );
    const up = await compose("up", "-t", "0");
    assert.equal(up.exitCode, 1);
    assert.match(up.stderr, message);
    assert.doesNotMatch(up.stdout, /web/);
  });
}

test("a service is started again as its restart policy says", { skip }, async (t) => {
  const compose = await composeOf(
    t,
    `
services:
  flaky: {image: busybox, command: sh -c 'echo x >> /n/f; test $$(wc -l < /n/f) -ge 3', restart: on-failure, volumes: ["n:/n"]}
  broken: {image: busybox, command: sh -c 'exit 7', restart: "on-failure:1"}
  loop: {image: busybox, command: echo again, restart: always, profiles: [endless]}
volumes: {n: }
`,
  );
  const { stdout, stderr } = await compose("up");
  const lines = stdout.trim().split("\n").sort();
  assert.deepEqual(
    lines,
    [
      "broken exited with code 7",
      "broken exited with code 7 (restarting)",
      "flaky exited with code 0",
      "flaky exited with code 1 (restarting)",
      "flaky exited with code 1 (restarting)",
    ],
    stderr,
  );
  const up = compose("up", "--no-log-prefix", "loop");
  for (let ended = ""; !/has ended/.test(ended); ) {
    await new Promise((resolve) => setTimeout(resolve, 1500));
    ended = (await compose("down")).stderr;
  }
  assert.match((await up).stdout, /^(again\nloop exited with code 0 \(restarting\)\n){2,}/);
});

test("compose run waits for what its service depends on", { skip }, async (t) => {
  const compose = await composeOf(
    t,
    `
services:
  db:
    image: busybox
    command: sh -c 'sleep 0.7; touch /v/ready; while :; do sleep 0.1; done'
    volumes: ["v:/v"]
    healthcheck: {test: test -e /v/ready, interval: 100ms, retries: 50}
  bad: {image: busybox, command: sh -c 'exit 3'}
  web: {image: busybox, volumes: ["v:/v"], depends_on: {db: {condition: service_healthy}}}
  lost: {image: busybox, depends_on: {bad: {condition: service_completed_successfully}}}
volumes: {v: }
`,
  );
  const ran = await compose("run", "-t", "0", "web", "ls", "/v");
  assert.deepEqual([ran.exitCode, ran.stdout], [0, "ready\n"], ran.stderr);
  const lost = await compose("run", "lost", "echo", "started");
  assert.deepEqual([lost.exitCode, lost.stdout], [125, ""]);
  assert.match(lost.stderr, /service "bad" didn't complete successfully: exit 3/);
});
