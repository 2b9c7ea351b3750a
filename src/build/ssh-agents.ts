import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Readable, Writable } from "node:stream";
import { isErrno, runProcess } from "../util/index.ts";
import { BuildError } from "./build-error.ts";
import type { SshSpec } from "./options.ts";

/** The agents that a build is lent, by id. For keys an agent of their own is started when a step first asks; dispose to end it. */
export class SshAgents implements AsyncDisposable {
  readonly #sources: ReadonlyMap<string, Source>;
  /** Of agents with keys. */
  readonly #sockets = new Map<string, Promise<string>>();
  readonly #started: KeyAgent[] = [];

  /** @throws {BuildError} `SSH_UNUSABLE` when a socket or key is not there */
  constructor(specs: readonly SshSpec[], env: NodeJS.ProcessEnv) {
    this.#sources = new Map(specs.map((spec) => [spec.id, toSource(spec, env)]));
  }

  /** Path of the agent's socket; undefined when there is none of that id.
   * @throws {BuildError} `SSH_UNUSABLE` */
  async socketOf(id: string): Promise<string | undefined> {
    const source = this.#sources.get(id);
    if (!source || source.kind === "socket") return source?.path;
    const socket = this.#sockets.get(id) ?? this.#serve(id, source.keys);
    this.#sockets.set(id, socket);
    return await socket;
  }

  async #serve(id: string, keys: readonly string[]): Promise<string> {
    const agent = await KeyAgent.start(id);
    this.#started.push(agent);
    await agent.add(keys);
    return agent.socket;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.allSettled(this.#sockets.values());
    for (const agent of this.#started.splice(0)) await agent[Symbol.asyncDispose]();
  }
}

type Source =
  | { readonly kind: "socket"; readonly path: string }
  | { readonly kind: "keys"; readonly keys: readonly string[] };

function toSource({ id, paths }: SshSpec, env: NodeJS.ProcessEnv): Source {
  const found = paths.length > 0 ? paths : [env["SSH_AUTH_SOCK"] ?? ""];
  if (found[0] === "") throw unusable(id, "invalid empty ssh agent socket: make sure SSH_AUTH_SOCK is set");
  const sockets = found.filter((file) => isSocket(id, file));
  if (sockets.length === 0) return { kind: "keys", keys: found.map((file) => path.resolve(file)) };
  if (sockets.length > 1) throw unusable(id, "only single socket allowed");
  if (found.length > 1) throw unusable(id, "invalid combination of keys and sockets");
  return { kind: "socket", path: path.resolve(sockets[0]!) };
}

function isSocket(id: string, file: string): boolean {
  try {
    return statSync(file).isSocket();
  } catch (cause) {
    throw unusable(id, `stat ${file}: no such file or directory`, cause);
  }
}

/** An ssh-agent that ends with this process, however that ends: it watches a child that reads our pipe to its end. */
class KeyAgent implements AsyncDisposable {
  readonly id: string;
  readonly socket: string;
  readonly #dir: string;
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #pid: number;

  private constructor(
    id: string,
    dir: string,
    { child, pid }: { child: ChildProcessByStdio<Writable, Readable, null>; pid: number },
  ) {
    this.id = id;
    this.socket = socketIn(dir);
    this.#dir = dir;
    this.#child = child;
    this.#pid = pid;
  }

  static async start(id: string): Promise<KeyAgent> {
    const dir = mkdtempSync(path.join(tmpdir(), "slipway-ssh-"));
    const child = spawn("ssh-agent", ["-a", socketIn(dir), "sh", "-c", "echo $SSH_AGENT_PID; exec cat"], {
      stdio: ["pipe", "pipe", "ignore"],
    });
    try {
      const [text] = (await Promise.race([
        once(child.stdout, "data"),
        once(child, "close").then(() => Promise.reject(new Error("ssh-agent ended"))),
      ])) as [Buffer];
      return new KeyAgent(id, dir, { child, pid: Number(text) });
    } catch (cause) {
      rmSync(dir, { recursive: true, force: true });
      const reason = isErrno(cause, "ENOENT") ? "keys need ssh-agent, which is not installed" : String(cause);
      throw unusable(id, reason, cause);
    }
  }

  async add(keys: readonly string[]): Promise<void> {
    const env = { PATH: process.env["PATH"], SSH_AUTH_SOCK: this.socket, SSH_ASKPASS_REQUIRE: "never" };
    for (const key of keys) {
      const { exitCode, stderr } = await runProcess("setsid", ["ssh-add", "-q", key], { env });
      if (exitCode !== 0) throw unusable(this.id, `failed to parse ${key}: ${stderr.trim()}`);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = once(this.#child, "close");
    this.#child.stdin.end();
    try {
      process.kill(this.#pid);
    } catch (error) {
      if (!isErrno(error, "ESRCH")) throw error;
    }
    await ended;
    rmSync(this.#dir, { recursive: true, force: true });
  }
}

function socketIn(dir: string): string {
  return path.join(dir, "agent");
}

function unusable(id: string, reason: string, cause?: unknown): BuildError {
  return new BuildError("SSH_UNUSABLE", `Cannot use --ssh "${id}": ${reason}`, { cause });
}
