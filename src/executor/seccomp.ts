import type { SeccompArgument, SeccompFilter, SeccompFilterRule } from "../sys/index.ts";
import { ExecutorError } from "./executor-error.ts";

/** `linux.seccomp` of the runtime spec. */
export type Seccomp = SeccompFilter;

export interface SeccompTarget {
  /** Go's name of the architecture: `amd64`, `arm64`, … */
  readonly arch: string;
  readonly capabilities: readonly string[];
  /** `[major, minor]` of the running kernel. */
  readonly kernel: readonly [number, number];
}

/** Turns a profile of the containers project (or Docker: the same format) into the runtime spec's form. A rule of a profile may
 * hold only for some architectures, capabilities or kernels (`includes`, `excludes`), which the runtime spec cannot say:
 * they are decided here.
 * @throws {ExecutorError} `INVALID_SECCOMP_PROFILE` */
export function toSeccomp(profile: unknown, target: SeccompTarget): Seccomp {
  if (
    !isRecord(profile) ||
    typeof profile["defaultAction"] !== "string" ||
    !Array.isArray(profile["syscalls"])
  ) {
    throw new ExecutorError("INVALID_SECCOMP_PROFILE", "Cannot use the seccomp profile: unknown format");
  }
  const rules = profile["syscalls"].filter(isRecord).filter((rule) => applies(rule, target));
  const defaultErrno = profile["defaultErrnoRet"];
  return {
    defaultAction: profile["defaultAction"],
    ...(typeof defaultErrno === "number" && { defaultErrnoRet: defaultErrno }),
    architectures: architectures(profile, target.arch),
    syscalls: rules.map(toRule),
  };
}

function applies(rule: Record<string, unknown>, target: SeccompTarget): boolean {
  const [includes, excludes] = [record(rule["includes"]), record(rule["excludes"])];
  const { arch, capabilities, kernel } = target;
  const hasAll = (caps: readonly string[]) => caps.every((cap) => capabilities.includes(cap));
  const hasAny = (caps: readonly string[]) => caps.some((cap) => capabilities.includes(cap));
  const includedArches = strings(includes["arches"]);
  if (includedArches.length > 0 && !includedArches.includes(arch)) return false;
  if (strings(excludes["arches"]).includes(arch)) return false;
  if (!hasAll(strings(includes["caps"])) || hasAny(strings(excludes["caps"]))) return false;
  if (typeof includes["minKernel"] === "string" && !kernelIsAtLeast(kernel, includes["minKernel"]))
    return false;
  return !(typeof excludes["minKernel"] === "string" && kernelIsAtLeast(kernel, excludes["minKernel"]));
}

function kernelIsAtLeast(kernel: readonly [number, number], wanted: string): boolean {
  const [major = 0, minor = 0] = wanted.split(".").map(Number);
  return kernel[0] > major || (kernel[0] === major && kernel[1] >= minor);
}

function toRule(rule: Record<string, unknown>): SeccompFilterRule {
  const args = Array.isArray(rule["args"]) ? (rule["args"] as SeccompArgument[]) : [];
  return {
    names: typeof rule["name"] === "string" ? [rule["name"]] : strings(rule["names"]),
    action: String(rule["action"]),
    ...(typeof rule["errnoRet"] === "number" && { errnoRet: rule["errnoRet"] }),
    ...(args.length > 0 && { args }),
  };
}

const NATIVE: Readonly<Record<string, string>> = {
  amd64: "SCMP_ARCH_X86_64",
  arm64: "SCMP_ARCH_AARCH64",
  arm: "SCMP_ARCH_ARM",
  "386": "SCMP_ARCH_X86",
  ppc64le: "SCMP_ARCH_PPC64LE",
  s390x: "SCMP_ARCH_S390X",
  riscv64: "SCMP_ARCH_RISCV64",
  loong64: "SCMP_ARCH_LOONGARCH64",
};

/** The native architecture and those whose programs the same kernel runs: without them a filter would not see their calls. */
function architectures(profile: Record<string, unknown>, arch: string): string[] {
  const native = NATIVE[arch];
  if (native === undefined) {
    throw new ExecutorError("INVALID_SECCOMP_PROFILE", `No seccomp architecture is known for "${arch}"`);
  }
  const map = Array.isArray(profile["archMap"]) ? profile["archMap"].filter(isRecord) : [];
  const entry = map.find((candidate) => candidate["architecture"] === native);
  return [native, ...strings(entry?.["subArchitectures"])];
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function record(value: unknown): Record<string, unknown> {
  return isRecord(value) ? value : {};
}

function strings(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
}
