import { closeSync, openSync, readFileSync, rmSync } from "node:fs";
import { cString, declareIn } from "./libc.ts";

/** A system call filter; names and numbers are those of the OCI runtime spec. */
export interface SeccompFilter {
  readonly defaultAction: string;
  readonly defaultErrnoRet?: number;
  /** The native one first. */
  readonly architectures: readonly string[];
  readonly syscalls: readonly SeccompFilterRule[];
}

export interface SeccompFilterRule {
  readonly names: readonly string[];
  readonly action: string;
  readonly errnoRet?: number;
  readonly args?: readonly SeccompArgument[];
}

export interface SeccompArgument {
  readonly index: number;
  readonly value: number;
  readonly valueTwo?: number;
  readonly op: string;
}

const LIBRARY = "libseccomp.so.2";
const init = declareIn(LIBRARY, "seccomp_init", "void *", ["uint"]);
const release = declareIn(LIBRARY, "seccomp_release", "void", ["void *"]);
const resolveArch = declareIn(LIBRARY, "seccomp_arch_resolve_name", "uint", ["void *"]);
const addArch = declareIn(LIBRARY, "seccomp_arch_add", "int", ["void *", "uint"]);
const resolveSyscall = declareIn(LIBRARY, "seccomp_syscall_resolve_name", "int", ["void *"]);
const addRule = declareIn(LIBRARY, "seccomp_rule_add_array", "int", [
  "void *",
  "uint",
  "int",
  "uint",
  "void *",
]);
const setAttribute = declareIn(LIBRARY, "seccomp_attr_set", "int", ["void *", "int", "uint"]);
const exportBpf = declareIn(LIBRARY, "seccomp_export_bpf", "int", ["void *", "int"]);

/** The filter as the kernel's BPF program, made by libseccomp as the OCI runtimes make it; undefined where that library is not
 * installed or the filter holds something that this does not know. Takes about 20 ms.
 * @param scratchFile a path that is free, in memory if possible; nothing is left there */
export function compileSeccompFilter(filter: SeccompFilter, scratchFile: string): Buffer | undefined {
  const defaultAction = actionOf(filter.defaultAction, filter.defaultErrnoRet);
  if (defaultAction === undefined) return undefined;
  try {
    const context = init(defaultAction);
    try {
      if (!addRules(context, filter, defaultAction)) return undefined;
      setAttribute(context, OPTIMIZE, BINARY_TREE);
      return exported(context, scratchFile);
    } finally {
      release(context);
    }
  } catch (error) {
    if (error instanceof Error && /Failed to load shared library/.test(error.message)) return undefined;
    throw error;
  }
}

/** For each process that gets the filter the kernel tries it with every system call: 1 ms when it is a list. */
const OPTIMIZE = 8;
const BINARY_TREE = 2;

function addRules(context: unknown, filter: SeccompFilter, defaultAction: number): boolean {
  for (const name of filter.architectures.slice(1)) {
    const token = resolveArch(cString(name.replace("SCMP_ARCH_", "").toLowerCase())) as number;
    if (token === 0 || addArch(context, token) !== 0) return false;
  }
  return filter.syscalls.every((rule) => {
    const action = actionOf(rule.action, rule.errnoRet);
    const args = encodeArguments(rule.args ?? []);
    if (action === undefined || args === undefined) return false;
    if (action === defaultAction) return true; // libseccomp refuses rules that change nothing
    return rule.names.every((name) => {
      const number = resolveSyscall(cString(name)) as number;
      return number === UNKNOWN_SYSCALL || addRule(context, action, number, args.count, args.bytes) === 0;
    });
  });
}

const UNKNOWN_SYSCALL = -1;
const EPERM = 1;

const ACTIONS: Readonly<Record<string, number>> = {
  SCMP_ACT_KILL: 0,
  SCMP_ACT_KILL_THREAD: 0,
  SCMP_ACT_KILL_PROCESS: 0x80000000,
  SCMP_ACT_LOG: 0x7ffc0000,
  SCMP_ACT_ALLOW: 0x7fff0000,
};

function actionOf(name: string, errno = EPERM): number | undefined {
  return name === "SCMP_ACT_ERRNO" ? 0x00050000 + errno : ACTIONS[name];
}

const OPERATORS: Readonly<Record<string, number>> = {
  SCMP_CMP_NE: 1,
  SCMP_CMP_LT: 2,
  SCMP_CMP_LE: 3,
  SCMP_CMP_EQ: 4,
  SCMP_CMP_GE: 5,
  SCMP_CMP_GT: 6,
  SCMP_CMP_MASKED_EQ: 7,
};

/** An array of `struct scmp_arg_cmp`. Two conditions on one argument mean "or" to the runtimes, which this does not do. */
function encodeArguments(args: readonly SeccompArgument[]): { count: number; bytes: Buffer } | undefined {
  if (new Set(args.map(({ index }) => index)).size < args.length) return undefined;
  const bytes = Buffer.alloc(24 * Math.max(args.length, 1));
  for (const [position, { index, value, valueTwo = 0, op }] of args.entries()) {
    const operator = OPERATORS[op];
    if (operator === undefined) return undefined;
    bytes.writeUInt32LE(index, 24 * position);
    bytes.writeUInt32LE(operator, 24 * position + 4);
    bytes.writeBigUInt64LE(BigInt(value), 24 * position + 8);
    bytes.writeBigUInt64LE(BigInt(valueTwo), 24 * position + 16);
  }
  return { count: args.length, bytes };
}

function exported(context: unknown, scratchFile: string): Buffer | undefined {
  const fd = openSync(scratchFile, "wx", 0o600);
  try {
    return exportBpf(context, fd) === 0 ? readFileSync(scratchFile) : undefined;
  } finally {
    closeSync(fd);
    rmSync(scratchFile);
  }
}
