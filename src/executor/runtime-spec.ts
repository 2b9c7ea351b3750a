import { BPF_ANNOTATION, type RuntimeSeccomp } from "./compiled-seccomp.ts";
import { DEFAULT_PATH, MASKED_PATHS, READONLY_PATHS } from "./default-sandbox.ts";
import { insecureDevices } from "./insecure-devices.ts";
import type { Runtime } from "./find-runtime.ts";
import type { ProcessUser } from "./resolve-user.ts";
import type { Rlimit } from "./rlimits.ts";

/** A process to run, everything about it resolved. */
export interface ContainerProcess {
  readonly args: readonly string[];
  readonly env: readonly string[];
  readonly cwd: string;
  readonly user: ProcessUser;
  readonly tty: boolean;
  readonly rlimits: readonly Rlimit[];
}

export interface SpecMount {
  readonly destination: string;
  readonly type: string;
  readonly source: string;
  readonly options: readonly string[];
}

export interface SpecHook {
  /** `createRuntime`, `createContainer` …: as the specification says. */
  readonly name: string;
  readonly path: string;
  readonly args?: readonly string[];
  readonly env?: readonly string[];
  readonly timeout?: number;
}

export interface DeviceNumbers {
  readonly type: "b" | "c";
  readonly major: number;
  readonly minor: number;
}

export interface SpecOptions {
  readonly runtime: Runtime["name"];
  readonly process: ContainerProcess;
  /** Absolute host path of the root file system. */
  readonly rootfs: string;
  readonly hostname: string;
  /** Mounted after the sandbox's own, in this order. */
  readonly mounts: readonly SpecMount[];
  /** Run by the runtime, outside of the container. */
  readonly hooks?: readonly SpecHook[];
  /** Devices that the process may use besides the usual ones, for a runtime that makes a device cgroup. */
  readonly devices?: readonly DeviceNumbers[];
  readonly shmSizeBytes?: number | undefined;
  readonly network: "host" | "none";
  /** See `grantedCapabilities`. */
  readonly capabilities: readonly string[];
  /** `insecure`: nothing masked, no seccomp. */
  readonly security: "sandbox" | "insecure";
  /** See `seccompFor`. */
  readonly seccomp?: RuntimeSeccomp | undefined;
  readonly host: SandboxHost;
}

/** What the place where the worker runs allows. */
export interface SandboxHost {
  /** In a user namespace: what needs the machine's real root is replaced. */
  readonly userNamespace: boolean;
  /** Group 5 (tty) exists in the id map. */
  readonly hasTtyGroup: boolean;
  /** A fresh `/proc` may be mounted. */
  readonly canMountProc: boolean;
  /** Names of `/dev` to bind; see `hostDevices`. */
  readonly devices: readonly string[];
}

/** The OCI runtime spec (`config.json`) of one process in Docker's default sandbox. Every mount that the process could create a
 * device node in is `nodev`: a node can be made and kept in a layer, but not opened, so no device cgroup is needed. */
export function runtimeSpec(options: SpecOptions): object {
  const { capabilities } = options;
  const { seccomp, bpf } = options.seccomp ?? {};
  const sandboxed = options.security === "sandbox";
  return {
    ociVersion: "1.0.2",
    process: {
      terminal: options.process.tty,
      user: {
        uid: options.process.user.uid,
        gid: options.process.user.gid,
        additionalGids: options.process.user.additionalGids,
      },
      args: options.process.args,
      env: processEnv(options.process),
      cwd: options.process.cwd,
      capabilities: {
        bounding: capabilities,
        effective: capabilities,
        permitted: capabilities,
        ...(!sandboxed && { inheritable: capabilities, ambient: capabilities }),
      },
      rlimits: options.process.rlimits,
      noNewPrivileges: false,
    },
    root: { path: options.rootfs, readonly: false },
    hostname: options.hostname,
    mounts: [...rootMount(options), ...systemMounts(options), ...options.mounts],
    ...(sandboxed && bpf !== undefined && { annotations: { [BPF_ANNOTATION]: bpf } }),
    ...(options.hooks?.length && { hooks: hooksByName(options.hooks) }),
    linux: {
      namespaces: namespaces(options.network),
      ...devices(options),
      ...(sandboxed && { maskedPaths: MASKED_PATHS, readonlyPaths: READONLY_PATHS }),
      ...(sandboxed && seccomp && { seccomp }),
    },
  };
}

