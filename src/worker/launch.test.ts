import assert from "node:assert/strict";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import { test } from "node:test";
import { mapsId } from "./environment.ts";
import { explainRefusal, namespaceHint } from "./refusal.ts";
import { serveSshAgent } from "./ssh-agent.ts";
import { idMapArguments, subordinateRanges } from "./subordinate-ids.ts";

test("subordinate ranges are found by name and by number, and nonsense is passed over", () => {
  const text = "root:1:1\nann:100000:65536\n1000:300000:10\nann:x:5\nann:5:0\nanna:7:7\n\n";
  assert.deepEqual(subordinateRanges(text, { name: "ann", uid: 1000 }), [
    { start: 100000, count: 65536 },
    { start: 300000, count: 10 },
  ]);
});

test("the caller is root inside, and ranges follow without a gap", () => {
  const ranges = [
    { start: 100000, count: 10 },
    { start: 500, count: 5 },
  ];
  assert.deepEqual(idMapArguments(1000, ranges).join(" "), "0 1000 1 1 100000 10 11 500 5");
});

test("a map of ids tells whether it holds one", () => {
  const map = "         0       1000          1\n         1     100000      65536\n";
  assert.deepEqual([mapsId(map, 0), mapsId(map, 5), mapsId(map, 65537)], [true, true, false]);
});

test("a refused namespace is explained with the setting that refuses it", () => {
  const error = explainRefusal(undefined, "unshare: unshare failed: Operation not permitted\n");
  assert.equal(error?.code, "WORKER_UNAVAILABLE");
  assert.equal(
    error?.message,
    "Cannot start the worker: the kernel refuses namespaces (unshare failed: Operation not permitted)",
  );
  const setting = (file: string) =>
    file.endsWith("apparmor_restrict_unprivileged_userns") ? "1" : undefined;
  assert.match(namespaceHint(setting), /AppArmor.*sysctl -w kernel\.apparmor_restrict_unprivileged_userns=0/);
  assert.match(
    namespaceHint(() => "0"),
    /unprivileged_userns_clone=1/,
  );
  assert.match(
    namespaceHint(() => undefined),
    /--privileged/,
  );
  assert.equal(explainRefusal(undefined, "something else"), undefined);
});

test("an agent is served on a socket with its own mode, however long the path", async () => {
  const root = mkdtempSync(path.join(os.tmpdir(), "agent-"));
  const before = process.cwd();
  const original = path.join(root, "original");
  const agent = net.createServer(
    (client) => void client.on("data", (data) => client.end(`got ${data.toString()}`)),
  );
  agent.listen(original);
  const undo: (() => void | Promise<void>)[] = [];
  try {
    const directory = path.join(root, "d".repeat(120));
    const [uid, gid] = [process.getuid!(), process.getgid!()];
    const mount = { type: "ssh", dest: "/agent", socket: original, mode: 0o640, uid, gid } as const;
    await serveSshAgent(directory, mount, (step) => void undo.push(step));
    assert.equal(statSync(path.join(directory, "agent")).mode & 0o777, 0o640);
    process.chdir(directory);
    const answer = await new Promise<string>((resolve, reject) => {
      const client = net.connect("agent");
      client.on("data", (data) => resolve(data.toString()));
      client.on("error", reject);
      client.write("hello");
    });
    assert.equal(answer, "got hello");
  } finally {
    process.chdir(before);
    for (const step of undo) await step();
    agent.close();
    rmSync(root, { recursive: true, force: true });
  }
});
