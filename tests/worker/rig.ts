import {
  accessSync,
  constants,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import os from "node:os";
import path from "node:path";
import { newLayerId, openStore, type Store } from "../../src/content/index.ts";
import {
  type LayerId,
  type RunRequest,
  type StartWorkerOptions,
  startWorker,
  type Worker,
  WorkerError,
} from "../../src/worker/index.ts";
import { shellRequest } from "./shell-request.ts";

/** A store in a directory of its own with a tiny image, a worker on it, and what its steps printed. */
export class Rig implements AsyncDisposable {
  readonly directory: string;
  readonly store: Store;
  /** Busybox, and the users of `passwd` and `group`. */
  readonly base: LayerId;
  readonly #output = new Map<string, { stdout: string; stderr: string }>();
  #runs = 0;
  worker!: Worker;

  static async start(options: Partial<StartWorkerOptions> = {}): Promise<Rig> {
    const rig = new Rig();
    rig.worker = await rig.startWorker(options);
    return rig;
  }

  private constructor() {
    this.directory = mkdtempSync(path.join(os.tmpdir(), "worker-"));
    this.store = openStore(path.join(this.directory, "store"));
    this.base = this.layer((fs) => {
      mkdirSync(path.join(fs, "bin"));
      cpSync("/bin/busybox", path.join(fs, "bin/busybox"));
      for (const name of APPLETS) symlinkSync("busybox", path.join(fs, "bin", name));
      mkdirSync(path.join(fs, "tmp"), { mode: 0o777 });
      for (const name of ["etc", "dev", "proc", "sys"]) mkdirSync(path.join(fs, name));
      writeFileSync(
        path.join(fs, "etc/passwd"),
        "root:x:0:0:root:/root:/bin/sh\napp:x:1000:100:App:/home/app:/bin/sh\n",
      );
      writeFileSync(path.join(fs, "etc/group"), "root:x:0:\nwheel:x:10:root,app\nusers:x:100:\n");
    });
  }

  async startWorker(options: Partial<StartWorkerOptions> = {}): Promise<Worker> {
    return await startWorker({
      storeRoot: this.store.root,
      owner: this.store.temp.owner,
      workerFile: await workerFile(),
      onLog: ({ runId, stream, data }) => {
        const output = this.outputOf(runId);
        const text = Buffer.from(data).toString();
        if (stream === 1) output.stdout += text;
        else output.stderr += text;
      },
      ...options,
    });
  }

  /** A layer made outside the worker. */
  layer(fill: (fs: string) => void): LayerId {
    const layer = newLayerId();
    const made = this.store.temp.newPath("made");
    mkdirSync(path.join(made, "fs"), { recursive: true, mode: 0o755 });
    fill(path.join(made, "fs"));
    this.store.layers.commit(layer, made, { sizeBytes: 0, createdAtMs: 0 });
    return layer;
  }

  /** Runs a shell script over the base image. With `keep`, its changes become the layer that is returned. */
  async sh(
    script: string,
    request: Partial<RunRequest> & { keep?: boolean } = {},
  ): Promise<{ exitCode: number; stdout: string; stderr: string; layer: LayerId }> {
    const { keep, ...rest } = request;
    const runId = `run-${++this.#runs}`;
    const result = await this.worker.run({
      runId,
      lowers: [this.base],
      ...(keep && { output: newLayerId() }),
      ...shellRequest(script),
      ...rest,
    });
    return { exitCode: result.exitCode, layer: result.layer?.layer ?? "", ...this.outputOf(runId) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { layers, paths, temp } = this.store;
    const others = readdirSync(paths.tmp).filter((name) => name !== temp.owner);
    const left = [
      ...others.map((name) => path.join(paths.tmp, name)),
      ...readdirSync(paths.mounts).map((name) => path.join(paths.mounts, name)),
    ];
    await this.worker.remove({ layers: layers.list(), paths: left }).catch(() => {});
    await this.worker[Symbol.asyncDispose]();
    rmSync(this.directory, { recursive: true, force: true });
  }

  /** What a process printed so far. */
  outputOf(runId: string): { stdout: string; stderr: string } {
    let output = this.#output.get(runId);
    if (!output) this.#output.set(runId, (output = { stdout: "", stderr: "" }));
    return output;
  }
}

const APPLETS =
  "sh cat ls id env pwd head wc mknod mkdir rm touch stat sleep tty mount true grep echo chmod chown nc df kill printf test find hostname ip".split(
    " ",
  );

let built: Promise<string> | undefined;

/** Compiles the worker once, or takes the one that `WORKER_FILE` names. */
export function workerFile(): Promise<string> {
  const given = process.env["WORKER_FILE"];
  built ??= given ? Promise.resolve(given) : compile("src/worker/main.ts", `build/worker-${process.pid}.js`);
  return built;
}

const compiled: string[] = [];

function removeCompiled(): void {
  for (const file of compiled) rmSync(file, { force: true });
}

/** Bundles one file; the result is removed when this process ends. Absolute path of the result. */
export async function compile(entry: string, to: string): Promise<string> {
  const outfile = path.resolve(to);
  const { build } = await import("esbuild");
  await build({
    entryPoints: [entry],
    outfile,
    bundle: true,
    format: "esm",
    platform: "node",
    target: "node20.19",
    external: ["koffi", "esbuild"],
    logLevel: "error",
  });
  if (compiled.length === 0) process.on("exit", removeCompiled);
  compiled.push(outfile);
  return outfile;
}

/** Why these tests cannot run here, or undefined. */
export async function unavailable(): Promise<string | undefined> {
  try {
    accessSync("/bin/busybox", constants.X_OK);
  } catch {
    return "no static /bin/busybox to build an image of";
  }
  try {
    const rig = await Rig.start();
    try {
      if (rig.worker.runMode.endsWith("no runtime")) return "neither crun nor runc is installed";
      const { exitCode } = await rig.sh("true");
      return exitCode === 0 ? undefined : "busybox does not run in the container";
    } finally {
      await rig[Symbol.asyncDispose]();
    }
  } catch (error) {
    if (error instanceof WorkerError && error.code === "WORKER_UNAVAILABLE") return error.message;
    throw error;
  }
}
