import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { type TestContext } from "node:test";
import { setTimeout } from "node:timers/promises";
import type { CopyAction } from "../llb/index.ts";
import { type BuildContext, openContext } from "./index.ts";

export const copy = (source: string): CopyAction => ({
  kind: "copy",
  from: 0,
  source,
  dest: "/",
  followSymlink: true,
  copyDirContents: true,
  attemptUnpack: false,
  createDestPath: true,
  allowWildcard: true,
  allowEmptyWildcard: true,
});

export async function digest(context: BuildContext, source = "/"): Promise<string> {
  return (await context.digestSources([copy(source)]))[0]!;
}

/** A context whose files are old enough to be trusted. */
export async function place(t: TestContext, files: Record<string, string>) {
  const root = mkdtempSync(path.join(tmpdir(), "slipway-context-"));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  const [directory, indexDir] = [path.join(root, "context"), path.join(root, "indexes")];
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(directory, name)), { recursive: true });
    writeFileSync(path.join(directory, name), text);
  }
  await setTimeout(40);
  return {
    directory,
    indexDir,
    open: (excludePatterns: string[] = []) => openContext(directory, { indexDir, excludePatterns }),
    indexFile: () => fileOf(indexDir, ".idx"),
    knownFile: () => fileOf(indexDir, ".sel"),
  };
}

function fileOf(indexDir: string, ending: string): string {
  const files = readdirSync(indexDir).filter((name) => name.endsWith(ending));
  assert.equal(files.length, 1);
  return path.join(indexDir, files[0]!);
}
