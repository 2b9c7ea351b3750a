import { posix } from "node:path";
import { formatPlatform } from "../../oci/index.ts";
import { quoteGo } from "../go-text.ts";
import type {
  AddInstruction,
  CopyInstruction,
  InstructionBase,
  StageInstruction,
} from "../instructions/instruction.ts";
import type { Finding } from "./finding.ts";
import type { LintInput, LintOptions } from "./lint-input.ts";
import type { StageScope } from "./stage-scope.ts";
import { walkStages } from "./walk-stages.ts";

/** Checks of instructions that depend on the stage they stand in; `options` says which of them count. */
export function* checkStages(input: LintInput, options: LintOptions): Generator<Finding> {
  const { stages, lastLine = Number.POSITIVE_INFINITY } = options;
  const isCounted = (index: number) => stages?.has(index) ?? true;
  for (const { index } of input.dockerfile.stages)
    if (isCounted(index)) yield* basePlatform(index, input, options);
  const latest = new Map<string, StageInstruction>();
  for (const { index, instruction, scope } of walkStages(input, options)) {
    if (!isCounted(index) || instruction.range.startLine > lastLine) continue;
    yield* repeatedInstruction(instruction, { index, latest });
    yield* checkInstruction(instruction, { scope, input, options });
  }
}

interface Situation {
  readonly scope: StageScope;
  readonly input: LintInput;
  readonly options: LintOptions;
}

function* basePlatform(index: number, input: LintInput, options: LintOptions): Generator<Finding> {
  const { base, platform: wanted = input.platform } = input.stages[index]!;
  if (base.kind !== "image") return;
  const image = options.baseImage?.(index);
  if (!image || (image.os === wanted.os && image.architecture === wanted.architecture)) return;
  const instruction = input.dockerfile.stages[index]!.from;
  const [was, expected] = [formatPlatform(image), formatPlatform(wanted)].map(quoteGo);
  const message = `Base image ${base.name} was pulled with platform ${was}, expected ${expected} for current build`;
  yield { rule: "InvalidBaseImagePlatform", message, instruction };
}

/** The earlier one is reported: it is the one without effect.
 * @param context.latest the latest instruction of each stage and kind */
function* repeatedInstruction(
  instruction: StageInstruction,
  { index, latest }: { readonly index: number; readonly latest: Map<string, StageInstruction> },
): Generator<Finding> {
  const { kind, keyword } = instruction;
  if (kind !== "cmd" && kind !== "entrypoint" && kind !== "healthcheck") return;
  const earlier = latest.get(`${index} ${kind}`);
  latest.set(`${index} ${kind}`, instruction);
  if (!earlier) return;
  const message = `Multiple ${keyword} instructions should not be used in the same stage because only the last one will be used`;
  yield { rule: "MultipleInstructionsDisallowed", message, instruction: earlier };
}

function* checkInstruction(instruction: StageInstruction, situation: Situation): Generator<Finding> {
  const { scope, input } = situation;
  const { escape } = input.dockerfile.directives;
  yield* scope.undefinedVariables(instruction, input);
  switch (instruction.kind) {
    case "cmd":
    case "entrypoint":
      if (instruction.command.form === "shell" && !scope.hasShell) yield jsonArgs(instruction);
      return;
    case "env":
      yield* secretNames(
        "ENV",
        instruction.pairs.map(({ key }) => scope.tryExpand(key, escape) ?? key),
        instruction,
      );
      if (instruction.isLegacy) yield legacyFormat(instruction);
      return;
    case "label":
      if (instruction.isLegacy) yield legacyFormat(instruction);
      return;
    case "arg":
      yield* secretNames(
        "ARG",
        instruction.args.map(({ key }) => key),
        instruction,
      );
      return;
    case "workdir":
      yield* relativeWorkdir(instruction, scope.tryExpand(instruction.path, escape), scope);
      return;
    case "expose":
      for (const word of instruction.ports.flatMap((port) => scope.tryExpandWords(port, escape)))
        yield* exposedPort(word, instruction);
      return;
    case "copy":
    case "add":
      yield* ignoredSources(instruction, situation);
      return;
    case "run":
    case "user":
    case "volume":
    case "stopsignal":
    case "shell":
    case "maintainer":
    case "healthcheck":
    case "onbuild":
  }
}

