import { parseMount } from "../instructions/mount.ts";
import type { CopySources, StageInstruction } from "../instructions/instruction.ts";

/** Expands a word; `heredoc`: the body of one, with rules of its own. */
export type ExpandWord = (word: string, kind?: "heredoc") => string;

/** Expands every word of an instruction that the builder expands, as the build does, for the sake of the names they use.
 * ARG and EXPOSE are left out: BuildKit checks the one elsewhere and the other not at all.
 * @throws what `expand` and `parseMount` throw */
export function expandInstruction(instruction: StageInstruction, expand: ExpandWord): void {
  for (const word of words(instruction)) expand(word);
  if (instruction.kind === "run") for (const mount of instruction.mounts) parseMount(mount, expand);
  if (instruction.kind !== "copy" && instruction.kind !== "add") return;
  for (const { content, expand: isExpanded } of instruction.files) {
    if (isExpanded) expand(content, "heredoc");
  }
}

function words(instruction: StageInstruction): readonly string[] {
  switch (instruction.kind) {
    case "copy":
      return copyWords(instruction);
    case "add":
      return [...copyWords(instruction), instruction.checksum ?? ""];
    case "env":
    case "label":
      return instruction.pairs.flatMap(({ key, value }) => [key, value]);
    case "workdir":
      return [instruction.path];
    case "user":
      return [instruction.user];
    case "volume":
      return instruction.volumes;
    case "stopsignal":
      return [instruction.signal];
    case "run":
    case "arg":
    case "expose":
    case "cmd":
    case "entrypoint":
    case "shell":
    case "maintainer":
    case "healthcheck":
    case "onbuild":
  }
  return [];
}

function copyWords({ chown = "", chmod = "", sources, dest }: CopySources): readonly string[] {
  return [chown, chmod, ...sources, dest];
}
