import { StringDecoder } from "node:string_decoder";
import { CodedError } from "../../errors/index.ts";
import {
  type Definition,
  type Graph,
  joinDefinitions,
  type Vertex,
  type VertexDigest,
} from "../../llb/index.ts";
import {
  type Operation,
  planSolve,
  solveAll,
  type SolverObserver,
  type SolverVertex,
} from "../../solver/index.ts";
import type { FirstWork, WorkerApi, WorkerLog } from "../../worker/index.ts";
import type { VerifiedResult } from "../step-result.ts";
import type { Engine, SolveRequest, SolveResult, StepPlan } from "../engine.ts";
import { emptyStack, type Stack } from "../stack.ts";
import type { PartChange } from "../../progress/index.ts";
import { StepRecords } from "./step-records.ts";
import { cacheMountIds, cacheMountNamespace, emptyCacheMounts } from "./empty-cache-mounts.ts";
import { asStack, type EmbeddedEngineOptions, type Value } from "./environment.ts";
import { findMissingSource } from "./find-missing-source.ts";
import { LayerDirectories } from "./layer-directories.ts";
import { ExecOperation } from "./operations/exec-operation.ts";
import { FileOperation } from "./operations/file-operation.ts";
import { MergeOperation } from "./operations/merge-operation.ts";
import { isRemote, RemoteOperation } from "./operations/remote-operation.ts";
import { SourceOperation } from "./operations/source-operation.ts";
import { explainSource } from "./step-failure.ts";
import { type Step, VerifiedStep } from "./operations/verified-step.ts";
import { MountRestorer } from "./mount-restorer.ts";
import { planSteps } from "./plan-steps.ts";
import { SecretScan } from "./secret-scan.ts";
import { PullReporter } from "./pull-reporter.ts";
import { reasonsBefore, type SolveEnvironment } from "./step-context.ts";

/** Runs build graphs on this machine: recorded results from the store, everything else in the worker, which is started when
 * the first step must run. Dispose it to end the worker. */
export class EmbeddedEngine implements Engine {
  readonly #options: EmbeddedEngineOptions;
  readonly #records: StepRecords;
  readonly #directories: LayerDirectories;
  readonly #pulls: PullReporter;
  readonly #logs = new Map<string, (log: WorkerLog) => void>();
  readonly #held = new Map<string, WorkerLog[]>();
  #worker: Promise<WorkerApi & AsyncDisposable> | undefined;