function jsonArgs(instruction: InstructionBase): Finding {
  const message = `JSON arguments recommended for ${instruction.keyword} to prevent unintended behavior related to OS signals`;
  return { rule: "JSONArgsRecommended", message, instruction };
}

function legacyFormat(instruction: InstructionBase): Finding {
  const { keyword } = instruction;
  const message = `"${keyword} key=value" should be used instead of legacy "${keyword} key value" format`;
  return { rule: "LegacyKeyValueFormat", message, instruction };
}

const secretName =
  /(?:_|^)(?:apikey|auth|credential|credentials|key|password|pword|passwd|secret|token)(?:_|$)/i;
const publicName = /(?:_|^)(?:public|file|version)(?:_|$)/i;

function* secretNames(
  name: "ARG" | "ENV",
  keys: readonly string[],
  instruction: InstructionBase,
): Generator<Finding> {
  for (const key of keys) {
    if (!secretName.test(key) || publicName.test(key)) continue;
    const message = `Do not use ARG or ENV instructions for sensitive data (${name} ${quoteGo(key)})`;
    yield { rule: "SecretsUsedInArgOrEnv", message, instruction };
  }
}

function* relativeWorkdir(
  instruction: InstructionBase,
  path: string | undefined,
  scope: StageScope,
): Generator<Finding> {
  if (scope.isWorkdirSet || path === undefined || path.startsWith("/")) return;
  const message = `Relative workdir ${quoteGo(path)} can have unexpected results if the base image changes`;
  yield { rule: "WorkdirRelativePath", message, instruction };
}

function* exposedPort(word: string, instruction: InstructionBase): Generator<Finding> {
  if (word.includes(":")) {
    const message = `EXPOSE instruction should not define an IP address or host-port mapping, found '${word}'`;
    yield { rule: "ExposeInvalidFormat", message, instruction };
  }
  const protocol = word.slice(word.indexOf("/"));
  if (word.includes("/") && protocol !== protocol.toLowerCase()) {
    const message = `Defined protocol '${word}' in EXPOSE instruction should be lowercase`;
    yield { rule: "ExposeProtoCasing", message, instruction };
  }
}

/** With exceptions (`!`) in the ignore file nothing can be said: a file inside an ignored directory may be one. */
function* ignoredSources(
  instruction: CopyInstruction | AddInstruction,
  { scope, input, options }: Situation,
): Generator<Finding> {
  const { ignore } = options;
  const isFromElsewhere = instruction.kind === "copy" && instruction.from !== undefined;
  if (!ignore || isFromElsewhere || ignore.patterns.some((pattern) => pattern.startsWith("!"))) return;
  for (const source of instruction.sources) {
    const expanded = scope.tryExpand(source, input.dockerfile.directives.escape);
    if (expanded === undefined || isRemote(expanded)) continue;
    const path = cleanPath(expanded);
    if (!isIgnored(path, ignore)) continue;
    const verb = instruction.kind === "copy" ? "Copy" : "Add";
    const message = `Attempting to ${verb} file ${quoteGo(path)} that is excluded by .dockerignore`;
    yield { rule: "CopyIgnoredFile", message, instruction };
  }
}

/** The root itself is only ignored by a pattern that ignores everything. */
function isIgnored(path: string, ignore: NonNullable<LintOptions["ignore"]>): boolean {
  if (path !== "." && path !== "/") return ignore.isIgnored(path);
  return ignore.patterns.some((pattern) => ["*", "**", "**/*"].includes(pattern));
}

function isRemote(source: string): boolean {
  return /^(?:[a-z][a-z0-9+.-]*:\/\/|git@)/i.test(source);
}

function cleanPath(path: string): string {
  const normal = posix.normalize(path);
  return normal.length > 1 && normal.endsWith("/") ? normal.slice(0, -1) : normal;
}
