import { createHash, randomBytes } from "node:crypto";
import type { ContainerEdits } from "../../../cdi/index.ts";
import { newLayerId, type CacheKey, cacheKey, type KeyParts } from "../../../content/index.ts";
import type { ExecOp, Mount, Vertex } from "../../../llb/index.ts";
import type { Turn } from "../../../solver/index.ts";
import type { LayerId, RunRequest, RunResult, StepLock, WorkerMount } from "../../../worker/index.ts";
import { EngineError } from "../../engine-error.ts";
import {
  emptyStack,
  layerIdentity,
  pushLayer,
  type Stack,
  type StackLayer,
  stackIdentity,
} from "../../stack.ts";
import { beginRun, type BegunRun } from "../begun-run.ts";
import { cacheMountNamespace } from "../empty-cache-mounts.ts";
import { describeContexts, lastSelection, noteFilesSince } from "../context-files.ts";
import { asStack, type Value } from "../environment.ts";
import { mountedLayers, noteMountedStacks } from "../mounted-stacks.ts";
import { execKeyParts, type InputKey } from "../key-parts.ts";
import { findLayer, noteReason, recordLayer, type SolveEnvironment } from "../step-context.ts";
import { processFailure, processMessage } from "../step-failure.ts";
import { runOnce, type UnderLock } from "../step-lock.ts";
import { wholeTree } from "../whole-tree.ts";
import type { Step } from "./verified-step.ts";

interface RunOptions {
  readonly turn: Turn<Value>;
  readonly underLock?: UnderLock | undefined;
}

interface MakeOptions {
  readonly signal: AbortSignal;
  readonly underLock?: UnderLock | undefined;
  readonly begun?: BegunRun | undefined;
  /** Called when the process runs, or is about to. */
  readonly onSent?: (() => void) | undefined;
}

/** RUN. */
export class ExecOperation implements Step {
  readonly #environment: SolveEnvironment;
  readonly #vertex: Vertex;
  readonly #op: ExecOp;
  #parts: Promise<KeyParts> | undefined;
  #begun: Promise<BegunRun | undefined> | undefined;

  constructor(environment: SolveEnvironment, vertex: Vertex, op: ExecOp) {
    this.#environment = environment;
    this.#vertex = vertex;
    this.#op = op;
  }

  async findRecorded(inputs: readonly Value[]): Promise<Value | undefined> {
    const parts = await this.#keyParts(inputs);
    const found = await findLayer(this.#environment, this.#vertex, { key: cacheKey(parts), inputs });
    if (found) return this.#push(inputs, found, false);
    noteReason(this.#environment, this.#vertex, parts, inputs);
    if (this.#environment.isPlan) await this.#noteMountedFiles(inputs);
    return undefined;
  }

  async execute(inputs: readonly Value[], turn: Turn<Value>): Promise<Value> {
    const parts = await this.#keyParts(inputs);
    const { layer, ran } = await runOnce(this.#environment, this.#vertex, {
      key: cacheKey(parts),
      inputs,
      turn,
      waitsForOthers: this.#op.mounts.some(({ type }) => type === "cache"),
      run: (underLock) => this.#run(inputs, parts, { turn, underLock }),
    });
    return this.#push(inputs, layer, ran);
  }

  begin(inputs: readonly Value[], signal: AbortSignal): boolean {
    const after = this.#canBegin(inputs);
    if (after === undefined) return false;
    this.#begun = this.#computeParts(inputs).then((parts) =>
      beginRun(this.#environment, {
        key: cacheKey(parts),
        after,
        request: (layer) => this.#request(inputs, layer),
        signal,
      }),
    );
    this.#begun.catch(() => {}); // its own turn tells it
    return true;
  }

