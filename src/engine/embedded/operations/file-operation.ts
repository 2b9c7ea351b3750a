import { newLayerId, cacheKey, type KeyParts } from "../../../content/index.ts";
import type { FileOp, Vertex } from "../../../llb/index.ts";
import type { Turn } from "../../../solver/index.ts";
import type { FileActionsRequest, LayerId } from "../../../worker/index.ts";
import { emptyStack, pushLayer, type Stack, type StackLayer, stackIdentity } from "../../stack.ts";
import { asStack, type Value } from "../environment.ts";
import { fileKeyParts, type InputKey, stepSlots } from "../key-parts.ts";
import { describeContexts, lastSelection, noteFiles, noteFilesSince } from "../context-files.ts";
import { firstBuild } from "../miss-reason.ts";
import { findLayer, noteReason, recordLayer, type SolveEnvironment } from "../step-context.ts";
import { runOnce, type UnderLock } from "../step-lock.ts";
import type { Step } from "./verified-step.ts";

/** COPY, ADD, WORKDIR and here-documents: found by what they read, wherever that comes from. */
export class FileOperation implements Step {
  readonly #environment: SolveEnvironment;
  readonly #vertex: Vertex;
  readonly #op: FileOp;
  /** Content digests of what context files the actions read, computed once. */
  #contextKeys: Promise<readonly (InputKey | undefined)[]> | undefined;

  constructor(environment: SolveEnvironment, vertex: Vertex, op: FileOp) {
    this.#environment = environment;
    this.#vertex = vertex;
    this.#op = op;
  }

