import type { RunInstruction } from "../../instructions/instruction.ts";
import type { StageGraph } from "../../stages/index.ts";
import type { Finding } from "../finding.ts";
import type { LintOptions } from "../lint-input.ts";
import { type LintStep, walkStages } from "../walk-stages.ts";
import type { ShippedStages } from "./shipped-stages.ts";
import { developmentInstall, prunesDevelopment } from "./development-install.ts";
import { runText, shellCommands } from "./shell-commands.ts";

/** Images that exist to build something. */
const builderImage =
  /(?:^|\/)(?:golang|rust|gcc|clang|maven|gradle|swift|haskell|buildpack-deps|emsdk|zig|[\w./-]*\bsdk)$/;

/** Packages that exist to build something, whatever the distribution; and `…-dev`, `…-devel`. */
const builderPackage =
  /^(?:gcc|g\+\+|gcc-c\+\+|clang|make|cmake|ninja-build|build-essential|build-base|alpine-sdk|autoconf|automake|golang(?:-go)?|go|rustc|rust|cargo|.+-dev|.+-devel|@development-tools)$/;

/** Compilers and development dependencies in the layers of the target: from its base image, or installed in a step. */
export function* checkBuildTools(
  graph: StageGraph,
  { options, shipped }: { readonly options: LintOptions; readonly shipped: ShippedStages },
): Generator<Finding> {
  const rule = "BuildToolsShipped";
  const bottom = graph.stages[shipped.at(-1)!]!;
  if (bottom.base.kind === "image" && builderImage.test(bottom.base.name.replace(/[:@].*$/, ""))) {
    const message = `The build tools of "${bottom.base.name}" become part of the target; build in a stage of its own and copy the result`;
    yield { rule, message, instruction: bottom.from };
  }
  const steps = [...runSteps(graph, options)].filter(({ index }) => shipped.includes(index));
  const isPruned = steps.some(({ commands }) => prunesDevelopment(commands));
  for (const { instruction, scope, commands } of steps) {
    const packages = installedPackages(commands).filter((name) => builderPackage.test(name));
    if (packages.length > 0 && !commands.some(removesPackages)) {
      const message = `Build tools become part of the target (${packages.join(", ")}); install and use them in a stage of its own, or remove them in the same step`;
      yield { rule, message, instruction };
    }
    const install = isPruned
      ? undefined
      : developmentInstall(commands, { env: scope.env, text: runText(instruction) });
    if (!install) continue;
    const message = `"${install.command}" also installs dependencies of development; use "${install.instead}" in the target`;
    yield { rule, message, instruction };
  }
}

interface RunStep extends LintStep {
  readonly instruction: RunInstruction;
  readonly commands: readonly (readonly string[])[];
}

function* runSteps(graph: StageGraph, options: LintOptions): Generator<RunStep> {
  for (const { index, instruction, scope } of walkStages(graph, options)) {
    if (instruction.kind !== "run") continue;
    yield { index, instruction, scope, commands: shellCommands(runText(instruction)) };
  }
}

const managers = new Set(["apt", "apt-get", "apk", "dnf", "microdnf", "yum", "zypper"]);
const removing = new Set(["del", "remove", "purge", "autoremove", "erase"]);

function installedPackages(commands: readonly (readonly string[])[]): readonly string[] {
  return commands.flatMap(([manager = "", ...words]) => {
    const start = words.findIndex((word) => word === "install" || word === "add");
    if (!managers.has(manager) || start < 0) return [];
    return words.slice(start + 1).map((word) => word.replace(/[=<>~].*$/, ""));
  });
}

function removesPackages([manager = "", ...words]: readonly string[]): boolean {
  return managers.has(manager) && words.some((word) => removing.has(word));
}
