import { createHash } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { compileSeccompFilter } from "../sys/index.ts";
import type { Runtime } from "./find-runtime.ts";
import type { Seccomp } from "./seccomp.ts";

/** A filter in the forms that a runtime takes. */
export interface RuntimeSeccomp {
  readonly seccomp: Seccomp;
  /** The value of `BPF_ANNOTATION`; undefined: none. */
  readonly bpf: string | undefined;
}

export interface CompileOptions {
  /** A path that is free, in memory. */
  readonly scratchFile: string;
  readonly kept: KeptPrograms;
}

/** Where programs are kept between processes, by keys of 64 hexadecimal digits. Nobody else can write there. */
export interface KeptPrograms {
  get(key: string): unknown;
  put(key: string, program: object): void;
}

/** crun(1): a program for the kernel, as it is (base64), which saves crun half of its time. Used instead of `linux.seccomp`. */
export const BPF_ANNOTATION = "run.oci.seccomp_bpf_data";

/** A filter in the forms that `runtime` takes, compiled where it takes a compiled one. Made once for each. */
export function seccompFor(runtime: Runtime, filter: Seccomp, options: CompileOptions): RuntimeSeccomp {
  const bpf = runtime.name === "crun" ? compiled(filter, options) : undefined;
  // Reading 400 names takes crun a tenth of its time. One that did not use the program would refuse everything.
  const isEnough = bpf !== undefined && refuses(filter) && names(runtime.file, BPF_ANNOTATION);
  return { seccomp: isEnough ? { ...filter, syscalls: [] } : filter, bpf };
}

function refuses({ defaultAction }: Seccomp): boolean {
  return defaultAction !== "SCMP_ACT_ALLOW" && defaultAction !== "SCMP_ACT_LOG";
}

const programs = new WeakMap<Seccomp, string | undefined>();

function compiled(filter: Seccomp, { scratchFile, kept }: CompileOptions): string | undefined {
  if (!programs.has(filter)) {
    const compile = () => compileSeccompFilter(filter, scratchFile)?.toString("base64");
    programs.set(filter, keptOr(compile, keyOf(filter), kept));
  }
  return programs.get(filter);
}

/** Compiling takes 10 ms and more. */
function keptOr(
  compile: () => string | undefined,
  key: string | undefined,
  kept: KeptPrograms,
): string | undefined {
  if (key === undefined) return compile();
  const { bpf, sum } = (kept.get(key) ?? {}) as { bpf?: unknown; sum?: unknown };
  if (typeof bpf === "string" && sum === sumOf(key, bpf)) return bpf;
  const made = compile();
  if (made !== undefined) kept.put(key, { bpf: made, sum: sumOf(key, made) });
  return made;
}

/** The loader's index of libraries is made anew when one is installed, as another libseccomp would be. Undefined where there is none. */
function keyOf(filter: Seccomp): string | undefined {
  const index = statSync("/etc/ld.so.cache", { bigint: true, throwIfNoEntry: false });
  if (!index) return undefined;
  const { ino, size, mtimeNs, ctimeNs } = index;
  return sumOf("seccomp program", [ino, size, mtimeNs, ctimeNs, JSON.stringify(filter)].join(" "));
}

/** A damaged program could allow anything. */
function sumOf(...texts: readonly string[]): string {
  return createHash("sha256").update(texts.join("\n")).digest("hex");
}

const namesKnown = new Map<string, boolean>();

/** Does a program's own file hold `text`? False also for one whose code lies elsewhere: a script, or a library. */
function names(file: string, text: string): boolean {
  const known = namesKnown.get(file) ?? readFileSync(file).includes(text);
  namesKnown.set(file, known);
  return known;
}
