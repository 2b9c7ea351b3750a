import { readFileSync } from "node:fs";
import os from "node:os";
import { isErrno } from "../util/index.ts";
import { ExecutorError } from "./executor-error.ts";
import { type Seccomp, toSeccomp } from "./seccomp.ts";

/** Where distributions install the profile: package `golang-github-containers-common` (Debian) or `containers-common`. */
const FILES = ["/etc/containers/seccomp.json", "/usr/share/containers/seccomp.json"];

const GO_ARCH: Readonly<Partial<Record<NodeJS.Architecture, string>>> = {
  x64: "amd64",
  ia32: "386",
  ppc64: "ppc64le",
};

const cached = new Map<string, Seccomp | undefined>();

/** The host's default profile for these capabilities; undefined when the host has none. */
export function hostSeccomp(capabilities: readonly string[]): Seccomp | undefined {
  const key = capabilities.join();
  if (!cached.has(key)) cached.set(key, load(capabilities));
  return cached.get(key);
}

/** Does the host have a profile? */
export function hostHasSeccomp(): boolean {
  return readFirst(FILES) !== undefined;
}

function load(capabilities: readonly string[]): Seccomp | undefined {
  const [file, text] = readFirst(FILES) ?? [];
  if (text === undefined) return undefined;
  const [major = 0, minor = 0] = os.release().split(".").map(Number);
  try {
    const arch = GO_ARCH[process.arch] ?? process.arch;
    return toSeccomp(JSON.parse(text) as unknown, { arch, capabilities, kernel: [major, minor] });
  } catch (cause) {
    throw new ExecutorError("INVALID_SECCOMP_PROFILE", `Cannot read seccomp profile "${file}"`, { cause });
  }
}

function readFirst(files: readonly string[]): [file: string, text: string] | undefined {
  for (const file of files) {
    try {
      return [file, readFileSync(file, "utf8")];
    } catch (error) {
      if (!isErrno(error, "ENOENT")) throw error;
    }
  }
  return undefined;
}
