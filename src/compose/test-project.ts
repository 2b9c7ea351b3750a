import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after } from "node:test";
import { type LoadOptions, loadProject } from "./load-project.ts";
import type { Project } from "./project.ts";

/** Below which the directories of loaded projects are. */
export const root = mkdtempSync(path.join(tmpdir(), "slipway-compose-"));
after(() => rmSync(root, { recursive: true }));

let count = 0;

/** Loads a project of these files, in a directory of its own that is called `app`. */
export function load(files: Record<string, string>, options: Partial<LoadOptions> = {}): Project {
  const cwd = path.join(root, String(count++), "app");
  mkdirSync(cwd, { recursive: true });
  for (const [name, text] of Object.entries(files)) writeFileSync(path.join(cwd, name), text);
  return loadProject({ files: [], cwd, env: {}, ...options });
}