/** Text of `config.json`. The runtime spec's limits are unsigned 64-bit numbers, of which JavaScript cannot write the largest. */
export function specText(spec: object): string {
  return JSON.stringify(spec).replace(/"(soft|hard)":-1\b/g, '"$1":18446744073709551615');
}

function processEnv({ env, user }: ContainerProcess): string[] {
  const has = (name: string) => env.some((variable) => variable.startsWith(`${name}=`));
  return [
    ...(has("PATH") ? [] : [`PATH=${DEFAULT_PATH}`]),
    ...env,
    ...(has("HOME") ? [] : [`HOME=${user.home}`]),
  ];
}

/** The root's mount is `nodev` already. crun clears that when it binds the root anew (MS_REMOUNT | MS_BIND without flags), and
 * takes a later entry for it only when the destination is not spelled `/`. */
function rootMount(options: SpecOptions): SpecMount[] {
  if (options.runtime !== "crun" || options.security === "insecure") return [];
  const flags = ["bind", "remount", "nodev"];
  return [{ destination: "/.", type: "bind", source: options.rootfs, options: flags }];
}

function systemMounts(options: SpecOptions): SpecMount[] {
  const { host, security } = options;
  const shm = options.shmSizeBytes ?? 64 * 1024 * 1024;
  const ptsGroup = host.hasTtyGroup ? ["gid=5"] : [];
  const nodev = security === "insecure" ? [] : ["nodev"];
  return [
    procMount(host),
    tmpfs("/dev", ["nosuid", ...nodev, "strictatime", "mode=755", "size=65536k"]),
    {
      destination: "/dev/pts",
      type: "devpts",
      source: "devpts",
      options: ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", ...ptsGroup],
    },
    { ...tmpfs("/dev/shm", ["nosuid", "noexec", "nodev", "mode=1777", `size=${shm}`]), source: "shm" },
    {
      destination: "/dev/mqueue",
      type: "mqueue",
      source: "mqueue",
      options: ["nosuid", "noexec", "nodev"],
    },
    sysMount(options),
    ...deviceMounts(options),
  ];
}

function tmpfs(destination: string, options: readonly string[]): SpecMount {
  return { destination, type: "tmpfs", source: "tmpfs", options };
}

function procMount(host: SandboxHost): SpecMount {
  const flags = ["nosuid", "noexec", "nodev"];
  if (host.canMountProc) return { destination: "/proc", type: "proc", source: "proc", options: flags };
  return { destination: "/proc", type: "bind", source: "/proc", options: ["rbind", ...flags] };
}

/** A fresh sysfs may be mounted only by the owner of the network namespace, which the host's root is. */
function sysMount({ host, security, network }: SpecOptions): SpecMount {
  const flags = ["nosuid", "noexec", "nodev", ...(security === "insecure" ? [] : ["ro"])];
  if (host.userNamespace && network === "host") {
    return { destination: "/sys", type: "bind", source: "/sys", options: ["rbind", ...flags] };
  }
  return { destination: "/sys", type: "sysfs", source: "sysfs", options: flags };
}

/** In a user namespace the runtimes bind the host's devices themselves, and runc stumbles over a `/dev/tty` that is there. */
function deviceMounts({ host, security }: SpecOptions): SpecMount[] {
  if (host.userNamespace || security === "insecure") return [];
  return host.devices.map((name) => {
    const device = `/dev/${name}`;
    return { destination: device, type: "bind", source: device, options: ["bind", "nosuid", "noexec"] };
  });
}

/** Without a device cgroup every node can be used; runc makes one, in which only a few can. */
function devices(options: SpecOptions): object {
  const { host, security, runtime, devices: own = [] } = options;
  if (host.userNamespace) return {};
  if (security === "sandbox") {
    if (runtime !== "runc" || own.length === 0) return {};
    return { resources: { devices: own.map((device) => ({ allow: true, ...device, access: "rwm" })) } };
  }
  const every = { devices: [{ allow: true, access: "rwm" }] };
  return { devices: insecureDevices(), ...(runtime === "runc" && { resources: every }) };
}

function hooksByName(hooks: readonly SpecHook[]): Readonly<Record<string, object[]>> {
  const byName: Record<string, object[]> = {};
  for (const { name, ...hook } of hooks) (byName[name] ??= []).push(hook);
  return byName;
}

function namespaces(network: "host" | "none"): { type: string }[] {
  const own = ["pid", "ipc", "uts", "mount", ...(network === "none" ? ["network"] : [])];
  return own.map((type) => ({ type }));
}