  constructor(options: EmbeddedEngineOptions) {
    this.#options = options;
    this.#records = new StepRecords(options.store, options.resultSources);
    this.#pulls = new PullReporter(options.emit);
    this.#directories = new LayerDirectories(options, {
      records: this.#records,
      reporter: this.#pulls,
      worker: () => this.worker(),
    });
  }

  /** The worker of this engine, started on the first call.
   * @param firstWork what that call is for */
  worker(firstWork: FirstWork = "files"): Promise<WorkerApi> {
    this.#worker ??= this.#options.startWorker((log) => this.#logs.get(log.runId)?.(log), firstWork);
    return this.#worker;
  }

  async solve(definitions: readonly Definition[], request: SolveRequest): Promise<SolveResult> {
    const { graph: definition, roots } = joinDefinitions(definitions);
    for (const vertex of definition.vertices.values()) this.#announce(vertex, definition);
    const environment = this.#environment(definition, request);
    const observer = new StepReporter(environment, definition);
    const vertices = toSolverVertices(environment);
    const missing = await findMissingSource(environment);
    if (missing)
      throw observer.failed(
        missing.vertex,
        explainSource(missing.error, missing.vertex, environment.definition.vertices),
      );
    const { jobs, signal } = request;
    environment.mounts.emptied = await emptyCacheMounts(definition, this.#options.store, () => this.worker());
    const solved = await this.#recorded(solveAll(vertices, roots, { jobs, signal, observer }));
    this.#worker?.then((worker) => worker.settle({})).catch(() => {}); // told by whoever needs it
    this.#pulls.close();
    await environment.secretScan.checkFound(environment.results, this.#records);
    const stackOf = new Map(roots.map((root, index) => [root, asStack(solved[index])]));
    const stacks = definitions.map(({ root }) => (root && stackOf.get(root)) ?? emptyStack);
    await this.#keepRemote(stacks);
    const results = [...environment.results.values()];
    const verified = [...(environment.verified?.values() ?? [])];
    const cacheMounts = [...cacheMountIds(definition)].map((id) => ({ namespace: cacheMountNamespace, id }));
    const secretPatterns = cacheMounts.length > 0 ? await environment.secretScan.patterns() : [];
    const { run, cached } = observer;
    return { stacks, run, cached, results, cacheMounts, secretPatterns, verified };
  }

  /** What was made is recorded, also by a build that failed. */
  async #recorded<Result>(solved: Promise<Result>): Promise<Result> {
    const result = await solved.catch(async (error: unknown) => {
      await this.#records.written().catch(() => {});
      throw error;
    });
    await this.#records.written();
    return result;
  }

  /** An image must not depend on a cache that may be gone tomorrow: its layers come into the store. */
  async #keepRemote(stacks: readonly Stack[]): Promise<void> {
    const fetched = stacks
      .flatMap(({ layers }) => layers)
      .map(async ({ layer, reference, step }) => {
        if (layer.kind === "blob" && step !== undefined && reference !== undefined)
          await this.#directories.fetch(layer.blob, reference);
      });
    await Promise.all(fetched);
    this.#records.keepRemote();
  }

  async plan(definitions: readonly Definition[], request: SolveRequest): Promise<readonly StepPlan[]> {
    const { graph: definition, roots } = joinDefinitions(definitions);
    const environment = { ...this.#environment(definition, request), isPlan: true };
    return planSteps(environment, await planSolve(toSolverVertices(environment), ...roots));
  }

  /** Ids of the directories of a stack, bottom first; fetches and unpacks what is not there. */
  async directoriesOf(stack: Stack): Promise<readonly string[]> {
    return await this.#directories.ensure(stack);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const worker = await this.#worker?.catch(() => undefined);
    await worker?.[Symbol.asyncDispose]();
  }

  #environment(definition: Graph, request: SolveRequest): SolveEnvironment {
    return {
      options: this.#options,
      definition,
      emit: this.#options.emit,
      session: request.session,
      project: request.project,
      records: this.#records,
      directories: this.#directories,
      worker: (firstWork) => this.worker(firstWork),
      captureLog: (runId, vertex) => this.#captureLog(runId, vertex),
      holdLog: (runId) => this.#holdLog(runId),
      reasons: reasonsBefore(definition),
      ...(request.verify && { verified: new Map() }),
      shared: new Set(),
      results: new Map(),
      mounts: new MountRestorer(this.#options, () => this.worker()),
      secretScan: new SecretScan({ definition, session: request.session, worker: () => this.worker() }),
    };
  }

  #announce(vertex: Vertex, definition: Graph): void {
    if (vertex.op.kind === "merge") return;
    const { description, stage } = vertex.metadata;
    const { digest, op } = vertex;
    const inputs = vertex.inputs.flatMap((input) => shownVertices(definition, input));
    if (op.kind === "source" && op.identifier.startsWith("docker-image://")) {
      for (const reference of imageReferences(op.identifier)) this.#pulls.watch(reference, digest);
    }
    this.#options.emit({ kind: "vertex", id: digest, name: description, inputs, ...(stage && { stage }) });
  }

  #holdLog(runId: string): void {
    const held: WorkerLog[] = [];
    this.#held.set(runId, held);
    this.#logs.set(runId, (log) => held.push(log));
  }

  #captureLog(runId: string, vertex: Vertex): () => void {
    const decoders = { 1: new StringDecoder("utf8"), 2: new StringDecoder("utf8") };
    const { emit } = this.#options;
    const send = (stream: 1 | 2, text: string) => {
      if (text) emit({ kind: "vertex-log", id: vertex.digest, timeMs: Date.now(), stream, text });
    };
    const take = ({ stream, data }: WorkerLog) => send(stream, decoders[stream].write(Buffer.from(data)));
    for (const log of this.#held.get(runId) ?? []) take(log);
    this.#held.delete(runId);
    this.#logs.set(runId, take);
    return () => {
      this.#logs.delete(runId);
      for (const stream of [1, 2] as const) send(stream, decoders[stream].end());
    };
  }
}

/** A merge is no step that anybody wrote: what it is made of stands for it. */
function shownVertices(definition: Graph, digest: VertexDigest): readonly VertexDigest[] {
  const vertex = definition.vertices.get(digest);
  if (vertex?.op.kind !== "merge") return [digest];
  return vertex.inputs.flatMap((input) => shownVertices(definition, input));
}

function toSolverVertices(environment: SolveEnvironment): ReadonlyMap<string, SolverVertex<Value>> {
  const vertices = [...environment.definition.vertices.values()];
  return new Map(vertices.map((vertex) => [vertex.digest, toSolverVertex(environment, vertex)]));
}

