import { execFileSync, spawn } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { TestContext } from "node:test";

// What the caller's shell says to Slipway, or to what it asks, is no matter of the tests.
const callersOwn =
  /^(?:(?:SLIPWAY|DOCKER|BUILDKIT|BUILDX|COMPOSE|CONTAINERD|COSIGN|KIND|XDG)_.*|SOURCE_DATE_EPOCH|SSH_AUTH_SOCK|DEBUG|FORCE_COLOR)$/;
for (const name of Object.keys(process.env).filter((each) => callersOwn.test(each))) delete process.env[name];

export interface CommandResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: Record<string, string>;
  readonly input?: string | Uint8Array;
  /** Sends SIGKILL to the CLI (not to its children) after this time. */
  readonly killAfterMs?: number;
  /** Sends SIGINT to it after this time. */
  readonly interruptAfterMs?: number;
}

/** A temporary directory with a store of its own, and the CLI driven in it. Everything is removed after the test. */
export class Rig {
  readonly dir: string;
  readonly root: string;
  readonly contextDir: string;

  private constructor(dir: string) {
    this.dir = dir;
    this.root = path.join(dir, "store");
    this.contextDir = path.join(dir, "context");
    mkdirSync(this.contextDir);
  }

  static create(t: TestContext): Rig {
    const rig = new Rig(mkdtempSync(path.join(tmpdir(), "slipway-e2e-")));
    t.after(() => rmSync(rig.dir, { recursive: true, force: true }));
    return rig;
  }

  /** A rig whose store holds `busybox:latest`: a static busybox, /etc/passwd and /etc/group. */
  static async withBusybox(t: TestContext): Promise<Rig> {
    const rig = Rig.create(t);
    const done = await rig.slipway(["import", busyboxRootfs(), "busybox:latest"]);
    if (done.exitCode !== 0) throw new Error(`import failed: ${done.stderr}`);
    return rig;
  }

  /** Writes a file of the build context; parents are created. */
  file(name: string, text: string | Uint8Array, mode = 0o644): string {
    const file = path.join(this.contextDir, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, text, { mode });
    return file;
  }

  async build(...args: string[]): Promise<CommandResult> {
    return await this.slipway(["build", "--progress=plain", ...args, this.contextDir]);
  }

  /** `slipway build`, which must succeed. */
  async mustBuild(...args: string[]): Promise<CommandResult> {
    const result = await this.build(...args);
    if (result.exitCode !== 0) throw new Error(`build failed (${result.exitCode}):\n${result.stderr}`);
    return result;
  }

  /** The flattened tree of the target, exported into a fresh directory. */
  async exportTree(...args: string[]): Promise<string> {
    const dest = mkdtempSync(path.join(this.dir, "tree-"));
    const tar = `${dest}.tar`;
    await this.mustBuild(...args, "--output", `type=tar,dest=${tar}`);
    execFileSync("tar", ["--numeric-owner", "-xpf", tar, "-C", dest]);
    return dest;
  }

  /** Runs a command on a terminal; what it writes there, standard error too, is `stdout`. */
  onTerminal(...args: readonly string[]): Promise<CommandResult> {
    const line = ["bin/slipway", ...args].map((arg) => `'${arg}'`).join(" ");
    const env = { SLIPWAY_ROOT: this.root, NO_COLOR: "1", TERM: "xterm" };
    return run(scriptCommand, ["-qec", line, "/dev/null"], { env });
  }

  slipway(args: readonly string[], options: RunOptions = {}): Promise<CommandResult> {
    // As bin/slipway does: without --, Node takes an --env-file among the arguments for its own.
    return run(process.execPath, ["--", path.resolve("bin/slipway"), ...args], {
      ...options,
      cwd: options.cwd ?? this.dir,
      env: { SLIPWAY_ROOT: this.root, NO_COLOR: "1", ...options.env },
    });
  }
}

const scriptCommand = "/usr/bin/script";

/** Why nothing can be run on a terminal here, or false. */
export const missingForTerminals = existsSync(scriptCommand) ? false : "needs script";

export function run(file: string, args: readonly string[], options: RunOptions = {}): Promise<CommandResult> {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, ...options.env };
    const child = spawn(file, args, { cwd: options.cwd, env, stdio: "pipe" });
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
    child.on("error", reject);
    child.on("close", (code) => resolve({ exitCode: code ?? -1, stdout, stderr }));
    child.stdin.on("error", () => {});
    child.stdin.end(options.input ?? "");
    if (options.killAfterMs !== undefined) {
      setTimeout(() => child.kill("SIGKILL"), options.killAfterMs).unref();
    }
    if (options.interruptAfterMs !== undefined) {
      setTimeout(() => child.kill("SIGINT"), options.interruptAfterMs).unref();
    }
  });
}

/** Why container tests cannot run here, or false. */
export function missingForContainers(): string | false {
  if (process.getuid?.() !== 0) return "needs root";
  if (!existsSync(hostBusybox)) return "needs busybox-static";
  return false;
}

const hostBusybox = "/bin/busybox";
let rootfsTar: string | undefined;

/** A tar of a small root file system: busybox under its usual names. Made once in a test process. */
export function busyboxRootfs(): string {
  if (rootfsTar) return rootfsTar;
  const dir = mkdtempSync(path.join(tmpdir(), "slipway-busybox-"));
  process.on("exit", () => rmSync(dir, { recursive: true, force: true }));
  const tree = path.join(dir, "tree");
  for (const name of ["bin", "dev", "etc", "home", "proc", "root", "sys", "tmp", "usr/bin", "var"]) {
    mkdirSync(path.join(tree, name), { recursive: true });
  }
  cpSync(hostBusybox, path.join(tree, "bin/busybox"), { dereference: true });
  const applets = execFileSync(hostBusybox, ["--list"], { encoding: "utf8" }).trim().split("\n");
  for (const applet of applets.filter((name) => name !== "busybox")) {
    symlinkSync("busybox", path.join(tree, "bin", applet));
  }
  writeFileSync(path.join(tree, "etc/passwd"), passwd);
  writeFileSync(path.join(tree, "etc/group"), group);
  const tar = path.join(dir, "busybox.tar");
  execFileSync("tar", [
    "--owner=0",
    "--group=0",
    "--numeric-owner",
    "--sort=name",
    "--mtime=@1700000000",
    "-C",
    tree,
    "-cf",
    tar,
    ".",
  ]);
  rootfsTar = tar;
  return tar;
}

const passwd = [
  "root:x:0:0:root:/root:/bin/sh",
  "daemon:x:1:1:daemon:/:/bin/false",
  "app:x:1000:1001:app:/home/app:/bin/sh",
  "nobody:x:65534:65534:nobody:/:/bin/false",
  "",
].join("\n");
const group = ["root:x:0:", "daemon:x:1:", "staff:x:50:app", "app:x:1001:", "nobody:x:65534:", ""].join("\n");

/** The command line of every process, its arguments parted by spaces. */
export function commandLines(): readonly string[] {
  return readdirSync("/proc").flatMap((pid) => {
    if (!/^\d+$/.test(pid)) return [];
    try {
      return readFileSync(`/proc/${pid}/cmdline`, "utf8").slice(0, -1).replaceAll("\0", " ");
    } catch {
      return []; // ended meanwhile
    }
  });
}

/** Every mount below `dir` in this process's mount namespace. */
export function mountsBelow(dir: string): readonly string[] {
  const mounts = readFileSync("/proc/self/mounts", "utf8").split("\n");
  return mounts.filter((line) => line.split(" ")[1]?.startsWith(dir));
}
