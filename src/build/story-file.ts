import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, statSync } from "node:fs";
import path from "node:path";
import type { Store } from "../content/index.ts";
import { isErrno, listIfThere, writeFileExpendable } from "../util/index.ts";
import type { BuildStory } from "./build-story.ts";

/** Keeps the story as the last one of its project. */
export function writeStory(store: Store, project: string, story: BuildStory): void {
  const { builds } = store.paths;
  const name = createHash("sha256").update(project).digest("hex").slice(0, 32);
  mkdirSync(builds, { recursive: true });
  writeFileExpendable(path.join(builds, `${name}.json`), JSON.stringify(story), store.temp.dir());
}

/** The story of the last build, of those that `accepts`. A damaged one counts as absent. */
export function lastStory(
  store: Store,
  accepts: (story: BuildStory) => boolean = () => true,
): BuildStory | undefined {
  const { builds } = store.paths;
  const names = listIfThere(builds).filter((name) => namePattern.test(name));
  const files = names.map((name) => path.join(builds, name));
  const stories = files.flatMap((file) => {
    const story = readStory(file);
    return story && accepts(story) ? [story] : [];
  });
  return stories.sort((a, b) => b.startedAtMs - a.startedAtMs)[0];
}

const namePattern = /^[0-9a-f]{32}\.json$/;
const limitBytes = 64 * 1024 * 1024;

function readStory(file: string): BuildStory | undefined {
  try {
    if (statSync(file).size > limitBytes) return undefined;
    const story = JSON.parse(readFileSync(file, "utf8")) as Partial<BuildStory> | null;
    const isStory =
      typeof story?.startedAtMs === "number" &&
      typeof story.durationMs === "number" &&
      typeof story.dockerfile === "string" &&
      Array.isArray(story.steps) &&
      Array.isArray(story.stagesSkipped);
    return isStory ? (story as BuildStory) : undefined;
  } catch (error) {
    if (error instanceof SyntaxError || isErrno(error, "ENOENT")) return undefined;
    throw error;
  }
}
