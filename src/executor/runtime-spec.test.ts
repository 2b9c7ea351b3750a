import assert from "node:assert/strict";
import { test } from "node:test";
import { grantedCapabilities } from "./capabilities.ts";
import { ExecutorError } from "./executor-error.ts";
import { findRuntimes } from "./find-runtime.ts";
import { hostsFile } from "./network-files.ts";
import { rlimits } from "./rlimits.ts";
import { runtimeFailure } from "./runtime-failure.ts";
import { runtimeSpec, type SpecMount, type SpecOptions, specText } from "./runtime-spec.ts";
import { toSeccomp } from "./seccomp.ts";

const options: SpecOptions = {
  runtime: "crun",
  process: {
    args: ["true"],
    env: ["A=b"],
    cwd: "/",
    user: { uid: 1, gid: 2, additionalGids: [2, 3], home: "/home/one" },
    tty: false,
    rlimits: [{ type: "RLIMIT_CORE", soft: 0, hard: -1 }],
  },
  rootfs: "/root/fs",
  hostname: "h",
  mounts: [],
  network: "host",
  capabilities: ["CAP_CHOWN"],
  security: "sandbox",
  host: { userNamespace: false, hasTtyGroup: true, canMountProc: true, devices: ["null"] },
};

interface Spec {
  readonly process: {
    readonly env: readonly string[];
    readonly capabilities: Record<string, readonly string[]>;
  };
  readonly mounts: readonly SpecMount[];
  readonly annotations?: unknown;
  readonly linux: {
    readonly namespaces: readonly { readonly type: string }[];
    readonly maskedPaths?: readonly string[];
    readonly seccomp?: unknown;
  };
}
const spec = (change: Partial<SpecOptions> = {}) => runtimeSpec({ ...options, ...change }) as Spec;
const mountAt = (made: Spec, destination: string) =>
  made.mounts.find((one) => one.destination === destination);

test("PATH and HOME are added unless the step has its own", () => {
  assert.deepEqual(spec().process.env.slice(1), ["A=b", "HOME=/home/one"]);
  const env = ["PATH=/mine", "HOME=/mine"];
  assert.deepEqual(spec({ process: { ...options.process, env } }).process.env, env);
});

test("no capability is inheritable or ambient", () => {
  assert.deepEqual(Object.keys(spec().process.capabilities).sort(), ["bounding", "effective", "permitted"]);
});

test("every mount that can hold a device node is nodev, and the root too", () => {
  const made = spec();
  for (const destination of ["/.", "/dev", "/dev/shm", "/dev/mqueue", "/proc", "/sys"]) {
    assert.ok(mountAt(made, destination)?.options.includes("nodev"), destination);
  }
  // runc keeps the flags of the root's own mount.
  assert.equal(mountAt(spec({ runtime: "runc" }), "/."), undefined);
});

test("only a step without a network has a network namespace of its own", () => {
  const types = (made: Spec) => made.linux.namespaces.map(({ type }) => type);
  assert.deepEqual(types(spec()), ["pid", "ipc", "uts", "mount"]);
  assert.deepEqual(types(spec({ network: "none" })), ["pid", "ipc", "uts", "mount", "network"]);
});

test("in a user namespace, what needs the machine's root is replaced", () => {
  const host = { userNamespace: true, hasTtyGroup: false, canMountProc: false, devices: ["null"] };
  const made = spec({ host });
  assert.equal(mountAt(made, "/sys")?.type, "bind");
  assert.equal(mountAt(made, "/proc")?.type, "bind");
  assert.ok(!mountAt(made, "/dev/pts")?.options.includes("gid=5"));
  assert.equal(mountAt(spec({ host, network: "none" }), "/sys")?.type, "sysfs");
});

test("an insecure step has nothing masked and no filter", () => {
  const filter = { defaultAction: "x", architectures: [], syscalls: [] };
  const seccomp = { seccomp: filter, bpf: "program" };
  const sandboxed = spec({ seccomp });
  assert.deepEqual(sandboxed.linux.seccomp, filter);
  assert.deepEqual(sandboxed.annotations, { "run.oci.seccomp_bpf_data": "program" });
  const { linux, annotations } = spec({ seccomp, security: "insecure" });
  assert.deepEqual([linux.seccomp, linux.maskedPaths, annotations], [undefined, undefined, undefined]);
});

test("no limit is written as the kernel's largest number, and text that looks like it is left alone", () => {
  const args = ['"hard":-1'];
  const text = specText(runtimeSpec({ ...options, process: { ...options.process, args } }));
  assert.match(text, /"soft":0,"hard":18446744073709551615/);
  assert.deepEqual((JSON.parse(text) as { process: { args: string[] } }).process.args, args);
});

const limits =
  "Limit  Soft Limit  Hard Limit  Units\nMax open files            1024                 4096                 files\nMax core file size        0                    unlimited            bytes\n";

test("limits are clamped to the host's hard limit", () => {
  assert.deepEqual(rlimits([], limits), [{ type: "RLIMIT_NOFILE", soft: 4096, hard: 4096 }]);
  const asked = [
    { name: "nofile", soft: 10, hard: -1 },
    { name: "core", soft: -1, hard: -1 },
  ];
  assert.deepEqual(rlimits(asked, limits), [
    { type: "RLIMIT_NOFILE", soft: 10, hard: 4096 },
    { type: "RLIMIT_CORE", soft: -1, hard: -1 },
  ]);
});

