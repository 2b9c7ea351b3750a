/** A command that installs what a project needs for development too. */
interface Installer {
  readonly command: RegExp;
  /** Says that only what production needs is installed. */
  readonly production: RegExp;
  /** Does the same, as a variable. */
  readonly variables: readonly string[];
  readonly instead: string;
}

const npmFlags =
  /(?:^| )(?:--omit[= ]dev|--production|--prod|-P|--only[= ]prod(?:uction)?|-g|--global)(?: |$)/;

const installers: readonly Installer[] = [
  {
    command: /^npm (?:ci|install|i)(?: |$)/,
    production: npmFlags,
    variables: ["NODE_ENV=production", "NPM_CONFIG_OMIT=dev"],
    instead: "npm ci --omit=dev",
  },
  {
    command: /^pnpm (?:install|i)(?: |$)/,
    production: npmFlags,
    variables: ["NODE_ENV=production"],
    instead: "pnpm install --prod",
  },
  {
    command: /^yarn(?: install)?(?: -|$)/,
    production: npmFlags,
    variables: ["NODE_ENV=production"],
    instead: "yarn install --production",
  },
  {
    command: /^composer install(?: |$)/,
    production: / --no-dev(?: |$)/,
    variables: ["COMPOSER_NO_DEV=1"],
    instead: "composer install --no-dev",
  },
  {
    command: /^poetry install(?: |$)/,
    production: / (?:--only|--without|--no-dev)(?:[= ]|$)/,
    variables: [],
    instead: "poetry install --only main",
  },
  {
    command: /^uv sync(?: |$)/,
    production: / --no-dev(?: |$)/,
    variables: ["UV_NO_DEV=1"],
    instead: "uv sync --no-dev",
  },
];

type Commands = readonly (readonly string[])[];

/** The first command that installs dependencies of development, if there is one.
 * @param text of the script, which may set variables */
export function developmentInstall(
  commands: Commands,
  { env, text }: { readonly env: ReadonlyMap<string, string>; readonly text: string },
): { readonly command: string; readonly instead: string } | undefined {
  for (const words of commands) {
    const command = words.join(" ");
    const found = installers.find((installer) => installer.command.test(command));
    if (!found || found.production.test(command)) continue;
    if (found.variables.some((variable) => text.includes(variable) || isSet(variable, env))) continue;
    return { command, instead: found.instead };
  }
  return undefined;
}

function isSet(variable: string, env: ReadonlyMap<string, string>): boolean {
  const [name, value] = variable.split("=") as [string, string];
  return env.get(name) === value;
}

/** Does a step remove dependencies of development again? In another layer that saves nothing, but they are not there. */
export function prunesDevelopment(commands: Commands): boolean {
  return commands.some(([tool = "", verb = ""]) => /^p?npm$/.test(tool) && verb === "prune");
}
