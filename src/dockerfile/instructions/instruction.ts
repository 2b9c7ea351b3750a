import type { Diagnostic, SourceRange } from "../../errors/index.ts";
import type { Directives } from "../parser/directives.ts";
import type { Heredoc } from "../parser/syntax-tree.ts";
import type { RunDevice } from "./device.ts";

export type { Heredoc, RunDevice };

/** One instruction with its arguments typed and checked. Text that BuildKit expands later (per stage) is kept unexpanded:
 * image and platform of FROM, values of ENV, ARG and LABEL, paths, `--chown`, `--chmod`, `--checksum`, `--mount`, ports, … */
export type Instruction =
  | FromInstruction
  | RunInstruction
  | CopyInstruction
  | AddInstruction
  | EnvInstruction
  | ArgInstruction
  | LabelInstruction
  | CmdInstruction
  | EntrypointInstruction
  | ShellInstruction
  | WorkdirInstruction
  | UserInstruction
  | StopSignalInstruction
  | MaintainerInstruction
  | ExposeInstruction
  | VolumeInstruction
  | HealthcheckInstruction
  | OnbuildInstruction;

/** What can stand in a stage after its FROM. */
export type StageInstruction = Exclude<Instruction, FromInstruction>;

export interface InstructionBase {
  /** The keyword as written, for example `Copy`. */
  readonly keyword: string;
  /** The instruction's text in one line (continuations joined, comments dropped, heredoc bodies left out), trimmed:
   * what step names show. */
  readonly original: string;
  /** From the keyword to the end of the last line, heredoc bodies and their delimiters included. */
  readonly range: SourceRange;
  /** `--name[=value]` as written, quotes removed, in order. */
  readonly flags: readonly Flag[];
  /** The comments since the instruction before, without `#` and surrounding white space; an empty one starts afresh. */
  readonly prevComment: readonly string[];
}

export interface Flag {
  readonly name: string;
  /** Absent for a bare flag. */
  readonly value?: string;
  readonly range: SourceRange;
}

export interface FromInstruction extends InstructionBase {
  readonly kind: "from";
  /** Image or stage, unexpanded. */
  readonly image: string;
  /** `--platform`, unexpanded; absent or empty = the target's. */
  readonly platform?: string;
  /** Lowercase, as BuildKit keeps it. */
  readonly stageName?: string;
  /** The name and the word AS as written, for checks of casing. */
  readonly stageNameAsWritten?: string;
  readonly asKeyword?: string;
}

/** Exec form: the JSON array. Shell form: the text to hand to SHELL, empty when nothing was written. */
export type CommandLine =
  | { readonly form: "exec"; readonly args: readonly string[] }
  | { readonly form: "shell"; readonly command: string };

export interface RunInstruction extends InstructionBase {
  readonly kind: "run";
  readonly command: CommandLine;
  readonly heredocs: readonly Heredoc[];
  /** `--mount` values, raw: see `parseMount`. */
  readonly mounts: readonly string[];
  readonly network: "default" | "none" | "host";
  readonly security: "sandbox" | "insecure";
  readonly devices: readonly RunDevice[];
}

/** A heredoc as a source of COPY or ADD: a file called `name` in the destination. */
export interface InlineFile {
  readonly name: string;
  /** Leading tabs removed for `<<-`, not expanded. */
  readonly content: string;
  readonly expand: boolean;
}

export interface CopySources {
  /** Paths, patterns or (ADD) URLs, in order. */
  readonly sources: readonly string[];
  /** Heredocs among the sources, in order; BuildKit copies them after `sources`. */
  readonly files: readonly InlineFile[];
  readonly dest: string;
  readonly chown?: string;
  readonly chmod?: string;
  readonly link: boolean;
  readonly excludes: readonly string[];
}

export interface CopyInstruction extends InstructionBase, CopySources {
  readonly kind: "copy";
  /** Stage name, stage index, image or named context; never expanded. */
  readonly from?: string;
  readonly parents: boolean;
}

export interface AddInstruction extends InstructionBase, CopySources {
  readonly kind: "add";
  /** Absent = not written. */
  readonly keepGitDir?: boolean;
  readonly unpack?: boolean;
  readonly checksum?: string;
}

export interface KeyValue {
  readonly key: string;
  readonly value: string;
}

export interface EnvInstruction extends InstructionBase {
  readonly kind: "env";
  readonly pairs: readonly KeyValue[];
  /** `ENV key value`. */
  readonly isLegacy: boolean;
}

export interface LabelInstruction extends InstructionBase {
  readonly kind: "label";
  readonly pairs: readonly KeyValue[];
  readonly isLegacy: boolean;
}

export interface ArgInstruction extends InstructionBase {
  readonly kind: "arg";
  readonly args: readonly ArgDeclaration[];
}

export interface ArgDeclaration {
  readonly key: string;
  /** Default, unexpanded; absent for `ARG name`, empty for `ARG name=`. */
  readonly value?: string;
}

export interface CmdInstruction extends InstructionBase {
  readonly kind: "cmd";
  readonly command: CommandLine;
}

export interface EntrypointInstruction extends InstructionBase {
  readonly kind: "entrypoint";
  readonly command: CommandLine;
}

export interface ShellInstruction extends InstructionBase {
  readonly kind: "shell";
  readonly shell: readonly string[];
}

export interface WorkdirInstruction extends InstructionBase {
  readonly kind: "workdir";
  readonly path: string;
}

export interface UserInstruction extends InstructionBase {
  readonly kind: "user";
  readonly user: string;
}

export interface StopSignalInstruction extends InstructionBase {
  readonly kind: "stopsignal";
  readonly signal: string;
}

export interface MaintainerInstruction extends InstructionBase {
  readonly kind: "maintainer";
  readonly maintainer: string;
}

export interface ExposeInstruction extends InstructionBase {
  readonly kind: "expose";
  /** Words, unexpanded, sorted as BuildKit sorts them. */
  readonly ports: readonly string[];
}

export interface VolumeInstruction extends InstructionBase {
  readonly kind: "volume";
  readonly volumes: readonly string[];
}

export interface HealthcheckInstruction extends InstructionBase {
  readonly kind: "healthcheck";
  /** Durations in nanoseconds, 0 = not set. `test` is `["NONE"]`, `["CMD", …]` or `["CMD-SHELL", text]`. */
  readonly healthcheck: {
    readonly test: readonly string[];
    readonly interval: number;
    readonly timeout: number;
    readonly startPeriod: number;
    readonly startInterval: number;
    readonly retries: number;
  };
}

export interface OnbuildInstruction extends InstructionBase {
  readonly kind: "onbuild";
  /** What is stored in the image: the text after ONBUILD, heredoc bodies appended. See `parseOnbuildTrigger`. */
  readonly trigger: string;
}

export interface ParsedStage {
  /** 0-based position among the file's stages. */
  readonly index: number;
  readonly from: FromInstruction;
  readonly instructions: readonly StageInstruction[];
}

/** A whole Dockerfile, every instruction checked. */
export interface ParsedDockerfile {
  readonly text: string;
  /** File name as the user knows it. */
  readonly file: string;
  readonly directives: Directives;
  /** ARGs before the first FROM. */
  readonly globalArgs: readonly ArgInstruction[];
  /** At least one. */
  readonly stages: readonly ParsedStage[];
  /** What was odd while parsing; `lintDockerfile` reports it too, if the rules that are asked for say so. */
  readonly warnings: readonly Diagnostic[];
}
