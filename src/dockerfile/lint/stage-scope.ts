import { nearest } from "../../errors/index.ts";
import { DockerfileError } from "../dockerfile-error.ts";
import type { ArgInstruction, EnvInstruction, StageInstruction } from "../instructions/instruction.ts";
import type { EscapeToken } from "../parser/directives.ts";
import { processWord, processWords, toEnvironment } from "../shell/process-word.ts";
import type { Finding } from "./finding.ts";
import { expandInstruction } from "./instruction-words.ts";
import type { LintBaseImage, LintInput } from "./lint-input.ts";

/** Control arguments that never become variables. */
const notInEnv = new Set(["BUILDKIT_SBOM_SCAN_CONTEXT", "BUILDKIT_SBOM_SCAN_STAGE"]);

const defaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** What checks know of a stage while they walk through it: its variables, and what was set in it or a stage below it. */
export class StageScope {
  readonly env: Map<string, string>;
  readonly #args: Set<string>;
  /** Not when the base image is unknown: it may set any variable. */
  readonly #isEnvKnown: boolean;
  isWorkdirSet: boolean;
  hasShell: boolean;

  private constructor(env: Map<string, string>, args: ReadonlySet<string>, isEnvKnown: boolean) {
    this.env = env;
    this.#args = new Set(args);
    this.#isEnvKnown = isEnvKnown;
    this.isWorkdirSet = false;
    this.hasShell = false;
  }

  /** A stage that starts from an image (undefined: one that nothing is known of). */
  static fromImage(image: LintBaseImage | undefined): StageScope {
    const env = toEnvironment(image?.config.Env ?? []);
    if (!env.has("PATH")) env.set("PATH", defaultPath);
    const scope = new StageScope(env, new Set(), image !== undefined);
    scope.hasShell = (image?.config.Shell ?? []).length > 0;
    return scope;
  }

  /** A stage that starts from another. */
  static fromStage(base: StageScope): StageScope {
    const scope = new StageScope(new Map(base.env), base.#args, base.#isEnvKnown);
    scope.isWorkdirSet = base.isWorkdirSet;
    scope.hasShell = base.hasShell;
    return scope;
  }

  /** Expands what the build expands and reports variables that nothing defines, for each word anew. */
  *undefinedVariables(instruction: StageInstruction, input: LintInput): Generator<Finding> {
    for (const name of this.#isEnvKnown ? this.unmatchedNames(instruction, input) : []) {
      if (this.declares(name) || notInEnv.has(name)) continue;
      const suggestion = nearest(name, this.env.keys());
      const hint = suggestion === undefined ? "" : ` (did you mean $${suggestion}?)`;
      const message = `Usage of undefined variable '$${name}'${hint}`;
      yield { rule: "UndefinedVar", message, instruction };
    }
  }

  /** Whether the stage, or one below it, has an ARG of that name, with a value or without. */
  declares(name: string): boolean {
    return this.#args.has(name);
  }

  /** Variables without a value in what the build expands of an instruction, word by word. */
  unmatchedNames(instruction: StageInstruction, input: LintInput): readonly string[] {
    const { escape } = input.dockerfile.directives;
    const names: string[] = [];
    const expand = (word: string, kind?: "heredoc") => {
      const { text, unmatched } = processWord(word, this.env, kind ? { skipQuotes: true } : { escape });
      for (const name of unmatched) names.push(name);
      return text;
    };
    quietly(() => expandInstruction(instruction, expand));
    if (instruction.kind === "arg") quietly(() => this.#expandDefaults(instruction, input, expand));
    return names;
  }

  #expandDefaults(instruction: ArgInstruction, input: LintInput, expand: (word: string) => string): void {
    for (const { key, value } of instruction.args) {
      if (value !== undefined && !Object.hasOwn(input.buildArgs, key)) expand(value);
    }
  }

  /** Takes over what an instruction sets. */
  apply(instruction: StageInstruction, input: LintInput): void {
    if (instruction.kind === "env") this.#applyEnv(instruction, input);
    else if (instruction.kind === "arg") this.#applyArg(instruction, input);
    else if (instruction.kind === "workdir") this.isWorkdirSet = true;
    else if (instruction.kind === "shell") this.hasShell = true;
  }

  /** Values see the variables as they were before the instruction. */
  #applyEnv({ pairs }: EnvInstruction, input: LintInput): void {
    const { escape } = input.dockerfile.directives;
    const expanded = pairs.map(({ key, value }) =>
      [key, value].map((word) => this.tryExpand(word, escape) ?? ""),
    );
    for (const [key, value] of expanded) this.env.set(key!, value!);
  }

  #applyArg({ args }: ArgInstruction, input: LintInput): void {
    const { buildArgs, globalArgs, dockerfile } = input;
    for (const { key, value } of args) {
      this.#args.add(key);
      const given = Object.hasOwn(buildArgs, key) ? buildArgs[key] : undefined;
      const fallback =
        value === undefined ? globalArgs.get(key) : this.tryExpand(value, dockerfile.directives.escape);
      const resolved = given ?? fallback;
      if (resolved !== undefined) this.env.set(key, resolved);
    }
  }

  /** A word with its variables replaced; undefined when that fails, as it will in the build. */
  tryExpand(word: string, escape: EscapeToken): string | undefined {
    return quietly(() => processWord(word, this.env, { escape }).text);
  }

  /** Like `tryExpand`, for a word whose values may be several. */
  tryExpandWords(word: string, escape: EscapeToken): readonly string[] {
    return quietly(() => processWords(word, this.env, { escape })) ?? [];
  }
}

/** A word that cannot be expanded is a matter of the build, not of a check. */
function quietly<Value>(run: () => Value): Value | undefined {
  try {
    return run();
  } catch (error) {
    if (error instanceof DockerfileError) return undefined;
    throw error;
  }
}
