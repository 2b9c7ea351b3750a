import type { SourceOp } from "../../../llb/index.ts";
import type { Operation } from "../../../solver/index.ts";
import { imageStack } from "../../image-stack.ts";
import type { EmbeddedEngineOptions, Value } from "../environment.ts";

/** An image or a local context. Both are there without work: an image's layers are fetched when a step needs their files, a
 * context's files are read when a step names them. */
export class SourceOperation implements Operation<Value> {
  readonly #options: EmbeddedEngineOptions;
  readonly #op: SourceOp;

  constructor(options: EmbeddedEngineOptions, op: SourceOp) {
    this.#options = options;
    this.#op = op;
  }

  async findRecorded(): Promise<Value> {
    const { identifier, excludePatterns = [] } = this.#op;
    if (identifier.startsWith("local://")) {
      const name = identifier.slice("local://".length);
      return { kind: "context", opened: await this.#options.openContext(name, excludePatterns) };
    }
    if (/^(?:docker-image|oci-layout):\/\//.test(identifier)) {
      const { layers } = imageStack(this.#options.imageOf(this.#op));
      const image = identifier.slice(identifier.indexOf("://") + 3);
      return { kind: "stack", stack: { layers: layers.map((layer) => ({ ...layer, image })) }, ran: false };
    }
    throw new Error(`Internal error: source ${identifier} is of no known kind`);
  }

  async execute(): Promise<Value> {
    return await this.findRecorded();
  }
}