function toSolverVertex(environment: SolveEnvironment, vertex: Vertex): SolverVertex<Value> {
  return {
    id: vertex.digest,
    inputs: vertex.inputs,
    operation: located(toOperation(environment, vertex), vertex, environment),
    ignoreCache: vertex.metadata.ignoreCache ?? false,
  };
}

function toOperation(environment: SolveEnvironment, vertex: Vertex): Operation<Value> {
  const { op } = vertex;
  switch (op.kind) {
    case "source":
      return isRemote(op)
        ? new RemoteOperation(environment, vertex, op)
        : new SourceOperation(environment.options, op);
    case "exec":
      return verifiable(environment, vertex, new ExecOperation(environment, vertex, op));
    case "file":
      return verifiable(environment, vertex, new FileOperation(environment, vertex, op));
    case "merge":
      return new MergeOperation();
  }
}

function verifiable(environment: SolveEnvironment, vertex: Vertex, step: Step): Operation<Value> {
  return environment.verified ? new VerifiedStep(environment, vertex, step) : step;
}

/** Adds the Dockerfile's line, and what was read, to what an operation throws. */
function located(
  operation: Operation<Value>,
  vertex: Vertex,
  { definition }: SolveEnvironment,
): Operation<Value> {
  const locate = (error: unknown): never => {
    throw withLocation(explainSource(error, vertex, definition.vertices), vertex);
  };
  return {
    findRecorded: (inputs) => operation.findRecorded(inputs).catch(locate),
    execute: (inputs, turn) => operation.execute(inputs, turn).catch(locate),
    begin: (inputs, signal) => operation.begin?.(inputs, signal) ?? false,
  };
}

function withLocation(error: unknown, { metadata }: Vertex): unknown {
  if (error instanceof CodedError) error.location ??= metadata.location;
  return error;
}

/** Turns what the solver tells into events, and counts. */
class StepReporter implements SolverObserver<Value> {
  readonly run: VertexDigest[] = [];
  readonly cached: VertexDigest[] = [];
  readonly #environment: SolveEnvironment;
  readonly #definition: Graph;

  constructor(environment: SolveEnvironment, definition: Graph) {
    this.#environment = environment;
    this.#definition = definition;
  }

  started(id: string, inputs: readonly Value[]): void {
    for (const input of inputs)
      if (input.kind === "stack") this.#environment.directories.reportImages(input.stack);
    const isProvisional = this.#environment.reasons.get(id)?.isProvisional;
    const reason = isProvisional ? {} : this.#reasonOf(id);
    this.#environment.emit({ kind: "vertex-started", id, timeMs: Date.now(), ...reason });
  }

  /** Tells of a step that fails before anything runs. @returns the error, with the step's place in the Dockerfile */
  failed(vertex: Vertex, error: unknown): unknown {
    this.started(vertex.digest, []);
    this.completed(vertex.digest, "failed", error);
    return withLocation(error, vertex);
  }

  completed(id: string, end: "done" | "cached" | "failed" | "cancelled", error?: unknown): void {
    const verified = this.#environment.verified?.get(id as VertexDigest);
    const isShared = this.#environment.shared.has(id);
    const outcome = verified || isShared ? "cached" : end;
    const op = this.#definition.vertices.get(id as VertexDigest)?.op;
    if (op?.kind === "merge") return;
    const source = op?.kind === "source" ? op.identifier : undefined;
    if (source?.startsWith("docker-image://") && outcome === "cached") return; // told by the pull reporter
    if (!source && outcome === "done") this.run.push(id as VertexDigest);
    if (!source && outcome === "cached") this.cached.push(id as VertexDigest);
    this.#environment.emit({
      kind: "vertex-completed",
      id,
      timeMs: Date.now(),
      outcome,
      ...(outcome === "failed" && error instanceof Error && { error: error.message }),
      ...(outcome !== "cached" && this.#reasonOf(id)),
      ...(isShared && { reason: "another build ran it" }),
      ...(verified && { reason: comparison(verified) }),
    });
  }

  #reasonOf(id: string): { reason?: string; changes?: readonly PartChange[] } {
    const reason = this.#environment.reasons.get(id);
    return reason === undefined ? {} : { reason: reason.text, changes: reason.changes };
  }
}

/** `docker-image://NAME@DIGEST` → what the image may have been asked for by: `NAME` and `NAME@DIGEST`. */
function imageReferences(identifier: string): readonly string[] {
  const pinned = identifier.slice("docker-image://".length);
  return [pinned.replace(/@sha256:[0-9a-f]{64}$/, ""), pinned];
}

function comparison({ difference }: VerifiedResult): string {
  if (!difference) return "ran again with the same result";
  return `differs when it runs again: ${difference.path}: ${difference.what}`;
}
