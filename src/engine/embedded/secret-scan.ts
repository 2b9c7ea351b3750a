import type { LayerId } from "../../content/index.ts";
import type { Graph, Vertex, VertexDigest } from "../../llb/index.ts";
import { type Session, secretPatterns } from "../../session/index.ts";
import { parentTreePath, toText, type TreePath } from "../../tree/index.ts";
import type { WorkerApi } from "../../worker/index.ts";
import { EngineError } from "../engine-error.ts";
import type { StepResult } from "../step-result.ts";
import type { StepRecords } from "./step-records.ts";

export interface SecretScanOptions {
  readonly definition: Graph;
  readonly session: Session;
  readonly worker: () => Promise<WorkerApi>;
}

interface Pattern {
  readonly id: string;
  /** In base64, as it goes to the worker; it is written nowhere. */
  readonly bytes: string;
}

/** Keeps the values of a build's secrets out of its layers: whatever a step makes is looked through before it is recorded, so that
 * no later build finds it in the cache. A build whose graph names no secret reads nothing. */
export class SecretScan {
  readonly #options: SecretScanOptions;
  readonly #scanned = new Set<LayerId>();
  #patterns: Promise<readonly Pattern[]> | undefined;
  #isUsed = false;

  constructor(options: SecretScanOptions) {
    this.#options = options;
  }

  /** Does a layer count only after it was looked through? */
  async isNeeded(): Promise<boolean> {
    return (await this.#allPatterns()).length > 0;
  }

  /** Looks through a layer that a step has just made; one that holds a secret is removed.
   * @throws {EngineError} `SECRET_IN_IMAGE` */
  async checkMade(vertex: Vertex, layer: LayerId): Promise<void> {
    if (secretIds(vertex).length > 0) this.#isUsed = true;
    try {
      await this.#check(vertex, layer);
    } catch (error) {
      await (await this.#options.worker()).remove({ layers: [layer], paths: [] });
      throw error;
    }
  }

  /** Looks through results that were found, for they may be of a time before these secrets; those with one are forgotten. Nothing
   * is done unless a step with a secret has run.
   * @throws {EngineError} `SECRET_IN_IMAGE` */
  async checkFound(results: ReadonlyMap<VertexDigest, StepResult>, records: StepRecords): Promise<void> {
    if (!this.#isUsed) return;
    for (const [digest, { layer, keys }] of results) {
      if (layer.layer.kind !== "directory" || this.#scanned.has(layer.layer.layer)) continue;
      const vertex = this.#options.definition.vertices.get(digest)!;
      try {
        await this.#check(vertex, layer.layer.layer);
      } catch (error) {
        for (const key of keys) records.remove(key);
        if (error instanceof EngineError) error.location ??= vertex.metadata.location;
        throw error;
      }
    }
  }

  /** What gives the build's secrets away, each in base64. */
  async patterns(): Promise<readonly string[]> {
    return (await this.#allPatterns()).map(({ bytes }) => bytes);
  }

  async #check({ metadata }: Vertex, layer: LayerId): Promise<void> {
    const patterns = await this.#allPatterns();
    if (patterns.length === 0) return;
    this.#scanned.add(layer);
    const worker = await this.#options.worker();
    const { found } = await worker.findBytes({ layer, patterns: patterns.map(({ bytes }) => bytes) });
    const [first, ...others] = found;
    if (!first) return;
    const { id } = patterns[first.pattern]!;
    const more = others.length === 0 ? "" : ` and ${others.length} more`;
    throw new EngineError(
      "SECRET_IN_IMAGE",
      `Secret "${id}" would be in the image: ${describePath(first.path, patterns)}${more}, made by ${metadata.description}`,
      {
        hint: `remove the file in the same RUN, or leave it out of the context; if it may be there: --secret id=${id},scan=false`,
      },
    );
  }

  #allPatterns(): Promise<readonly Pattern[]> {
    this.#patterns ??= this.#readPatterns();
    return this.#patterns;
  }

  async #readPatterns(): Promise<readonly Pattern[]> {
    const { definition, session } = this.#options;
    const ids = new Set([...definition.vertices.values()].flatMap(secretIds));
    const patterns: Pattern[] = [];
    for (const id of [...ids].filter((each) => !session.unscannedSecrets?.has(each))) {
      // The step that needs it says why it cannot be read.
      const value = await session.secret(id).catch(() => undefined);
      if (!value) continue;
      for (const bytes of secretPatterns(value)) patterns.push({ id, bytes: bytes.toString("base64") });
    }
    return patterns;
  }
}

/** A name that is the secret itself is not told. */
function describePath(path: TreePath, patterns: readonly Pattern[]): string {
  const isSecret = (part: string) => {
    const bytes = Buffer.from(part, "latin1");
    return patterns.some((pattern) => bytes.includes(Buffer.from(pattern.bytes, "base64")));
  };
  if (!isSecret(path)) return `"${toText(path)}"`;
  let clean = path;
  while (isSecret(clean)) clean = parentTreePath(clean);
  return `a name below "${toText(clean)}"`;
}

function secretIds({ op }: Vertex): readonly string[] {
  if (op.kind !== "exec") return [];
  const mounted = op.mounts.flatMap((mount) => (mount.type === "secret" ? [mount.id] : []));
  return [...mounted, ...(op.secretEnv ?? []).map(({ id }) => id)];
}
