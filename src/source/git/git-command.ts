import { redactUrls } from "../../errors/index.ts";
import { isErrno, type ProcessResult, runProcess } from "../../util/index.ts";
import { SourceError } from "../source-error.ts";

export interface GitCommandOptions {
  /** A private directory that exists: git finds no configuration there. */
  readonly home: string;
  /** Settings that hold secrets; they travel in the environment, which other users cannot read. */
  readonly secretSettings: readonly (readonly [key: string, value: string])[];
  readonly sshAgent: string | undefined;
  readonly signal: AbortSignal;
  /** Where the host's proxies and authorities are named. */
  readonly env: NodeJS.ProcessEnv;
}

/** Runs git as if this machine had no git configuration, no hooks and no terminal: a repository is data. */
export class GitCommand {
  readonly #options: GitCommandOptions;

  constructor(options: GitCommandOptions) {
    this.#options = options;
  }

  /** @returns what it printed
   * @throws {SourceError} `GIT_FAILED` with what git said, after `action: ` | `GIT_MISSING` */
  async run(args: readonly string[], { cwd, action }: { cwd: string; action: string }): Promise<string> {
    const { exitCode, stdout, stderr } = await this.#spawn(args, cwd);
    if (exitCode === 0) return stdout;
    this.#options.signal.throwIfAborted();
    throw new SourceError("GIT_FAILED", `${action}: ${saidBy(stderr) || `git ended with ${exitCode}`}`, {
      ...(wantsLogin(stderr) && { hint: loginHint }),
    });
  }

  /** As `run`, for what may fail: undefined then. */
  async try(args: readonly string[], cwd: string): Promise<string | undefined> {
    const { exitCode, stdout } = await this.#spawn(args, cwd);
    this.#options.signal.throwIfAborted();
    return exitCode === 0 ? stdout : undefined;
  }

  async #spawn(args: readonly string[], cwd: string): Promise<ProcessResult> {
    const { signal } = this.#options;
    // git makes files by the umask, and an image shall not depend on the caller's.
    const command = [
      "-c",
      'umask 022; exec "$@"',
      "sh",
      "git",
      ...settings.flatMap((one) => ["-c", one]),
      ...args,
    ];
    try {
      const result = await runProcess("/bin/sh", command, { cwd, env: this.#environment(), signal });
      if (result.exitCode === 127 && /not found/.test(result.stderr)) throw gitMissing();
      return result;
    } catch (error) {
      signal.throwIfAborted();
      throw isErrno(error, "ENOENT") ? gitMissing() : error;
    }
  }

  #environment(): NodeJS.ProcessEnv {
    const { env, home, sshAgent, secretSettings } = this.#options;
    const inherited = inheritedNames.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]]]));
    const authorities = env["GIT_SSL_CAINFO"] ?? env["SSL_CERT_FILE"];
    return {
      ...(Object.fromEntries(inherited) as NodeJS.ProcessEnv),
      HOME: home,
      LC_ALL: "C",
      GIT_CONFIG_NOSYSTEM: "1",
      GIT_CONFIG_GLOBAL: "/dev/null",
      GIT_TEMPLATE_DIR: "",
      GIT_TERMINAL_PROMPT: "0",
      GIT_ASKPASS: "true",
      SSH_ASKPASS: "true",
      // Neither the repository nor its submodules may name files of this machine, or programs.
      GIT_ALLOW_PROTOCOL: "http:https:git:ssh",
      GIT_SSH_COMMAND: sshCommand(home),
      ...(sshAgent !== undefined && { SSH_AUTH_SOCK: sshAgent }),
      ...(authorities !== undefined && { GIT_SSL_CAINFO: authorities }),
      ...secretEnvironment(secretSettings),
    };
  }
}

const settings = [
  "core.hooksPath=/dev/null",
  "core.fsmonitor=false",
  "core.autocrlf=false",
  "core.symlinks=true",
  "core.logAllRefUpdates=false",
  "credential.helper=",
  "gc.auto=0",
  "maintenance.auto=false",
  "advice.detachedHead=false",
  "init.defaultBranch=master",
  // A server that falls silent is given up after a minute.
  "http.lowSpeedLimit=1",
  "http.lowSpeedTime=60",
];

const inheritedNames = ["HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY"].flatMap((name) => [
  name,
  name.toLowerCase(),
]);
inheritedNames.push("PATH");

/** Only the agent's keys count. Hosts that this machine knows are verified; keys of others are kept as long as the fetch lasts. */
function sshCommand(home: string): string {
  const fresh = /['"\\\n]/.test(home) ? "/dev/null" : `"${home}/known_hosts"`;
  const options = [
    "BatchMode=yes",
    "StrictHostKeyChecking=accept-new",
    `UserKnownHostsFile=${fresh} ~/.ssh/known_hosts`,
    "IdentityFile=/dev/null",
    "ConnectTimeout=30",
  ];
  return ["ssh", "-F", "/dev/null", ...options.map((option) => `-o '${option}'`)].join(" ");
}

function secretEnvironment(secrets: GitCommandOptions["secretSettings"]): NodeJS.ProcessEnv {
  const entries = secrets.flatMap(([key, value], index) => [
    [`GIT_CONFIG_KEY_${index}`, key],
    [`GIT_CONFIG_VALUE_${index}`, value],
  ]);
  return { GIT_CONFIG_COUNT: String(secrets.length), ...(Object.fromEntries(entries) as NodeJS.ProcessEnv) };
}

/** The end of what git printed, where it says why. */
function saidBy(stderr: string): string {
  const lines = redactUrls(stderr)
    .split(/\r?\n/)
    .filter((line) => line.trim() !== "");
  return lines.slice(-5).join("\n").slice(0, 2000);
}

const loginHint =
  "give a token with --secret id=GIT_AUTH_TOKEN,env=NAME; for ssh, lend an agent with --ssh default";

function wantsLogin(stderr: string): boolean {
  return /authentication failed|could not read (?:username|password)|permission denied \(|returned error: 40[13]/i.test(
    stderr,
  );
}

function gitMissing(): SourceError {
  return new SourceError("GIT_MISSING", 'Cannot fetch a git repository: "git" is not installed', {
    hint: "install it (apt-get install git, apk add git, dnf install git-core)",
  });
}
