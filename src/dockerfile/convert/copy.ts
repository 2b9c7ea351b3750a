import { redactUrls } from "../../errors/index.ts";
import type { CopyAction, FileOp, VertexDigest } from "../../llb/index.ts";
import { quoteGo } from "../go-text.ts";
import type { AddInstruction, CopyInstruction, InlineFile } from "../instructions/instruction.ts";
import { expandHeredocAt, type StepOf } from "../stages/index.ts";
import { parseChmod } from "./chmod.ts";
import type { ConvertContext } from "./convert-context.ts";
import { type RemoteSource, remoteSource } from "./remote-source.ts";
import { addHistory } from "./history.ts";
import { inlineFile, inlineFileDescription } from "./inline-file.ts";
import { InputList } from "./input-list.ts";
import { isNamed, parseOwner, refuseOwnerName } from "./owner.ts";
import { leavingSources, resolveDest, resolveSource } from "./paths.ts";
import type { StageState } from "./stage-state.ts";
import { nextStep } from "./step-name.ts";

type CopyStep = StepOf<CopyInstruction | AddInstruction>;

/** COPY and ADD: one file operation, with an action for each source. With `--link` it knows nothing of the tree below: it makes
 * a tree of its own, which is laid upon the stage's. */
export function dispatchCopy(context: ConvertContext, state: StageState, step: CopyStep): void {
  const words = expandWords(context, state, step);
  const { checksum } = words;
  const remotes = words.sources.map((source) => remoteSource(context, step, { source, checksum }));
  if (checksum) requireOneRemote(context, step, remotes);
  const metadata = nextStep(context, state, step);
  const inputs = new InputList();
  const shared = sharedOptions(context, state, step, words);
  const isLinked = step.instruction.link && canLink(shared);
  const base = isLinked ? -1 : inputs.add(state.vertex);
  if (base < 0) refuseOwnerName(context, step, shared.owner);
  const actions: CopyAction[] = [];
  for (const [index, source] of words.sources.entries()) {
    const remote = remotes[index];
    if (remote) {
      const named = context.metadata(state, step, metadata.description);
      const from = inputs.add(context.definition.add(remote.op, [], named));
      actions.push({ ...literalAction(from, shared), ...remote.action });
    } else {
      const from = inputs.add(sourceTree(context, state, step));
      actions.push(copyAction(step, { from, source, shared }));
    }
  }
  for (const file of step.instruction.files) {
    const from = inputs.add(inlineTree(context, state, step, file));
    actions.push({ ...literalAction(from, shared), source: resolveSource(file.name) });
  }
  const op: FileOp = { kind: "file", base, actions };
  const copied = context.definition.add(op, inputs.digests, {
    ...metadata,
    leavingSources: leavingSources(words.sources),
  });
  state.vertex = isLinked ? layUpon(context, state, copied) : copied;
  addHistory(state, shownCopy(step, words), "tree");
}

/** With a mode, BuildKit copies as if `--link` were not there. With an owner by name, so do we: only the tree below can tell its
 * number. */
function canLink({ mode, owner }: SharedOptions): boolean {
  return mode === undefined && !isNamed(owner);
}

function layUpon(context: ConvertContext, { vertex, node }: StageState, copied: VertexDigest): VertexDigest {
  if (vertex === undefined) return copied;
  const metadata = { description: "[internal] link", stage: node.displayName };
  return context.definition.add({ kind: "merge" }, [vertex, copied], metadata);
}

interface CopyWords {
  readonly sources: readonly string[];
  readonly dest: string;
  readonly chown: string;
  readonly chmod: string;
  readonly checksum: string;
}

function expandWords(context: ConvertContext, state: StageState, step: CopyStep): CopyWords {
  const { instruction } = step;
  const expand = (word: string | undefined) => (word ? context.expand(state, step, word) : "");
  return {
    chown: expand(instruction.chown),
    chmod: expand(instruction.chmod),
    checksum: instruction.kind === "add" ? expand(instruction.checksum) : "",
    sources: instruction.sources.map(expand),
    dest: expand(instruction.dest),
  };
}

