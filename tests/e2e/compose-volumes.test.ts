import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test, type TestContext } from "node:test";
import { missingForContainers, Rig } from "./rig.ts";

const skip = missingForContainers();

async function rigOf(t: TestContext, composeFile: string) {
  const rig = await Rig.withBusybox(t);
  rig.file("compose.yaml", composeFile);
  const compose = (...args: string[]) => rig.slipway(["compose", ...args], { cwd: rig.contextDir });
  return { rig, compose, volumes: path.join(rig.root, "volumes") };
}

const seeded =
  'build: {dockerfile_inline: "FROM busybox\\nRUN mkdir -m 750 /data && echo image > /data/f && chown 1000:1001 /data"}';

test("a named volume begins with what the image has, and is kept until it is removed", {
  skip,
}, async (t) => {
  const { rig, compose, volumes } = await rigOf(
    t,
    `
name: app
services:
  db:
    ${seeded}
    command: sh -c 'stat -c "%a %u:%g" /data; cat /data/*; echo more > /data/g'
    volumes: ["data:/data"]
  web:
    image: busybox
    command: sh -c 'echo changed > /v/f'
    volumes: [{type: volume, source: data, target: /v, read_only: true}]
    profiles: [reader]
volumes: {data: }
`,
  );
  const first = await compose("up", "--no-log-prefix");
  assert.match(first.stdout, /^750 1000:1001\nimage\ndb exited with code 0\n$/, first.stderr);
  const second = await compose("up", "--no-log-prefix");
  assert.match(second.stdout, /^750 1000:1001\nimage\nmore\n/, second.stderr);
  assert.match((await compose("run", "db", "ls", "/data")).stdout, /^f\ng\n$/);
  assert.match((await compose("up", "web")).stdout, /can't create \/v\/f: Read-only file system/);

  assert.equal((await compose("config", "--volumes")).stdout, "data\n");
  assert.match((await rig.slipway(["du"])).stdout, /^Volumes +1 +\d+B +\d+B$/m);
  assert.match((await rig.slipway(["du", "-v"])).stdout, /^VOLUME .*\napp_data +\d+B/m);
  assert.equal((await rig.slipway(["prune", "--all", "--cache-mounts", "--force"])).exitCode, 0);
  await compose("down");
  assert.equal(readFileSync(path.join(volumes, "app_data/fs/g"), "utf8"), "more\n");
  assert.match((await compose("down", "-v")).stderr, /^Volume "app_data" removed$/m);
  assert.equal(existsSync(path.join(volumes, "app_data/fs")), false);
  assert.match((await rig.slipway(["du"])).stdout, /^Volumes +0 /m);
  assert.doesNotMatch((await compose("up", "--no-log-prefix")).stdout, /more/);

  assert.match((await rig.slipway(["prune", "--volumes", "--dry-run"])).stdout, /^1 volume to remove$/m);
  assert.match((await rig.slipway(["prune", "--volumes", "--force"])).stdout, /, 1 volume\n/);
  assert.equal(existsSync(path.join(volumes, "app_data/fs")), false);
});

test("a fill that was interrupted is ended by the next one", { skip }, async (t) => {
  const { compose, volumes } = await rigOf(
    t,
    `
name: app
services:
  db: {${seeded.replace("build", '"build"')}, command: cat /data/f, volumes: ["data:/data", "bare:/bin/none:nocopy"]}
volumes: {data: , bare: }
`,
  );
  mkdirSync(path.join(volumes, "app_data/fs"), { recursive: true });
  writeFileSync(path.join(volumes, "app_data/fs/f"), "ima");
  writeFileSync(path.join(volumes, "app_data/filling"), "unfinished");
  const up = await compose("up");
  assert.match(up.stdout, /^db \| image$/m, up.stderr);
  assert.equal(readFileSync(path.join(volumes, "app_data/filling"), "utf8"), "");
  assert.deepEqual(readdirSync(path.join(volumes, "app_bare/fs")), []);
});

test("an anonymous volume shows the image's files over a bind, and ends with its container", {
  skip,
}, async (t) => {
  const { rig, compose, volumes } = await rigOf(
    t,
    `
services:
  web:
    build: {dockerfile_inline: "FROM busybox\\nRUN mkdir -p /app/modules && echo image > /app/modules/m"}
    command: sh -c 'cat /app/f /app/modules/*; echo new > /app/modules/n; echo new > /app/empty/n'
    volumes: [".:/app", "/app/modules", "/app/empty"]
`,
  );
  rig.file("f", "host\n");
  for (const _ of [1, 2]) {
    const up = await compose("up", "--no-log-prefix");
    assert.match(up.stdout, /^host\nimage\nweb exited with code 0\n$/, up.stderr);
  }
  assert.deepEqual(readdirSync(path.join(rig.contextDir, "modules")), []);
  assert.deepEqual(readdirSync(path.join(rig.contextDir, "empty")), []);
  assert.equal(existsSync(volumes), false);
});

test("an external volume must be there, and stays", { skip }, async (t) => {
  const { compose, volumes } = await rigOf(
    t,
    `
services:
  web: {image: busybox, command: ls /x, volumes: ["shared:/x"]}
volumes: {shared: {external: true, name: team}}
`,
  );
  const missing = await compose("up");
  assert.match(missing.stderr, /^ERROR: external volume "team" not found$/m);
  mkdirSync(path.join(volumes, "team/fs"), { recursive: true });
  writeFileSync(path.join(volumes, "team/fs/f"), "");
  assert.match((await compose("up")).stdout, /^web \| f$/m);
  await compose("down", "--volumes");
  assert.equal(existsSync(path.join(volumes, "team/fs/f")), true);
});
