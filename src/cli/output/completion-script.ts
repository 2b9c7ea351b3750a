import type { Command, Option } from "commander";

export type Shell = "bash" | "zsh" | "fish";

/** A script that teaches a shell the commands and options of a program whose commands are all defined.
 * Stages of `./Dockerfile` are offered after `--target`, files elsewhere. */
export function completionScript(program: Command, shell: Shell): string {
  const words = program.commands.map(commandWords);
  if (shell === "fish") return fishScript(program.name(), words);
  const bash = bashScript(program.name(), words);
  return shell === "bash" ? bash : `autoload -U +X bashcompinit && bashcompinit\n${bash}`;
}

interface CommandWords {
  readonly name: string;
  readonly summary: string;
  readonly subcommands: readonly string[];
  readonly options: readonly { readonly long: string; readonly summary: string }[];
}

function commandWords(command: Command): CommandWords {
  return {
    name: command.name(),
    summary: command.description(),
    subcommands: command.commands.map((child) => child.name()),
    options: command.options.filter(isShown).map((option) => ({
      long: option.long!,
      summary: option.description,
    })),
  };
}

function isShown(option: Option): boolean {
  return !option.hidden && option.long != null;
}

/** Lists the stages of `./Dockerfile`, by their names. */
const listStages = `sed -n 's/^[[:space:]]*[Ff][Rr][Oo][Mm][[:space:]].*[[:space:]][Aa][Ss][[:space:]]*\\([^[:space:]]*\\).*/\\1/p' Dockerfile 2>/dev/null`;

function bashScript(program: string, commands: readonly CommandWords[]): string {
  const cases = commands.map(({ name, subcommands, options }) => {
    const words = [...subcommands, ...options.map(({ long }) => long)].join(" ");
    return `    ${name}) words="${words}" ;;`;
  });
  return `_${program}() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}" words=""
  COMPREPLY=()
  if [ "$previous" = --target ]; then
    COMPREPLY=($(compgen -W "$(${listStages})" -- "$current"))
    return
  fi
  case "\${COMP_WORDS[1]}" in
${cases.join("\n")}
  esac
  if [ "$COMP_CWORD" -eq 1 ]; then words="${commands.map(({ name }) => name).join(" ")}"
  elif [[ "$current" != -* && "$COMP_CWORD" -gt 2 ]]; then words=""; fi
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _${program} ${program}
`;
}

function fishScript(program: string, commands: readonly CommandWords[]): string {
  const quote = (text: string) => `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
  const lines = commands.flatMap(({ name, summary, subcommands, options }) => {
    const within = `complete -c ${program} -n ${quote(`__fish_seen_subcommand_from ${name}`)}`;
    return [
      `complete -c ${program} -n __fish_use_subcommand -f -a ${name} -d ${quote(summary)}`,
      ...subcommands.map((child) => `${within} -f -a ${child}`),
      ...options.map(({ long, summary: what }) => {
        const values = long === "--target" ? ` -x -a ${quote(`(${listStages})`)}` : "";
        return `${within} -l ${long.slice(2)} -d ${quote(what)}${values}`;
      }),
    ];
  });
  return `${lines.join("\n")}\n`;
}
