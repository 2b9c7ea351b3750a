export { grantedCapabilities } from "./capabilities.ts";
export { type KeptPrograms, type RuntimeSeccomp, seccompFor } from "./compiled-seccomp.ts";
export { DEFAULT_PATH, hostDevices } from "./default-sandbox.ts";
export { elfArchitecture, knownArchitectures, tinyProgram } from "./elf.ts";
export { type Emulator, emulatorFor, readEmulators } from "./emulators.ts";
export { execInContainer, type ExecResult, type StartedContainer } from "./exec-in-container.ts";
export { ExecutorError } from "./executor-error.ts";
export { findRuntimes, type Runtime } from "./find-runtime.ts";
export { hostHasSeccomp, hostSeccomp } from "./host-seccomp.ts";
export { DEFAULT_HOSTNAME, hostsFile, resolvConf } from "./network-files.ts";
export { canExecute } from "./probe-architecture.ts";
export { type ProcessUser, resolveUser, type UserFiles } from "./resolve-user.ts";
export { type Rlimit, rlimits, type Ulimit } from "./rlimits.ts";
export { type RunContainerOptions, runContainer, type SendSignal } from "./run-container.ts";
export {
  type ContainerProcess,
  type DeviceNumbers,
  runtimeSpec,
  type SandboxHost,
  type SpecMount,
  type SpecOptions,
} from "./runtime-spec.ts";
export { commandNotFound } from "./runtime-failure.ts";
export type { RuntimeStart } from "./start-runtime.ts";
export { WaitingRuntime } from "./waiting-runtime.ts";
export { type Seccomp, type SeccompTarget } from "./seccomp.ts";