  /** Only what stands on the layer that is being made, and needs nothing else that others may have, or that is to be fetched.
   * @returns that layer */
  #canBegin(inputs: readonly Value[]): LayerId | undefined {
    const { directories, isPlan, options } = this.#environment;
    const ownMounts = this.#op.mounts.slice(1);
    const isReady = (input: Value) => input.kind === "stack" && directories.isHere(input.stack);
    if (isPlan || options.resultSources?.length) return undefined;
    if (ownMounts.some(({ type }) => type !== "tmpfs") || !inputs.every(isReady)) return undefined;
    const top = this.#base(inputs).layers.at(-1)?.layer;
    return top?.kind === "directory" && directories.isExpected(top.layer) ? top.layer : undefined;
  }

  /** What `begin` began, unless the inputs became others. */
  async #takeBegun(key: CacheKey): Promise<BegunRun | undefined> {
    const begun = await this.#begun?.catch(() => undefined);
    this.#begun = undefined;
    return begun?.key === key ? begun : undefined;
  }

  async #run(
    inputs: readonly Value[],
    parts: KeyParts,
    { turn, underLock }: RunOptions,
  ): Promise<StackLayer> {
    const { secretScan, directories, options } = this.#environment;
    const key = cacheKey(parts);
    const begun = underLock && (await this.#takeBegun(key));
    if (begun) await directories.ensure(this.#base(inputs)); // the step after it needs to look at what lies upon this alone
    const layer = begun?.layer ?? newLayerId();
    const identity = runIdentity(key);
    const isForeseeable = underLock !== undefined && !(await secretScan.isNeeded());
    const foresee = () => {
      if (!isForeseeable) return;
      directories.expect(layer);
      const foreseen = {
        identity: layerIdentity(identity),
        layer: { kind: "directory", layer, identity },
      } as const;
      turn.foresee(this.#push(inputs, foreseen, true));
    };
    const mounted = this.#noteMountedFiles(inputs);
    const noteStacks = () => noteMountedStacks(this.#environment, this.#vertex, { op: this.#op, inputs });
    let noted: Promise<void> | undefined;
    const startedAtMs = await this.#make(inputs, layer, {
      signal: turn.signal,
      underLock,
      begun,
      onSent() {
        foresee();
        noted = mounted.then(noteStacks);
      },
    });
    await (noted ?? noteStacks());
    const shown = await mountedLayers(this.#environment, this.#op, inputs);
    await secretScan.checkMade(this.#vertex, layer);
    options.store.layers.keepSelection(layer, await mounted);
    return recordLayer(this.#environment, this.#vertex, {
      layer,
      identity,
      startedAtMs,
      keys: [[key, parts]],
      inputs,
      ...(shown && { mountedLayers: shown }),
    });
  }

  /** Names the files of contexts that bind mounts show otherwise than they did. It is done while the process runs: a change that comes
   * during the build costs the next reason its names, and nothing else.
   * @returns what they show, as text for `selectionChanges` */
  async #noteMountedFiles(inputs: readonly Value[]): Promise<string> {
    const mounts = this.#op.mounts.filter(({ type, dest }) => type === "bind" && dest !== "/");
    if (mounts.length === 0) return "";
    const before = lastSelection(this.#environment, this.#vertex);
    const now = await describeContexts(inputs, mounts.map(wholeTree)).catch(() => "");
    noteFilesSince(this.#environment, this.#vertex, now === "" ? undefined : before, now);
    return now;
  }

  /** @returns when the process started: base images that were fetched before it do not cost the step anything the next time */
  async make(inputs: readonly Value[], layer: LayerId, signal: AbortSignal): Promise<number> {
    return await this.#make(inputs, layer, { signal });
  }

  async #make(
    inputs: readonly Value[],
    layer: LayerId,
    { signal, underLock, begun, onSent }: MakeOptions,
  ): Promise<number> {
    const request = begun ? undefined : await this.#request(inputs, layer);
    const runId = this.#vertex.digest;
    const worker = await this.#environment.worker("step");
    signal.throwIfAborted();
    const startedAtMs = Date.now();
    const cancel = () => void worker.cancel({ runId }).catch(() => {}); // it is gone: then so is the process
    signal.addEventListener("abort", cancel);
    const release = this.#environment.captureLog(runId, this.#vertex);
    try {
      const send = (lock: StepLock) => {
        const answer = request ? worker.runOnce({ ...request, ...lock }) : begun!.result;
        onSent?.();
        return answer;
      };
      const result = underLock ? await underLock(send) : await worker.run(request!);
      if (result.exitCode !== 0) throw runFailed(this.#op.args, result);
      return startedAtMs;
    } catch (error) {
      throw processFailure(this.#op.args, error);
    } finally {
      signal.removeEventListener("abort", cancel);
      release();
    }
  }

  #keyParts(inputs: readonly Value[]): Promise<KeyParts> {
    this.#parts ??= this.#computeParts(inputs);
    return this.#parts;
  }

  async #computeParts(inputs: readonly Value[]): Promise<KeyParts> {
    const keys = inputs.map(async (input, index): Promise<InputKey> => {
      if (input.kind === "stack") return stackIdentity(input.stack);
      const actions = this.#op.mounts
        .filter((mount) => "input" in mount && mount.input === index)
        .map(wholeTree);
      return (await input.opened.context.digestSources(actions)).join(" ");
    });
    return execKeyParts(this.#op, await Promise.all(keys));
  }

  async #request(inputs: readonly Value[], output: string): Promise<RunRequest> {
    const { args, env, cwd, user, network, security, proxyEnv = [] } = this.#op;
    const { hostname, extraHosts, ulimits, shmSizeBytes, platform, devices = [] } = this.#op;
    const mounts = this.#op.mounts.filter((mount) => mount.dest !== "/");
    const workerMounts = await Promise.all(mounts.map((mount) => this.#mount(mount, inputs)));
    return {
      runId: this.#vertex.digest,
      lowers: await this.#environment.directories.ensure(this.#base(inputs)),
      output,
      args,
      env: [...proxyEnv, ...env, ...(await this.#secretEnv())],
      cwd,
      user,
      network,
      security,
      mounts: workerMounts.filter((mount) => mount !== undefined),
      ...(devices.length > 0 && { devices: await editsOf(devices) }),
      ...(platform && { platform }),
      ...(hostname !== undefined && { hostname }),
      ...(extraHosts && { extraHosts }),
      ...(ulimits && { ulimits }),
      ...(shmSizeBytes !== undefined && { shmSizeBytes }),
    };
  }

  async #secretEnv(): Promise<string[]> {
    const entries: string[] = [];
    for (const { id, name, required } of this.#op.secretEnv ?? []) {
      const data = await this.#secret(id, required);
      entries.push(`${name}=${data ? Buffer.from(data).toString() : ""}`); // empty, as in BuildKit
    }
    return entries;
  }

  async #secret(id: string, required: boolean): Promise<Uint8Array | undefined> {
    const data = await this.#environment.session.secret(id);
    if (data || !required) return data;
    throw new EngineError("SECRET_NOT_FOUND", `secret ${id}: not found`, {
      hint: `give it with --secret id=${id},src=FILE or --secret id=${id},env=NAME`,
    });
  }

  async #mount(mount: Mount, inputs: readonly Value[]): Promise<WorkerMount | undefined> {
    switch (mount.type) {
      case "bind": {
        const { dest, readonly, selector } = mount;
        const place = { dest, readonly, ...(selector !== undefined && { selector }) };
        const input = inputs[mount.input];
        if (input?.kind === "context") return { type: "context", source: input.opened.source, ...place };
        return { type: "layers", layers: await this.#layers(mount.input, inputs), ...place };
      }
      case "cache": {
        const { input, ...rest } = mount;
        const { base, isFilled } = cacheBase(mount, input < 0 ? emptyStack : asStack(inputs[input]));
        const layers = isFilled ? await this.#layers(input, inputs) : [];
        const name = { namespace: cacheMountNamespace, id: rest.id, base };
        await this.#environment.mounts.restore(name);
        return { ...rest, ...name, layers };
      }
      case "tmpfs":
        return mount;
      case "secret": {
        const { dest, mode, uid, gid } = mount;
        const data = await this.#secret(mount.id, mount.required);
        return data && { type: "secret", dest, mode, uid, gid, data: Buffer.from(data).toString("base64") };
      }
      case "ssh": {
        const { dest, mode, uid, gid } = mount;
        const socket = await this.#environment.session.sshAgent(mount.id);
        if (socket !== undefined) return { type: "ssh", dest, mode, uid, gid, socket };
        if (!mount.required) return undefined;
        throw new EngineError("SECRET_NOT_FOUND", `unset ssh forward key ${mount.id}`, {
          hint: `lend an agent or keys with --ssh ${mount.id}`,
        });
      }
    }
  }

  async #layers(input: number, inputs: readonly Value[]): Promise<readonly string[]> {
    return input < 0 ? [] : await this.#environment.directories.ensure(asStack(inputs[input]));
  }

  #base(inputs: readonly Value[]): Stack {
    const root = this.#op.mounts[0];
    if (root?.dest !== "/" || root.type !== "bind")
      throw new Error("Internal error: RUN without a root mount");
    return root.input < 0 ? emptyStack : asStack(inputs[root.input]);
  }

  #push(inputs: readonly Value[], layer: StackLayer, ran: boolean): Value {
    return { kind: "stack", stack: pushLayer(this.#base(inputs), layer), ran };
  }
}

async function editsOf(devices: readonly string[]): Promise<ContainerEdits> {
  const { DeviceRegistry } = await import("../../../cdi/index.ts"); // few steps have any
  return DeviceRegistry.read().edits(devices);
}

const diskFull = 'the disk of the store is full; "slipway prune" removes what no image needs';

const killed = 128 + 9;
const hints: Readonly<Record<number, string>> = {
  [killed]: "it was killed; where memory runs out, the kernel does that",
};

function runFailed(args: readonly string[], { exitCode, isDiskFull }: RunResult): EngineError {
  const message = `${processMessage(args)}: exit code: ${exitCode}`;
  return new EngineError("RUN_FAILED", message, { hint: isDiskFull ? diskFull : hints[exitCode] });
}

/** What a cache begins with, as in BuildKit: nothing, or a part of a tree, or all of it; who asks for an owner or mode of a whole
 * cache gets an empty one. Caches that begin differently are different ones. */
function cacheBase(
  mount: Extract<Mount, { type: "cache" }>,
  stack: Stack,
): { base: string; isFilled: boolean } {
  const { uid, gid, mode, selector = "/" } = mount;
  const isOwned = selector === "/" && (uid !== 0 || gid !== 0 || mode !== 0o755);
  const owner = isOwned ? [uid, gid, mode] : [];
  const files = stack.layers.length > 0 ? [stackIdentity(stack), selector] : [];
  return { base: [...owner, ...files].join(" "), isFilled: files.length > 0 && !isOwned };
}

/** A process may do something else next time: what it made is itself, not its key. */
function runIdentity(key: string): string {
  return createHash("sha256").update(key).update(randomBytes(16)).digest("hex");
}
