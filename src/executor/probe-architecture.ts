import { spawnSync } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { knownArchitectures, tinyProgram } from "./elf.ts";

/** Whether the kernel runs programs of an architecture, itself or through an emulator, found out by trying. False for those that
 * are not known.
 * @param directory where programs may be written to and run from */
export function canExecute(architecture: string, directory: string): boolean {
  if (!knownArchitectures.includes(architecture)) return false;
  const file = path.join(directory, `probe-${architecture}`);
  try {
    writeFileSync(file, tinyProgram(architecture), { mode: 0o700 });
    return spawnSync(file, { stdio: "ignore", timeout: 10_000 }).status === 0;
  } finally {
    rmSync(file, { force: true });
  }
}
