import { lstatSync } from "node:fs";
import path from "node:path";
import { resolveInside } from "../snapshot/index.ts";
import { isErrno } from "../util/index.ts";

export interface ProgramRequest {
  readonly args: readonly string[];
  readonly env: readonly string[];
  readonly cwd: string;
}

/** Is there anything that a runtime might take for the program: in the tree, whatever it is, or in what is mounted over it? True where
 * that cannot be told.
 * @param filled what the runtime mounts something on */
export function mayHaveProgram(root: string, request: ProgramRequest, filled: readonly string[]): boolean {
  const mounted = filled.map((place) => tryResolve(root, place) ?? "/");
  return candidates(request).some((file) => {
    const resolved = tryResolve(root, file);
    return (
      resolved === undefined || mounted.some((each) => isBelow(resolved, each)) || isThere(root + resolved)
    );
  });
}

function candidates({ args: [program = ""], env, cwd }: ProgramRequest): readonly string[] {
  if (program.includes("/")) return [path.posix.isAbsolute(program) ? program : `${cwd}/${program}`];
  const searched = env.findLast((variable) => variable.startsWith("PATH="))?.slice("PATH=".length) ?? "";
  return searched.split(":").map((directory) => `${directory === "" ? cwd : directory}/${program}`);
}

/** Undefined for links that lead nowhere. */
function tryResolve(root: string, file: string): string | undefined {
  try {
    return resolveInside(root, file);
  } catch {
    return undefined;
  }
}

function isBelow(file: string, directory: string): boolean {
  return directory === "/" || file === directory || file.startsWith(`${directory}/`);
}

function isThere(file: string): boolean {
  try {
    return lstatSync(file, { throwIfNoEntry: false }) !== undefined;
  } catch (error) {
    return !isErrno(error, "ENOTDIR");
  }
}
