import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { hostPlatform, type Platform } from "../oci/index.ts";
import { isErrno } from "../util/index.ts";

/** A program that runs those of another processor, as the kernel knows it (binfmt_misc). */
export interface Emulator {
  /** QEMU's name: `aarch64`. */
  readonly processor: string;
  /** Absolute path on the host. */
  readonly interpreter: string;
  /** The kernel holds it open (flag F), so that it works inside any root file system; otherwise it must be there as well. */
  readonly isHeld: boolean;
}

const binfmtDir = "/proc/sys/fs/binfmt_misc";

/** QEMU's names of processors, by Go's. */
const processors: Readonly<Record<string, string>> = {
  "386": "i386",
  amd64: "x86_64",
  arm: "arm",
  arm64: "aarch64",
  loong64: "loongarch64",
  mips64le: "mips64el",
  ppc64le: "ppc64le",
  riscv64: "riscv64",
  s390x: "s390x",
};

/** The emulators that are registered and enabled. None where binfmt_misc is not mounted, although the kernel may know some. */
export function readEmulators(directory = binfmtDir): readonly Emulator[] {
  return list(directory)
    .filter((name) => name.startsWith("qemu-"))
    .flatMap((name) => parseEmulator(name, readFileSync(path.join(directory, name), "latin1")) ?? []);
}

/** The emulator for a platform whose programs this processor does not run. */
export function emulatorFor(platform: Platform, emulators: readonly Emulator[]): Emulator | undefined {
  const host = hostPlatform();
  if (platform.architecture === host.architecture) return undefined;
  return emulators.find(({ processor }) => processor === processors[platform.architecture]);
}

function list(directory: string): readonly string[] {
  try {
    return readdirSync(directory);
  } catch (error) {
    if (isErrno(error, "ENOENT", "EACCES", "EPERM")) return [];
    throw error;
  }
}

/** An entry as the kernel shows it: lines `enabled`, `interpreter PATH`, `flags: POCF`, … */
function parseEmulator(name: string, text: string): Emulator | undefined {
  const interpreter = /^interpreter (\/.*)$/m.exec(text)?.[1];
  if (!/^enabled$/m.test(text) || interpreter === undefined) return undefined;
  const flags = /^flags: (\w*)$/m.exec(text)?.[1] ?? "";
  return { processor: name.slice("qemu-".length), interpreter, isHeld: flags.includes("F") };
}
