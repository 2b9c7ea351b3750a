import { readFileSync } from "node:fs";
import path from "node:path";
import { isErrno } from "../../util/index.ts";
import { UsageError } from "../usage-error.ts";
import { parseKeyValues } from "./key-values.ts";

/** `K=V` lines for a process: those of `--env-file`, then those of `-e`, where `K` alone takes the caller's value. */
export function containerEnv(
  flags: { readonly env: readonly string[]; readonly envFile: readonly string[] },
  { cwd, env }: { readonly cwd: string; readonly env: NodeJS.ProcessEnv },
): string[] {
  const lines = flags.envFile.flatMap((file) => envFileLines(file, cwd));
  const values = { ...parseKeyValues("--env-file", lines, env), ...parseKeyValues("--env", flags.env, env) };
  return Object.entries(values).map(([name, value]) => `${name}=${value}`);
}

/** Docker's format: one `K=V` or `K` a line, `#` begins a comment line, nothing is quoted. */
function envFileLines(file: string, cwd: string): string[] {
  try {
    const text = readFileSync(path.resolve(cwd, file), "utf8");
    return text
      .replace(/^\ufeff/, "")
      .split(/\r?\n/)
      .map((line) => line.trimStart())
      .filter((line) => line !== "" && !line.startsWith("#"));
  } catch (error) {
    if (isErrno(error, "ENOENT")) throw new UsageError(`Cannot read --env-file "${file}": no such file`);
    throw error;
  }
}
