import path from "node:path";
import { type BuildOptions, checkBuild, outlineBuild, targetsOfBuild, withContext } from "../build/index.ts";
import type { Store } from "../content/index.ts";
import type { CliIo } from "./cli-io.ts";
import { exitCodes } from "./exit-code.ts";
import { type BuildFlags, toBuildOptions } from "./flags/build-options.ts";
import type { Call } from "./flags/parse-call.ts";
import { checkJson, checkText, remarksText } from "./output/check-text.ts";
import { outlineJson, outlineText, targetsJson, targetsText } from "./output/outline-text.ts";
import { errorText } from "./report-error.ts";
import { type Work, withProgress } from "./with-progress.ts";

export interface CallRequest {
  readonly call: Call;
  readonly context: string;
  readonly flags: BuildFlags;
  readonly store: Store;
}

/** `slipway build --call`: answers a question about a build on standard output, without building. A check with warnings ends
 * with exit code 1. */
export async function runCall(request: CallRequest, io: CliIo): Promise<void> {
  const { call, context, flags, store } = request;
  const options = await toBuildOptions(context, flags, io);
  const isJson = call.format === "json";
  const ask = <Answer>(
    question: (fetched: BuildOptions, work: Work & { readonly store: Store }) => Answer | Promise<Answer>,
  ) =>
    withProgress(flags, io, (work) =>
      withContext(options, { store, ...work }, (fetched) => question(fetched, { store, ...work })),
    );
  if (call.method === "targets") {
    const answer = await ask(targetsOfBuild);
    io.stdout.write(isJson ? targetsJson(answer) : targetsText(answer));
  } else if (call.method === "outline") {
    const answer = await ask(outlineBuild);
    io.stdout.write(isJson ? outlineJson(answer) : outlineText(answer));
  } else {
    const answer = await ask(checkBuild);
    io.stdout.write(isJson ? checkJson(answer) : checkText(answer, fileName(request, options, io)));
    if (!isJson && !flags.quiet) io.stderr.write(remarksText(answer));
    const isViolation = answer.error?.code === "DOCKERFILE_CHECK" && answer.warnings.length > 0;
    if (answer.error && !isViolation) throw answer.error;
    if (answer.error) io.stderr.write(errorText(answer.error, { debug: false }));
    if (answer.warnings.length > 0 && !call.ignoresStatus) io.exitCode = exitCodes.failure;
  }
}

/** The Dockerfile as the user named it. */
function fileName({ context, flags }: CallRequest, options: BuildOptions, io: CliIo): string {
  const { dockerfile, contextDir } = options;
  if (dockerfile.kind === "text") return dockerfile.name;
  if (flags.file !== undefined) return flags.file;
  const isDirectory = contextDir === path.resolve(io.cwd, context);
  return isDirectory ? path.join(context, "Dockerfile") : "Dockerfile";
}
