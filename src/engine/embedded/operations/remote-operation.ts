import { type SourceOp, toGitSource, toHttpSource, type Vertex } from "../../../llb/index.ts";
import type { Operation } from "../../../solver/index.ts";
import type { FetchedSource, FetchReport } from "../../../source/index.ts";
import { layerIdentity } from "../../stack.ts";
import type { Value } from "../environment.ts";
import type { SolveEnvironment } from "../step-context.ts";

/** Is this a source of the network? */
export function isRemote(op: SourceOp): boolean {
  return toHttpSource(op) !== undefined || toGitSource(op) !== undefined;
}

/** A file or a repository of the network. Found without asking when a checksum or a commit names what the store has; otherwise it is
 * asked whether it changed, by a plan too. */
export class RemoteOperation implements Operation<Value> {
  readonly #environment: SolveEnvironment;
  readonly #vertex: Vertex;
  readonly #op: SourceOp;

  constructor(environment: SolveEnvironment, vertex: Vertex, op: SourceOp) {
    this.#environment = environment;
    this.#vertex = vertex;
    this.#op = op;
  }

  async findRecorded(): Promise<Value | undefined> {
    const sources = await this.#environment.options.remoteSources();
    const source = this.#source();
    const found = this.#environment.isPlan ? await sources.peek(source) : sources.find(source);
    return found && toValue(found, this.#vertex);
  }

  async execute(): Promise<Value> {
    const sources = await this.#environment.options.remoteSources();
    const source = this.#source();
    const fetched =
      "url" in source
        ? await sources.fetchHttp(source, this.#report(source.url))
        : await sources.fetchGit(source, this.#report(source.remote));
    return toValue(fetched, this.#vertex);
  }

  #source() {
    const source = toHttpSource(this.#op) ?? toGitSource(this.#op);
    if (!source) throw new Error(`Internal error: source ${this.#op.identifier} is of no known kind`);
    return source;
  }

  #report(place: string): FetchReport {
    const { emit } = this.#environment;
    const { digest: id } = this.#vertex;
    const item = place.replace(/[?#].*$/s, "").replace(/^.*\//s, "") || "download";
    return {
      onProgress: (current, total) => {
        const size = total === undefined ? {} : { total };
        const isDone = current === total;
        emit({
          kind: "vertex-status",
          id,
          timeMs: Date.now(),
          item,
          current,
          ...size,
          unit: "bytes",
          isDone,
        });
      },
      onLog: (line) => emit({ kind: "vertex-log", id, timeMs: Date.now(), stream: 1, text: `${line}\n` }),
    };
  }
}

function toValue(fetched: FetchedSource, vertex: Vertex): Value {
  const { layer, createdAtMs, version, isCached } = fetched;
  const step = vertex.metadata.description;
  const { identity } = fetched;
  const stackLayer = {
    identity: layerIdentity(identity),
    layer: { kind: "directory", layer, identity },
    createdAtMs,
    step,
  } as const;
  return { kind: "stack", stack: { layers: [stackLayer] }, ran: !isCached, version };
}
