import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { missingForContainers, Rig } from "./rig.ts";

const skip = missingForContainers();

function withDevices(rig: Rig, edits: object) {
  const directory = path.join(rig.dir, "cdi");
  mkdirSync(directory, { recursive: true });
  const spec = {
    cdiVersion: "0.6.0",
    kind: "vendor1.com/device",
    devices: [{ name: "foo", containerEdits: edits }],
  };
  writeFileSync(path.join(directory, "vendor1.json"), JSON.stringify(spec));
  return (...args: string[]) =>
    rig.slipway(["build", "--progress=plain", ...args, rig.contextDir], {
      env: { SLIPWAY_CDI_SPEC_DIRS: directory },
    });
}

test("a step has the nodes, mounts, variables and groups of its devices, and no other step does", {
  skip,
}, async (t) => {
  const rig = await Rig.withBusybox(t);
  const host = path.join(rig.dir, "host");
  mkdirSync(host);
  writeFileSync(path.join(host, "lib"), "from the host");
  const build = withDevices(rig, {
    env: ["FOO=injected", "PATH=/bin:/opt"],
    deviceNodes: [
      { path: "/dev/alias", hostPath: "/dev/zero", fileMode: 0o640, gid: 7 },
      { path: "/opt/dev/nothing", type: "c", major: 1, minor: 3 },
    ],
    mounts: [{ hostPath: host, containerPath: "/opt/host", options: ["ro"] }],
    hooks: [{ hookName: "createRuntime", path: "/bin/sh", args: ["sh", "-c", `echo ran > ${rig.dir}/hook`] }],
    additionalGids: [4711],
  });
  rig.file(
    "Dockerfile",
    `FROM busybox
RUN --device=vendor1.com/device=foo,required stat -c '%t:%T %a %u:%g' /dev/alias > /seen; \\
  head -c 4 /dev/alias | od -An -c >> /seen; echo lost > /opt/dev/nothing && cat /opt/host/lib >> /seen; echo >> /seen; \\
  echo "$FOO $PATH $(id -G)" >> /seen; echo no > /opt/host/lib || echo kept >> /seen; \\
  mknod /dev/mine b 7 0 && head -c1 /dev/mine 2>/dev/null || echo shut >> /seen
RUN --device=other.com/device true
RUN ls -A /dev/alias /opt 2>&1 | sed 's/.*\\(alias\\|opt\\).*/left \\1/' > /after; echo "[$FOO]" >> /after
`,
  );
  const refused = await build();
  assert.equal(refused.exitCode, 1);
  assert.match(
    refused.stderr,
    /Dockerfile:2\n[^]*ERROR: device vendor1.com\/device=foo is requested by the build but not allowed\nhint: allow it with --allow device, /,
  );
  const out = path.join(rig.dir, "out");
  const built = await build("--allow", "device", "-o", out);
  assert.equal(built.exitCode, 0, built.stderr);
  assert.equal(
    readFileSync(path.join(out, "seen"), "utf8"),
    "1:5 640 0:7\n  \\0  \\0  \\0  \\0\nfrom the host\ninjected /bin:/opt 0 4711\nkept\nshut\n",
  );
  assert.equal(readFileSync(path.join(out, "after"), "utf8").includes("injected"), false);
  assert.equal(readFileSync(path.join(rig.dir, "hook"), "utf8"), "ran\n");
  const again = await build("--allow", "device=vendor1.com/device=foo");
  assert.match(again.stderr, /3 steps cached/);
});

test("a device that a step requires and the machine lacks is an error before any step", {
  skip,
}, async (t) => {
  const rig = await Rig.withBusybox(t);
  const build = withDevices(rig, { env: ["A=1"] });
  rig.file("Dockerfile", "FROM busybox\nRUN sleep 60\nRUN --device=a.com/b,required true\n");
  const failed = await build("--allow", "device");
  assert.equal(failed.exitCode, 1);
  assert.match(failed.stderr, /ERROR: required device "a.com\/b" is not registered\n/);
  assert.equal((await build("--check")).exitCode, 0);
});
