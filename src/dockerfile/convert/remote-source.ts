import { CodedError } from "../../errors/index.ts";
import {
  type CopyAction,
  type GitReference,
  gitSourceOf,
  gitSourceOp,
  httpSourceOp,
  parseGitReference,
  type SourceOp,
} from "../../llb/index.ts";
import type { AddInstruction, CopyInstruction } from "../instructions/instruction.ts";
import type { StepOf } from "../stages/index.ts";
import type { ConvertContext } from "./convert-context.ts";
import { resolveSource } from "./paths.ts";

type AddStep = StepOf<CopyInstruction | AddInstruction>;

/** A source of ADD that is no file of a tree: the operation that brings it in, and how it is copied from there. */
export interface RemoteSource {
  readonly op: SourceOp;
  readonly action: Pick<CopyAction, "source" | "copyDirContents" | "attemptUnpack">;
}

/** Reads a source of ADD as a file or a repository of the network; undefined for a path of the build context.
 * @throws {DockerfileError} `DOCKERFILE_INSTRUCTION`, with BuildKit's message; for every one of COPY too */
export function remoteSource(
  context: ConvertContext,
  step: AddStep,
  { source, checksum }: { readonly source: string; readonly checksum: string },
): RemoteSource | undefined {
  const { instruction } = step;
  const git = context.locate(step, () => readGit(context, step, source));
  if (git && !git.isAmbiguous) {
    if (instruction.kind === "copy") throw context.error(step, "source can't be a git ref for COPY");
    return gitSource(context, { ...step, instruction }, { git, checksum });
  }
  if (!/^https?:\/\//.test(source)) return undefined;
  if (instruction.kind === "copy") throw context.error(step, "source can't be a URL for COPY");
  const filename = lastName(source);
  const pin = checksum || withLocation(context, step, () => context.options.pins?.url(source));
  return {
    op: httpSourceOp({ url: source, filename, ...(pin && { checksum: pin }) }),
    action: {
      source: resolveSource(filename),
      copyDirContents: false,
      attemptUnpack: instruction.unpack ?? false,
    },
  };
}

function readGit(context: ConvertContext, step: AddStep, source: string): GitReference | undefined {
  try {
    return parseGitReference(source);
  } catch (error) {
    throw context.error(step, error instanceof Error ? error.message : String(error));
  }
}

function gitSource(
  context: ConvertContext,
  step: StepOf<AddInstruction>,
  { git, checksum: given }: { readonly git: GitReference; readonly checksum: string },
): RemoteSource {
  const { keepGitDir } = step.instruction;
  if (keepGitDir !== undefined && git.keepGitDir !== undefined && keepGitDir !== git.keepGitDir) {
    throw context.error(step, "inconsistent keep-git-dir configuration");
  }
  if (given && git.checksum !== undefined && given !== git.checksum) {
    const pair = `${JSON.stringify(given)} != ${JSON.stringify(git.checksum)}`;
    throw context.error(step, `checksum mismatch ${pair}`);
  }
  const checksum = git.checksum ?? given;
  if (git.fetchByCommit && !checksum) throw context.error(step, "fetch-by-commit requires a checksum");
  const { remote, ref } = git;
  const isPinned = [checksum, ref].some((text) => /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(text ?? ""));
  const pin = isPinned
    ? undefined
    : withLocation(context, step, () => context.options.pins?.git(remote, ref));
  const reference = { ...git, ...(checksum && { checksum }), ...(pin !== undefined && { ref: pin }) };
  return {
    op: gitSourceOp(gitSourceOf(reference, { keepGitDir })),
    action: { source: "/", copyDirContents: true, attemptUnpack: false },
  };
}

function withLocation<Value>(context: ConvertContext, step: AddStep, ask: () => Value): Value {
  try {
    return ask();
  } catch (error) {
    if (error instanceof CodedError) error.location ??= context.error(step, "").location;
    throw error;
  }
}

/** Name of the file that a URL brings: the last part of its path, decoded. */
function lastName(url: string): string {
  try {
    const { pathname } = new URL(url);
    const parts = decodeURIComponent(pathname).split("/");
    return parts.findLast((part) => part !== "" && part !== "." && part !== "..") ?? "__unnamed__";
  } catch {
    return "__unnamed__";
  }
}
