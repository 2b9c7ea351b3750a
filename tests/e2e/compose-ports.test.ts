import assert from "node:assert/strict";
import { createServer } from "node:net";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { missingForContainers, Rig } from "./rig.ts";

const skip = missingForContainers();

test("a port is published under another number, as long as it is free", { skip }, async (t) => {
  const rig = await Rig.withBusybox(t);
  const [published, target] = [await freePort(), await freePort()];
  rig.file(
    "compose.yaml",
    `
services:
  web:
    image: busybox
    command: sh -c 'echo page > /tmp/index.html; exec httpd -f -p ${target} -h /tmp'
    ports: ["${published}:${target}"]
    healthcheck: {test: wget -qO- http://127.0.0.1:${target}/, interval: 100ms, retries: 50}
  client:
    image: busybox
    command: wget -qO- http://127.0.0.1:${published}/
    depends_on: {web: {condition: service_healthy}}
  other:
    image: busybox
    command: "true"
    ports: [{target: ${target}, published: "${published}"}]
    profiles: [twice]
`,
  );
  const up = (...args: string[]) => rig.slipway(["compose", ...args], { cwd: rig.contextDir });
  const result = await up("up", "--no-log-prefix", "--exit-code-from", "client", "-t", "0");
  assert.equal(result.exitCode, 0, result.stderr + result.stdout);
  assert.match(result.stdout, /^page$/m);

  const twice = await up("--profile", "twice", "up");
  assert.match(twice.stderr, /^ERROR: Services "web" and "other" both listen on port \d+$/m);
  const taken = createServer().listen(published, "127.0.0.1");
  await once(taken, "listening");
  const refused = await up("up");
  taken.close();
  assert.equal(refused.exitCode, 1);
  assert.match(refused.stderr, /^ERROR: Cannot publish port \d+ of service "web": listen EADDRINUSE/m);
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
