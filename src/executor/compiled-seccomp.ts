import { readFileSync } from "node:fs";
import { compileSeccompFilter } from "../sys/index.ts";
import type { Runtime } from "./find-runtime.ts";
import type { Seccomp } from "./seccomp.ts";

/** A filter in the forms that a runtime takes. */
export interface RuntimeSeccomp {
  readonly seccomp: Seccomp;
  /** The value of `BPF_ANNOTATION`; undefined: none. */
  readonly bpf: string | undefined;
}

/** crun(1): a program for the kernel, as it is (base64), which saves crun half of its time. Used instead of `linux.seccomp`. */
export const BPF_ANNOTATION = "run.oci.seccomp_bpf_data";

/** A filter in the forms that `runtime` takes, compiled where it takes a compiled one. Made once for each.
 * @param scratchFile a path that is free, in memory */
export function seccompFor(runtime: Runtime, filter: Seccomp, scratchFile: string): RuntimeSeccomp {
  const bpf = runtime.name === "crun" ? compiled(filter, scratchFile) : undefined;
  // Reading 400 names takes crun a tenth of its time. One that did not use the program would refuse everything.
  const isEnough = bpf !== undefined && refuses(filter) && names(runtime.file, BPF_ANNOTATION);
  return { seccomp: isEnough ? { ...filter, syscalls: [] } : filter, bpf };
}

function refuses({ defaultAction }: Seccomp): boolean {
  return defaultAction !== "SCMP_ACT_ALLOW" && defaultAction !== "SCMP_ACT_LOG";
}

const programs = new WeakMap<Seccomp, string | undefined>();

function compiled(filter: Seccomp, scratchFile: string): string | undefined {
  if (!programs.has(filter)) {
    programs.set(filter, compileSeccompFilter(filter, scratchFile)?.toString("base64"));
  }
  return programs.get(filter);
}

const namesKnown = new Map<string, boolean>();

/** Does a program's own file hold `text`? False also for one whose code lies elsewhere: a script, or a library. */
function names(file: string, text: string): boolean {
  const known = namesKnown.get(file) ?? readFileSync(file).includes(text);
  namesKnown.set(file, known);
  return known;
}
