import type { StageInstruction } from "../../instructions/instruction.ts";
import type { StageGraph } from "../../stages/index.ts";
import type { Finding } from "../finding.ts";
import type { LintOptions } from "../lint-input.ts";
import { runText, shellCommands } from "./shell-commands.ts";

/** Commands that install what a manifest lists, and the manifests. */
const installers: readonly (readonly [command: RegExp, manifests: string])[] = [
  [/^npm (?:ci|install|i)$/, "package.json and package-lock.json"],
  [/^pnpm (?:install|i|fetch)$/, "package.json and pnpm-lock.yaml"],
  [/^yarn(?: install)?$/, "package.json and yarn.lock"],
  [/^(?:pip3?|uv pip) install (?:-r|--requirement)/, "the requirements file"],
  [/^uv sync/, "pyproject.toml and uv.lock"],
  [/^poetry install/, "pyproject.toml and poetry.lock"],
  [/^pipenv (?:install|sync)/, "Pipfile and Pipfile.lock"],
  [/^bundle install/, "Gemfile and Gemfile.lock"],
  [/^composer install/, "composer.json and composer.lock"],
  [/^go mod download/, "go.mod and go.sum"],
  [/^cargo fetch/, "Cargo.toml and Cargo.lock"],
  [/^dotnet restore/, "the project files"],
  [/^mvn dependency:/, "pom.xml"],
  [/^mix deps\.get/, "mix.exs and mix.lock"],
];

/** `COPY . .` above an install step of the same stage: a change of any file installs everything again. */
export function* checkCopyOrder({ dockerfile }: StageGraph, options: LintOptions): Generator<Finding> {
  for (const { index, instructions } of dockerfile.stages) {
    if (!(options.stages?.has(index) ?? true)) continue;
    const copyAt = instructions.findIndex(copiesContext);
    if (copyAt < 0) continue;
    const install = instructions.slice(copyAt).flatMap(installSteps)[0];
    if (!install) continue;
    const message = `A change of any file runs "${install.command}" again; copy ${install.manifests} before it, and the rest behind it`;
    yield { rule: "CopyBeforeInstall", message, instruction: instructions[copyAt]! };
  }
}

function copiesContext(instruction: StageInstruction): boolean {
  if (instruction.kind !== "copy" && instruction.kind !== "add") return false;
  if (instruction.kind === "copy" && instruction.from !== undefined) return false;
  return instruction.sources.some((source) => [".", "./", "/", "./.", "*"].includes(source));
}

function installSteps(instruction: StageInstruction): { command: string; manifests: string }[] {
  if (instruction.kind !== "run") return [];
  return shellCommands(runText(instruction)).flatMap((words) => {
    const plain = words.filter((word) => !word.startsWith("-") || /^(?:-r|--requirement)/.test(word));
    // What is named on the command line is no matter of the manifest.
    const text = plain.join(" ");
    const found = installers.find(([command]) => command.test(text));
    return found ? [{ command: text, manifests: found[1] }] : [];
  });
}