  async findRecorded(inputs: readonly Value[]): Promise<Value | undefined> {
    const definition = await this.#definitionParts(inputs);
    const found = await findLayer(this.#environment, this.#vertex, { key: cacheKey(definition), inputs });
    if (found) return this.#push(inputs, found, false);
    noteReason(this.#environment, this.#vertex, definition, inputs);
    if (this.#environment.isPlan) await this.#nameChangedFiles(inputs);
    if (this.#environment.isPlan || !this.#readsStacks(inputs) || !this.#mayHaveRun()) return undefined;
    const key = cacheKey(await this.#contentParts(inputs));
    const alsoBy = definition;
    const sameContent = await findLayer(this.#environment, this.#vertex, { key, inputs, alsoBy });
    return sameContent && this.#push(inputs, sameContent, false);
  }

  async execute(inputs: readonly Value[], turn: Turn<Value>): Promise<Value> {
    const parts = await this.#definitionParts(inputs);
    const { layer, ran } = await runOnce(this.#environment, this.#vertex, {
      key: cacheKey(parts),
      inputs,
      turn,
      waitsForOthers: false,
      run: (underLock) => this.#run(inputs, underLock),
    });
    return this.#push(inputs, layer, ran);
  }

  async #run(inputs: readonly Value[], underLock: UnderLock | undefined): Promise<StackLayer> {
    const layer = newLayerId();
    const worker = await this.#environment.worker("step");
    const { records, project } = this.#environment;
    const previousLayer = records.lastLayer(stepSlots(project, this.#vertex));
    const request = {
      ...(await this.#request(inputs, layer)),
      ...(previousLayer !== undefined && { previousLayer }),
    };
    const startedAtMs = Date.now(); // what had to be fetched for it is there now
    const { contentDigests, changes } = underLock
      ? await underLock((lock) => worker.applyFileActionsOnce({ ...request, ...lock }))
      : await worker.applyFileActions(request);
    noteFiles(this.#environment, this.#vertex, changes);
    await this.#environment.secretScan.checkMade(this.#vertex, layer);
    const content = this.#parts(inputs, contentDigests);
    const definition = this.#parts(
      inputs,
      contentDigests.map((digest, index) => this.#stackKey(inputs, index) ?? digest),
    );
    const identity = cacheKey(content);
    return recordLayer(this.#environment, this.#vertex, {
      layer,
      identity,
      startedAtMs,
      keys: [
        [cacheKey(definition), definition],
        [identity, content],
      ],
      inputs,
    });
  }

  async make(inputs: readonly Value[], layer: LayerId): Promise<void> {
    const worker = await this.#environment.worker("step");
    await worker.applyFileActions(await this.#request(inputs, layer));
  }

  /** Keys of other stages' files are their stacks' identities: known without a look at any file. */
  async #definitionParts(inputs: readonly Value[]): Promise<KeyParts> {
    const contextKeys = await this.#digestContexts(inputs);
    return this.#parts(
      inputs,
      this.#op.actions.map((_, index) => this.#stackKey(inputs, index) ?? contextKeys[index] ?? ""),
    );
  }

  async #contentParts(inputs: readonly Value[]): Promise<KeyParts> {
    const keys = [...(await this.#digestContexts(inputs))];
    const worker = await this.#environment.worker("step");
    for (const [input, indices] of this.#actionsByInput(inputs)) {
      if (input.kind !== "stack") continue;
      const lowers = await this.#environment.directories.ensure(input.stack);
      const actions = indices.map((index) => this.#op.actions[index]!);
      const { contentDigests } = await worker.digestSources({ lowers, actions });
      for (const [position, index] of indices.entries()) keys[index] = contentDigests[position];
    }
    return this.#parts(
      inputs,
      keys.map((key) => key ?? ""),
    );
  }

  #parts(inputs: readonly Value[], sourceKeys: readonly InputKey[]): KeyParts {
    const reads = sourceKeys.map((key) => (key === "" ? undefined : key));
    return fileKeyParts(this.#op, stackIdentity(this.#base(inputs)), reads);
  }

  #digestContexts(inputs: readonly Value[]): Promise<readonly (InputKey | undefined)[]> {
    this.#contextKeys ??= this.#computeContextKeys(inputs);
    return this.#contextKeys;
  }

  async #computeContextKeys(inputs: readonly Value[]): Promise<readonly (InputKey | undefined)[]> {
    const keys: (InputKey | undefined)[] = this.#op.actions.map(() => undefined);
    for (const [input, indices] of this.#actionsByInput(inputs)) {
      if (input.kind !== "context") continue;
      const actions = indices.map((index) => this.#op.actions[index]!);
      const digests = await input.opened.context.digestSources(actions, () => this.#expectWork());
      for (const [position, index] of indices.entries()) keys[index] = digests[position];
    }
    return keys;
  }

  /** Most likely the step must run: the worker starts while its key is made. */
  #expectWork(): void {
    if (this.#environment.isPlan) return;
    this.#environment.worker("files").catch(() => {}); // told when it is needed
  }

  async #request(inputs: readonly Value[], output: string): Promise<FileActionsRequest> {
    const { directories } = this.#environment;
    const sources = inputs.map(async (input) =>
      input.kind === "context"
        ? { kind: "context" as const, context: input.opened.source }
        : { kind: "layers" as const, layers: await directories.ensure(input.stack) },
    );
    return {
      lowers: await directories.ensure(this.#base(inputs)),
      output,
      actions: this.#op.actions,
      sources: await Promise.all(sources),
    };
  }

  /** For a plan, which copies nothing: compares what would be copied with what was. */
  async #nameChangedFiles(inputs: readonly Value[]): Promise<void> {
    const before = lastSelection(this.#environment, this.#vertex);
    if (before === undefined) return;
    const now = await describeContexts(inputs, this.#op.actions);
    noteFilesSince(this.#environment, this.#vertex, before, now);
  }

  #base(inputs: readonly Value[]): Stack {
    return this.#op.base < 0 ? emptyStack : asStack(inputs[this.#op.base]);
  }

  #push(inputs: readonly Value[], layer: StackLayer, ran: boolean): Value {
    return { kind: "stack", stack: pushLayer(this.#base(inputs), layer), ran };
  }

  #stackKey(inputs: readonly Value[], index: number): InputKey | undefined {
    const action = this.#op.actions[index];
    if (action?.kind !== "copy") return undefined;
    if (action.from === -1) return `stack ${stackIdentity(emptyStack)}`;
    const source = inputs[action.from];
    if (source?.kind !== "stack") return undefined;
    return `${source.version ?? "stack"} ${stackIdentity(source.stack)}`;
  }

  #readsStacks(inputs: readonly Value[]): boolean {
    return this.#op.actions.some((_, index) => this.#stackKey(inputs, index) !== undefined);
  }

  /** Indices of the copy actions that read each input. */
  #actionsByInput(inputs: readonly Value[]): ReadonlyMap<Value, readonly number[]> {
    const found = new Map<Value, number[]>();
    for (const [index, action] of this.#op.actions.entries()) {
      const input = action.kind === "copy" ? inputs[action.from] : undefined;
      if (input) found.set(input, [...(found.get(input) ?? []), index]);
    }
    return found;
  }

  /** A step that never ran has no record under its content either, but on another machine: files need not be read to learn that. */
  #mayHaveRun(): boolean {
    return this.#environment.reasons.get(this.#vertex.digest)?.text !== firstBuild;
  }
}
