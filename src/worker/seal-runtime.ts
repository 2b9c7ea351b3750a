import { writeFileSync } from "node:fs";
import type { Runtime } from "../executor/index.ts";
import { MountFlag, mount, SysError } from "../sys/index.ts";

/** crun keeps a container from overwriting the program that started it: at every start it makes a read-only copy of itself and
 * starts that, a seventh of its time, unless it lies on a read-only mount. This makes that mount, once.
 * @param file absolute path in memory; is created
 * @returns the runtime behind it, or as it was where the kernel refuses */
export function sealRuntime(runtime: Runtime, file: string): Runtime {
  try {
    writeFileSync(file, "", { flag: "wx" });
    mount(file, { source: runtime.file, flags: MountFlag.BIND });
    mount(file, { flags: MountFlag.BIND | MountFlag.REMOUNT | MountFlag.READONLY });
    return { ...runtime, file };
  } catch (error) {
    if (error instanceof SysError) return runtime;
    throw error;
  }
}