function requireOneRemote(
  context: ConvertContext,
  step: CopyStep,
  remotes: readonly (RemoteSource | undefined)[],
): void {
  if (remotes.length !== 1) throw context.error(step, "checksum can't be specified for multiple sources");
  if (!remotes[0]) throw context.error(step, "checksum requires HTTP(S) or Git sources");
}

function sourceTree(context: ConvertContext, state: StageState, step: CopyStep): VertexDigest | undefined {
  const source = step.sources[0];
  if (source === undefined) return context.mainContext();
  if (source.kind === "stage" && !context.states[source.index]!.isDispatched) {
    const from = step.instruction.kind === "copy" ? step.instruction.from : "";
    const message = `cannot copy from stage ${quoteGo(from ?? "")}, it needs to be defined before current stage ${quoteGo(state.label)}`;
    throw context.error(step, message, "DOCKERFILE_STAGE");
  }
  return context.sourceTree(source);
}

type SharedOptions = Pick<CopyAction, "dest" | "owner" | "mode" | "excludePatterns">;

function sharedOptions(
  context: ConvertContext,
  state: StageState,
  step: CopyStep,
  words: CopyWords,
): SharedOptions {
  const { excludes } = step.instruction;
  return {
    dest: resolveDest(state.workdir, words.dest),
    ...(words.chown && { owner: parseOwner(words.chown) }),
    ...(words.chmod && { mode: parseChmod(words.chmod, (message) => context.error(step, message)) }),
    ...(excludes.length > 0 && { excludePatterns: excludes }),
  };
}

interface CopySource {
  readonly from: number;
  readonly source: string;
  readonly shared: SharedOptions;
}

function copyAction({ instruction }: CopyStep, { from, source, shared }: CopySource): CopyAction {
  const isParents = instruction.kind === "copy" && instruction.parents;
  return {
    kind: "copy",
    from,
    source: isParents ? pivotSource(source) : resolveSource(source),
    ...shared,
    followSymlink: true,
    copyDirContents: true,
    attemptUnpack: instruction.kind === "add" && (instruction.unpack ?? true),
    createDestPath: true,
    allowWildcard: true,
    allowEmptyWildcard: true,
    ...(isParents && { parents: true }),
  };
}

/** A source of `--parents`: both sides of the pivot made clean. The pivot is the root where none is written. */
function pivotSource(source: string): string {
  const at = source.indexOf("/./");
  const parent = at < 0 ? "/" : resolveSource(source.slice(0, at));
  const path = resolveSource(at < 0 ? source : source.slice(at + "/./".length));
  return `${parent === "/" ? "" : parent}/.${path}`;
}

function inlineTree(
  context: ConvertContext,
  state: StageState,
  step: CopyStep,
  file: InlineFile,
): VertexDigest {
  const { dockerfile } = context.graph;
  const data = file.expand
    ? expandHeredocAt(dockerfile, step.instruction, file.content, state.env)
    : file.content;
  const metadata = context.metadata(state, step, inlineFileDescription);
  return context.definition.add(inlineFile(file.name, data, 0o644), [], metadata);
}

/** Copies what it is told and nothing else. */
function literalAction(from: number, shared: SharedOptions): Omit<CopyAction, "source"> {
  return {
    kind: "copy",
    from,
    ...shared,
    followSymlink: false,
    copyDirContents: false,
    attemptUnpack: false,
    createDestPath: true,
    allowWildcard: false,
    allowEmptyWildcard: false,
  };
}

function shownCopy({ instruction }: CopyStep, words: CopyWords): string {
  return [
    instruction.kind === "add" ? "ADD" : "COPY",
    ...(instruction.kind === "copy" && instruction.parents ? ["--parents"] : []),
    ...(words.chown ? [`--chown=${words.chown}`] : []),
    ...(words.chmod ? [`--chmod=${words.chmod}`] : []),
    ...words.sources.map(redactUrls),
    ...instruction.files.map(({ name }) => `<<${name}`),
    words.dest,
  ].join(" ");
}
