import { closeSync, openSync } from "node:fs";
import { Socket } from "node:net";
import type { Readable } from "node:stream";
import { check, cString, declare } from "./libc.ts";
import { SysError } from "./sys-error.ts";

// Node's own `spawn` forks: the page tables of a large process are copied, and each page that it then writes faults. That is 4 ms in
// which nothing else goes on; posix_spawn takes 0.3 ms.

export interface SpawnOptions {
  /** Absolute path of the program. */
  readonly file: string;
  /** Without the program's name. */
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** `ignore`: nothing can be read. */
  readonly stdin: "inherit" | "ignore";
  /** What becomes of stdout and stderr; `pipe`: they can be read from the result. */
  readonly output: "inherit" | "pipe";
}

export interface SpawnedProcess {
  /** stdout and stderr; none when they are inherited. */
  readonly output: readonly Readable[];
  /** Resolves with its exit code, 128 + n when signal n ended it. */
  readonly ended: Promise<number>;
  /** False once it has ended. */
  isRunning(): boolean;
  /** Does nothing when it has ended. */
  kill(signal: NodeJS.Signals): void;
}

/** Starts a program in this process's working directory, with no signal blocked or ignored.
 * @throws {SysError} */
export function spawnProcess(options: SpawnOptions): SpawnedProcess {
  const pipes: Pipe[] = [];
  const given: (number | undefined)[] = [];
  // Before there is a child that can end. It stays: a signal that came between two listeners would be lost.
  if (process.listenerCount("SIGCHLD", reap) === 0) process.on("SIGCHLD", reap);
  try {
    given.push(options.stdin === "ignore" ? openSync("/dev/null", "r") : undefined);
    for (const _ of ["stdout", "stderr"]) {
      if (options.output === "pipe") pipes.push(makePipe());
      given.push(pipes.at(-1)?.write);
    }
    const child = watch(start(options, given));
    return { ...child, output: pipes.map(({ read }) => new Socket({ fd: read, writable: false })) };
  } catch (error) {
    for (const { read } of pipes) closeSync(read);
    throw error;
  } finally {
    for (const fd of given) if (fd !== undefined) closeSync(fd);
  }
}

const pipeCall = declare("pipe2", "int", ["void *", "int"]);
const O_CLOEXEC = 0o2000000;

interface Pipe {
  readonly read: number;
  readonly write: number;
}

function makePipe(): Pipe {
  const fds = new Int32Array(2);
  check({ syscall: "pipe2", doing: "make a pipe" }, () => pipeCall(bytesOf(fds), O_CLOEXEC));
  return { read: fds[0]!, write: fds[1]! };
}

function bytesOf({ buffer }: Int32Array): Uint8Array {
  return new Uint8Array(buffer);
}

const STRINGS = "const char **";
const spawnCall = declare("posix_spawn", "int", ["void *", "void *", "void *", "void *", STRINGS, STRINGS]);
const initActions = declare("posix_spawn_file_actions_init", "int", ["void *"]);
const addDup2 = declare("posix_spawn_file_actions_adddup2", "int", ["void *", "int", "int"]);
const destroyActions = declare("posix_spawn_file_actions_destroy", "int", ["void *"]);
const initAttributes = declare("posix_spawnattr_init", "int", ["void *"]);
const setFlags = declare("posix_spawnattr_setflags", "int", ["void *", "short"]);
const setMask = declare("posix_spawnattr_setsigmask", "int", ["void *", "void *"]);
const setDefault = declare("posix_spawnattr_setsigdefault", "int", ["void *", "void *"]);

const POSIX_SPAWN_SETSIGDEF = 4;
const POSIX_SPAWN_SETSIGMASK = 8;

/** More than any of these structures takes: 336 bytes in glibc, less in musl. */
const newStructure = () => Buffer.alloc(1024);

/** Returns the process's id.
 * @param given what becomes descriptor 0, 1 and 2; undefined: our own */
function start({ file, args, env }: SpawnOptions, given: readonly (number | undefined)[]): number {
  const [actions, attributes, noSignals, allSignals] = [1, 2, 3, 4].map(newStructure) as [
    Buffer,
    Buffer,
    Buffer,
    Buffer,
  ];
  const pid = new Int32Array(1);
  const doing = { syscall: "posix_spawn", doing: "start", path: file };
  const succeed = (errno: number | bigint) => {
    if (errno !== 0) throw new SysError(doing, Number(errno));
  };
  succeed(initActions(actions));
  try {
    for (const [to, fd] of given.entries()) {
      if (fd === undefined) makeBlocking(to);
      succeed(addDup2(actions, fd ?? to, to)); // to itself: Node wants its own closed at an exec, and this makes it stay
    }
    // sigfillset leaves out 32 and 33, which the C library keeps for itself and has the child ignore.
    allSignals.fill(0xff);
    succeed(initAttributes(attributes));
    succeed(setFlags(attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK));
    succeed(setMask(attributes, noSignals));
    succeed(setDefault(attributes, allSignals));
    succeed(
      spawnCall(bytesOf(pid), cString(file), actions, attributes, [file, ...args, null], toStrings(env)),
    );
  } finally {
    destroyActions(actions);
  }
  return pid[0]!;
}

function toStrings(env: SpawnOptions["env"]): readonly (string | null)[] {
  const set = Object.entries(env).filter(([, value]) => value !== undefined);
  return [...set.map(([name, value]) => `${name}=${value}`), null];
}

const fcntlCall = declare("fcntl", "int", ["int", "int", "long"]);
const F_GETFL = 3;
const F_SETFL = 4;

/** Node reads and writes some of its own descriptors without waiting; most programs do not expect that. */
function makeBlocking(fd: number): void {
  const flags = Number(fcntlCall(fd, F_GETFL, 0));
  const O_NONBLOCK = 0o4000;
  if (flags !== -1 && (flags & O_NONBLOCK) !== 0) fcntlCall(fd, F_SETFL, flags & ~O_NONBLOCK);
}

const waitCall = declare("waitpid", "int", ["int", "void *", "int"]);
const WNOHANG = 1;

/** Who waits for the end of a child. */
const running = new Map<number, (exitCode: number) => void>();

function watch(pid: number): Omit<SpawnedProcess, "output"> {
  // The signal's listener does not keep this process, a timer does; and if a signal is ever lost, a build is not.
  const alive = setInterval(reap, 200);
  const ended = new Promise<number>((resolve) => running.set(pid, resolve)).finally(() =>
    clearInterval(alive),
  );
  const isRunning = () => running.has(pid);
  return { ended, isRunning, kill: (signal) => void (isRunning() && process.kill(pid, signal)) };
}

/** One signal may stand for the ends of several children. Others than ours are none of our business. */
function reap(): void {
  for (const [pid, resolve] of running) {
    const status = new Int32Array(1);
    const ended = check({ syscall: "waitpid", doing: "wait for a process" }, () =>
      waitCall(pid, bytesOf(status), WNOHANG),
    );
    if (ended !== pid) continue;
    running.delete(pid);
    resolve(toExitCode(status[0]!));
  }
}

function toExitCode(status: number): number {
  const signal = status & 0x7f;
  return signal === 0 ? (status >> 8) & 0xff : 128 + signal;
}
