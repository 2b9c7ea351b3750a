import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync, readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { missingForContainers, Rig } from "./rig.ts";

const skip = missingForContainers();

function lines(tree: string, name: string): string[] {
  return readFileSync(path.join(tree, name), "utf8").trim().split("\n");
}

test("--add-host, --ulimit, --shm-size and the sandbox's name are what a step sees", { skip }, async (t) => {
  const rig = await Rig.withBusybox(t);
  rig.file(
    "Dockerfile",
    "FROM busybox\nRUN cat /etc/hosts > /hosts; ulimit -n > /nofile; ulimit -H -n >> /nofile; ulimit -c >> /nofile; " +
      "df -k /dev/shm | tail -1 | awk '{ print $2 }' > /shm; hostname > /name",
  );
  const tree = await rig.exportTree(
    ..."--add-host a:1.2.3.4 --add-host b=::1 --ulimit nofile=512:1024 --ulimit core=0 --shm-size 7m".split(
      " ",
    ),
    "--build-arg=BUILDKIT_SANDBOX_HOSTNAME=box",
  );
  assert.deepEqual(lines(tree, "hosts"), [
    "127.0.0.1\tlocalhost box",
    "::1\tlocalhost ip6-localhost ip6-loopback",
    "1.2.3.4\ta",
    "::1\tb",
  ]);
  assert.deepEqual(lines(tree, "nofile"), ["512", "1024", "0"]);
  assert.deepEqual(lines(tree, "shm"), ["7168"]);
  assert.deepEqual(lines(tree, "name"), ["box"]);
});

test("a network or privilege beyond the sandbox must be allowed", { skip }, async (t) => {
  const rig = await Rig.withBusybox(t);
  rig.file("Dockerfile", "FROM busybox\nRUN --network=host true");
  const refused = await rig.build();
  assert.notEqual(refused.exitCode, 0);
  assert.match(refused.stderr, /network\.host is not allowed/);
  await rig.mustBuild("--allow", "network.host");
  await rig.mustBuild("--network", "host");
});

test("an insecure step has every privilege, and only it", { skip }, async (t) => {
  const rig = await Rig.withBusybox(t);
  const probe =
    "grep -E '^(Cap|Seccomp:)' /proc/self/status > $O; mkdir -p /m && mount -t tmpfs none /m && echo mounted >> $O; " +
    "grep -q '^sysfs /sys sysfs rw' /proc/mounts && echo sys >> $O; echo x > /proc/sys/kernel/hostname && echo proc >> $O; " +
    "mknod /dev/n c 1 3 && echo > /dev/n && echo device >> $O; test -c /dev/kmsg && echo kmsg >> $O; true";
  rig.file(
    "Dockerfile",
    `FROM busybox\nRUN --security=insecure O=/insecure; ${probe}\nRUN O=/sandbox; ${probe}`,
  );
  const tree = await rig.exportTree("--allow", "security.insecure");
  const [inherited, permitted, , , ambient, seccomp, ...can] = lines(tree, "insecure");
  const all = /CapBnd:\t(\w+)/.exec(readFileSync("/proc/self/status", "utf8"))![1];
  assert.deepEqual(
    [inherited, permitted, ambient],
    [`CapInh:\t${all}`, `CapPrm:\t${all}`, `CapAmb:\t${all}`],
  );
  assert.equal(seccomp, "Seccomp:\t0");
  assert.deepEqual(can, ["mounted", "sys", "proc", "device", "kmsg"]);
  assert.deepEqual(lines(tree, "sandbox").slice(6), []);
});

const ssh = spawnSync("ssh-keygen", ["-?"]).error ? "needs openssh-client" : skip;

test("--ssh lends keys through an agent that ends with the build, and nothing is lent unasked", {
  skip: ssh,
}, async (t) => {
  const rig = await Rig.withBusybox(t);
  const key = path.join(rig.dir, "key");
  execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", key]);
  rig.file(
    "Dockerfile",
    `FROM busybox\nRUN --mount=type=ssh test -S "$SSH_AUTH_SOCK" && echo lent > /a; echo end >> /a\nRUN --mount=type=ssh,id=k,required test -S $SSH_AUTH_SOCK`,
  );
  const before = readdirSync(tmpdir()).filter((name) => name.startsWith("slipway-ssh-"));
  const refused = await rig.slipway(["build", rig.contextDir], { env: { SSH_AUTH_SOCK: "/nowhere" } });
  assert.match(refused.stderr, /unset ssh forward key k/);
  const tree = await rig.exportTree("--ssh", `k=${key}`);
  assert.deepEqual(lines(tree, "a"), ["end"]);
  await rig.mustBuild("--no-cache", "--ssh", `k=${key}`, "--ssh", `default=${key}`);
  const after = readdirSync(tmpdir()).filter((name) => name.startsWith("slipway-ssh-"));
  assert.deepEqual(after, before);
  const missing = await rig.build("--ssh", "default=/nope");
  assert.match(missing.stderr, /Cannot use --ssh "default": stat \/nope: no such file or directory/);
  const noKey = await rig.build("--no-cache", "--ssh", `k=${path.join(rig.contextDir, "Dockerfile")}`);
  assert.match(noKey.stderr, /Cannot use --ssh "k": failed to parse/);
});
