import { compileSeccompFilter } from "../sys/index.ts";
import type { Seccomp } from "./seccomp.ts";

const compiled = new WeakMap<Seccomp, string | undefined>();

/** A filter in the form that crun hands to the kernel as it is (base64), which saves it half of its time; undefined where that
 * cannot be made. Made once for each filter.
 * @param scratchFile a path that is free, in memory */
export function compiledSeccomp(filter: Seccomp, scratchFile: string): string | undefined {
  if (!compiled.has(filter)) {
    compiled.set(filter, compileSeccompFilter(filter, scratchFile)?.toString("base64"));
  }
  return compiled.get(filter);
}
