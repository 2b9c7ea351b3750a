import { loadProject, type Project, type ProjectFilesOptions } from "../compose/index.ts";
import type { CliIo } from "./cli-io.ts";
import type { ProgressFlags } from "./flags/progress-mode.ts";
import type { GlobalFlags } from "./open-images.ts";

export interface ProjectFlags extends GlobalFlags, ProgressFlags {
  readonly file: readonly string[];
  readonly projectName?: string;
  readonly projectDirectory?: string;
  readonly envFile: readonly string[];
  readonly profile: readonly string[];
  readonly debug?: boolean;
}

/** Loads the project that a command line names, and shows its warnings.
 * @param named services of the command line, which activate their profiles */
export function openProject(flags: ProjectFlags, io: CliIo, named: readonly string[] = []): Project {
  const project = loadProject({
    ...filesOptions(flags, io),
    ...(flags.projectName !== undefined && { projectName: flags.projectName }),
    profiles: flags.profile,
    named,
  });
  for (const warning of project.warnings) io.stderr.write(`warning: ${warning}\n`);
  return project;
}

export function filesOptions(flags: ProjectFlags, { cwd, env }: CliIo): ProjectFilesOptions {
  const { file, envFile, projectDirectory } = flags;
  return {
    files: file,
    ...(projectDirectory !== undefined && { projectDirectory }),
    envFiles: envFile,
    cwd,
    env,
  };
}
