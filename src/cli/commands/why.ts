import path from "node:path";
import type { Command } from "commander";
import { type BuildStory, lastStory } from "../../build/index.ts";
import type { CliIo } from "../cli-io.ts";
import { type GlobalFlags, openCliStore } from "../open-images.ts";
import { matchingSteps, storyText } from "../output/story-text.ts";
import { UsageError } from "../usage-error.ts";

interface WhyFlags extends GlobalFlags {
  readonly context?: string;
  readonly json?: boolean;
}

export function define(command: Command, io: CliIo): void {
  command
    .usage("[OPTIONS] [STEP]")
    .argument(
      "[step]",
      'only the steps with this in their name, e.g. "builder 2/3" or "RUN go"; with every part that changed',
    )
    .option("--context <dir>", "The last build of this context; default: the last build of the store")
    .option("--json", "Show the whole story as JSON")
    .action((step: string | undefined) => {
      const flags = command.optsWithGlobals<WhyFlags>();
      const story = findStory(flags, io);
      const steps = step === undefined ? story.steps : matchingSteps(story, step);
      if (step !== undefined && steps.length === 0) {
        throw new UsageError(`Cannot explain ${JSON.stringify(step)}: the last build has no such step`, {
          hint: "slipway why lists all of them",
        });
      }
      const shown = { ...story, steps };
      io.stdout.write(
        flags.json
          ? `${JSON.stringify(shown, undefined, 2)}\n`
          : storyText(shown, { isDetailed: step !== undefined }),
      );
    });
}

function findStory(flags: WhyFlags, io: CliIo): BuildStory {
  const store = openCliStore(flags, io);
  const directory = flags.context === undefined ? undefined : path.resolve(io.cwd, flags.context);
  const story = lastStory(store, ({ contextDir }) => directory === undefined || contextDir === directory);
  if (story) return story;
  const what = directory === undefined ? "no build" : `no build of ${JSON.stringify(directory)}`;
  throw new UsageError(`Cannot tell why: ${what} was recorded in the store yet`);
}