test("a limit that Linux does not have is refused", () => {
  assert.throws(
    () => rlimits([{ name: "files", soft: 1, hard: 1 }], limits),
    (error: unknown) => error instanceof ExecutorError && error.message === 'Unknown limit "files"',
  );
});

test("capabilities are what the host has of what is wanted", () => {
  const status = "CapPrm:\t0000000000000003\nCapBnd:\t0000000000000005\n";
  assert.deepEqual(grantedCapabilities("sandbox", status), ["CAP_CHOWN"]);
  assert.deepEqual(grantedCapabilities("insecure", "CapPrm:\t01ffffffffff\nCapBnd:\t0000000001000004\n"), [
    "CAP_DAC_READ_SEARCH",
    "CAP_SYS_RESOURCE",
  ]);
});

test("rules of a seccomp profile are decided by architecture, capability and kernel", () => {
  const rule = (name: string, when: object) => ({
    names: [name],
    action: "SCMP_ACT_ALLOW",
    args: null,
    ...when,
  });
  const profile = {
    defaultAction: "SCMP_ACT_ERRNO",
    defaultErrnoRet: 38,
    archMap: [{ architecture: "SCMP_ARCH_X86_64", subArchitectures: ["SCMP_ARCH_X86"] }],
    syscalls: [
      rule("always", { includes: {}, excludes: {} }),
      rule("amd", { includes: { arches: ["amd64"] } }),
      rule("arm", { includes: { arches: ["arm64"] } }),
      rule("admin", { includes: { caps: ["CAP_SYS_ADMIN"] } }),
      rule("not-admin", { excludes: { caps: ["CAP_SYS_ADMIN"] }, action: "SCMP_ACT_ERRNO", errnoRet: 1 }),
      rule("new", { includes: { minKernel: "5.10" } }),
      rule("newer", { includes: { minKernel: "6.0" } }),
      rule("valued", { args: [{ index: 0, value: 8, op: "SCMP_CMP_EQ" }] }),
    ],
  };
  assert.deepEqual(toSeccomp(profile, { arch: "amd64", capabilities: ["CAP_CHOWN"], kernel: [5, 10] }), {
    defaultAction: "SCMP_ACT_ERRNO",
    defaultErrnoRet: 38,
    architectures: ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86"],
    syscalls: [
      { names: ["always"], action: "SCMP_ACT_ALLOW" },
      { names: ["amd"], action: "SCMP_ACT_ALLOW" },
      { names: ["not-admin"], action: "SCMP_ACT_ERRNO", errnoRet: 1 },
      { names: ["new"], action: "SCMP_ACT_ALLOW" },
      { names: ["valued"], action: "SCMP_ACT_ALLOW", args: [{ index: 0, value: 8, op: "SCMP_CMP_EQ" }] },
    ],
  });
  assert.throws(() => toSeccomp({}, { arch: "amd64", capabilities: [], kernel: [5, 0] }), ExecutorError);
});

const logs: readonly (readonly [log: string, code: string, message: string])[] = [
  [
    "executable file `foo` not found in $PATH: No such file or directory",
    "COMMAND_NOT_FOUND",
    'exec: "true": executable file not found in $PATH',
  ],
  [
    'runc run failed: unable to start container process: exec: "foo": executable file not found in $PATH',
    "COMMAND_NOT_FOUND",
    'exec: "true": executable file not found in $PATH',
  ],
  [
    'runc run failed: unable to start container process: exec: "/x": permission denied',
    "COMMAND_NOT_EXECUTABLE",
    'exec: "true": permission denied',
  ],
  [
    'runc run failed: unable to start container process: exec: "/nope": stat /nope: no such file or directory',
    "COMMAND_NOT_FOUND",
    'exec: "/nope": no such file or directory',
  ],
  ["exec /x: Exec format error", "COMMAND_NOT_EXECUTABLE", 'exec: "true": exec format error'],
  [
    "cgroups in hybrid mode not supported",
    "RUNTIME_FAILED",
    'Cannot run "true": cgroups in hybrid mode not supported',
  ],
  ["bad\u001b[2J", "RUNTIME_FAILED", 'Cannot run "true": bad\ufffd[2J'],
];

for (const [msg, code, message] of logs) {
  test(`a runtime that logs ${JSON.stringify(msg.slice(0, 40))} failed with ${code}`, () => {
    const log = `${JSON.stringify({ level: "warning", msg: "no matter" })}\n${JSON.stringify({ level: "error", msg })}\n{"cut`;
    const program = /"(.*)"/.exec(message)![1]!;
    const failure = runtimeFailure(log, spec({ process: { ...options.process, args: [program] } }));
    assert.deepEqual([failure?.code, failure?.message], [code, message]);
  });
}

test("a runtime that logged no error did not fail", () => {
  assert.equal(runtimeFailure(`${JSON.stringify({ level: "warning", msg: "x" })}\n`, spec()), undefined);
  assert.equal(runtimeFailure("", spec()), undefined);
});

test("without a runtime the message names the packages", () => {
  assert.throws(
    () => findRuntimes({ runtime: "/nowhere/crun" }),
    (error: unknown) =>
      error instanceof ExecutorError &&
      error.message === 'Cannot run containers: runtime "/nowhere/crun" is not installed' &&
      error.hint?.includes("apt-get install crun") === true,
  );
});

test("hosts of the step follow localhost", () => {
  assert.equal(
    hostsFile("h", [{ host: "db", ip: "::5" }]),
    "127.0.0.1\tlocalhost h\n::1\tlocalhost ip6-localhost ip6-loopback\n::5\tdb\n",
  );
});
