import { InterpolationError, type Variable, variablesOf } from "./interpolate.ts";
import { findProjectFiles, type ProjectFilesOptions, readComposeFile } from "./project-files.ts";
import { errorAt, type YamlNode } from "./yaml-tree.ts";

/** A variable that Compose files use. */
export interface UsedVariable {
  readonly name: string;
  readonly isRequired: boolean;
  /** What it is where it is not set, and what stands for it where it is; empty: nothing. */
  readonly defaultValue: string;
  readonly alternateValue: string;
}

/** The variables that a project's files use, each once, sorted by name. Whether they are set does not matter.
 * @throws {ComposeError} `COMPOSE_NOT_FOUND` | `COMPOSE_INVALID` */
export function listVariables(options: ProjectFilesOptions): readonly UsedVariable[] {
  const found = new Map<string, UsedVariable>();
  for (const file of findProjectFiles(options).files)
    for (const variable of variablesBelow(readComposeFile(file, options.cwd)))
      found.set(variable.name, joined(found.get(variable.name), variable));
  return [...found.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

function joined(known: UsedVariable | undefined, { name, operator, word }: Variable): UsedVariable {
  const { isRequired = false, defaultValue = "", alternateValue = "" } = known ?? {};
  const kind = operator.replace(":", "");
  return {
    name,
    isRequired: isRequired || kind === "?",
    defaultValue: defaultValue || (kind === "-" ? word : ""),
    alternateValue: alternateValue || (kind === "+" ? word : ""),
  };
}

function* variablesBelow(node: YamlNode): Generator<Variable> {
  if (node.kind === "map") for (const { value } of node.entries.values()) yield* variablesBelow(value);
  else if (node.kind === "sequence") for (const item of node.items) yield* variablesBelow(item);
  else if (typeof node.value === "string") {
    try {
      yield* variablesOf(node.value);
    } catch (error) {
      if (error instanceof InterpolationError) throw errorAt(node.place, error.message);
      throw error;
    }
  }
}
