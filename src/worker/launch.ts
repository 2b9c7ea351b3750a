import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import os from "node:os";
import type { Readable, Writable } from "node:stream";
import { isErrno, runProcess } from "../util/index.ts";
import { freeRange, idMapArguments, type IdRange, subordinateRanges } from "./subordinate-ids.ts";
import { WorkerError } from "./worker-error.ts";

export interface LaunchOptions {
  /** What to run inside: program and arguments. */
  readonly command: readonly string[];
  /** The child gets our own stdin, stdout and stderr and our terminal; otherwise it is detached from the terminal, so that Ctrl-C
   * reaches only us. */
  readonly attached: boolean;
  /** Make a user namespace with the user's subordinate ids. */
  readonly userNamespace: boolean;
}

export interface Launched {
  readonly child: ChildProcess;
  /** Resolves when it has ended, with the error when it could not be started at all. */
  readonly ended: Promise<Error | undefined>;
}

/** Starts a program in new mount and pid namespaces, of which it is the first process: when it ends, whatever the reason, the
 * kernel ends every process and mount in them. It is killed when this process ends.
 * @throws {WorkerError} `WORKER_UNAVAILABLE` */
export async function launch(options: LaunchOptions): Promise<Launched> {
  if (!options.userNamespace) return start(options, options.command);
  const ids = readSubordinateIds();
  // Waits until we have written the id maps. Only then is it root inside, and its next exec gives it root's capabilities.
  const script = 'echo >&5 && read _ <&4 || exit 1; exec 4<&- 5>&- "$@"';
  const launched = start(options, ["sh", "-c", script, "sh", ...options.command]);
  await mapIds(launched, ids);
  return launched;
}

function start(options: LaunchOptions, command: readonly string[]): Launched {
  const own = options.attached ? "inherit" : "ignore";
  const stderr = options.attached ? "inherit" : "pipe";
  const namespaces = ["--mount", "--pid", ...(options.userNamespace ? ["--user"] : [])];
  const unshare = ["unshare", ...namespaces, "--fork", "--kill-child", "--", ...command];
  const child = spawn("setpriv", ["--pdeathsig", "KILL", ...unshare], {
    stdio: [own, own, stderr, "ipc", ...(options.userNamespace ? (["pipe", "pipe"] as const) : [])],
    serialization: "advanced",
    detached: !options.attached,
    env: workerEnv(),
  });
  const ended = new Promise<Error | undefined>((resolve) => {
    child.once("error", resolve);
    child.once("close", () => resolve(undefined));
  });
  return { child, ended };
}

/** Node reads these certificates whenever it starts, with all that it brings itself: 40 ms. The worker speaks to nobody. */
function workerEnv(): NodeJS.ProcessEnv {
  const { NODE_EXTRA_CA_CERTS: _, ...env } = process.env;
  return env;
}

async function mapIds({ child, ended }: Launched, { uids, gids }: SubordinateIds): Promise<void> {
  const pipes: readonly unknown[] = child.stdio;
  const [release, ready] = [pipes[4] as Writable, pipes[5] as Readable];
  release.on("error", () => {}); // the child may be gone; its exit is reported by whoever waits for it
  const isThere = await Promise.race([
    new Promise<boolean>((resolve) =>
      ready.once("data", () => resolve(true)).once("end", () => resolve(false)),
    ),
    ended.then(() => false),
  ]);
  if (!isThere || child.pid === undefined) return;
  try {
    await writeMap("newuidmap", child.pid, idMapArguments(process.getuid!(), uids));
    await writeMap("newgidmap", child.pid, idMapArguments(process.getgid!(), gids));
  } catch (error) {
    child.kill("SIGKILL");
    throw error;
  }
  release.end("\n");
}

async function writeMap(program: string, pid: number, args: readonly string[]): Promise<void> {
  const { exitCode, stderr } = await runProcess(program, [String(pid), ...args]).catch((cause: unknown) => {
    if (!isErrno(cause, "ENOENT")) throw cause;
    throw new WorkerError("WORKER_UNAVAILABLE", `Cannot map user ids: "${program}" is not installed`, {
      cause,
      hint: 'ask the administrator to install it: "apt-get install uidmap" (Debian, Ubuntu), "dnf install shadow-utils" (Fedora)',
    });
  });
  if (exitCode === 0) return;
  throw new WorkerError(
    "WORKER_UNAVAILABLE",
    `Cannot map user ids: ${stderr.trim() || `${program} failed`}`,
    {
      hint: "check the entries of /etc/subuid and /etc/subgid, and that newuidmap and newgidmap are set-uid root",
    },
  );
}

interface SubordinateIds {
  readonly uids: readonly IdRange[];
  readonly gids: readonly IdRange[];
}

/** @throws {WorkerError} `WORKER_UNAVAILABLE` when the user has none */
function readSubordinateIds(): SubordinateIds {
  const user = { name: userName(), uid: process.getuid!() };
  const files = ["/etc/subuid", "/etc/subgid"];
  const read = (file: string) => {
    const ranges = subordinateRanges(readOrEmpty(file), user);
    if (ranges.length > 0) return ranges;
    const free = freeRange(files.map(readOrEmpty));
    throw new WorkerError(
      "WORKER_UNAVAILABLE",
      `Cannot map user ids: ${file} has no range for user "${user.name}"`,
      {
        hint: `ask the administrator to run: usermod --add-subuids ${free} --add-subgids ${free} ${user.name}`,
      },
    );
  };
  const [uids, gids] = files.map(read);
  return { uids: uids!, gids: gids! };
}

function userName(): string {
  try {
    return os.userInfo().username;
  } catch {
    return String(process.getuid!()); // no entry in passwd
  }
}

function readOrEmpty(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if (isErrno(error, "ENOENT")) return "";
    throw error;
  }
}
