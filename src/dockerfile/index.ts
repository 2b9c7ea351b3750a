export { type CheckResult, checkStages } from "./convert/check-stages.ts";
export { convertTarget } from "./convert/convert-target.ts";
export type {
  ConvertOptions,
  ConvertResult,
  ImageConfigResolver,
  ResolvedImage,
  ScannedPart,
  SourcePins,
  ResolveImageOptions,
} from "./convert/options.ts";
export { DockerfileError, type DockerfileErrorCode } from "./dockerfile-error.ts";
export { checkFrontend, type FrontendOptions } from "./frontend/check-frontend.ts";
export type {
  AddInstruction,
  ArgDeclaration,
  ArgInstruction,
  CmdInstruction,
  CommandLine,
  CopyInstruction,
  CopySources,
  EntrypointInstruction,
  EnvInstruction,
  ExposeInstruction,
  Flag,
  FromInstruction,
  HealthcheckInstruction,
  Heredoc,
  InlineFile,
  Instruction,
  InstructionBase,
  KeyValue,
  LabelInstruction,
  MaintainerInstruction,
  OnbuildInstruction,
  ParsedDockerfile,
  ParsedStage,
  RunInstruction,
  ShellInstruction,
  StageInstruction,
  StopSignalInstruction,
  UserInstruction,
  VolumeInstruction,
  WorkdirInstruction,
} from "./instructions/instruction.ts";
export { parseDockerfile, type ParseOptions } from "./instructions/parse-dockerfile.ts";
export type { LintBaseImage, LintInput, LintOptions } from "./lint/lint-input.ts";
export { inFileOrder, lintDockerfile, type LintResult } from "./lint/lint-dockerfile.ts";
export { type Rule, type RuleName, rules } from "./lint/rules.ts";
export { listTargets, type Target } from "./outline/list-targets.ts";
export type { OutlineArg } from "./outline/outline-args.ts";
export { type Outline, type OutlineInput, outlineTarget } from "./outline/outline-target.ts";
export type { Directive, Directives, EscapeToken } from "./parser/directives.ts";
export { parseSyntax } from "./parser/parse-syntax.ts";
export { printDockerfile } from "./parser/print-dockerfile.ts";
export type { ArgumentForm, SyntaxNode, SyntaxTree, Word } from "./parser/syntax-tree.ts";
export {
  type NamedContext,
  type NamedContexts,
  resolveStages,
  type StageBase,
  type StageGraph,
  type StageNode,
  type StageOptions,
  type StageStep,
} from "./stages/index.ts";
