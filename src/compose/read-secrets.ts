import type { SecretSpec } from "../build/index.ts";
import { didYouMean } from "../errors/index.ts";
import { hostPath } from "./host-path.ts";
import type { Lookup } from "./interpolate.ts";
import { asBoolean, asMap, asText, fieldsOf } from "./read-nodes.ts";
import { describe, errorAt, toPlain, type YamlEntry, type YamlNode } from "./yaml-tree.ts";

export type SecretSource = SecretSpec["source"];

/** Top-level `secrets` by name, each read when a build wants it: what nobody uses may be of a kind that is not carried out. */
export class SecretDefinitions {
  readonly #entries: ReadonlyMap<string, YamlEntry>;
  readonly #reading: { readonly directory: string; readonly lookup: Lookup };

  constructor(node: YamlNode | undefined, reading: { readonly directory: string; readonly lookup: Lookup }) {
    this.#entries = node ? asMap(node, "secrets").entries : new Map();
    this.#reading = reading;
  }

  /** @throws {ComposeError} the secret is not defined, or not by a file or a variable */
  source(name: string, user: YamlNode, what: string): SecretSource {
    const entry = this.#entries.get(name);
    if (!entry) {
      const near = didYouMean(name, this.#entries.keys());
      throw errorAt(user.place, `${what} refers to undefined secret "${name}"${near}`);
    }
    return this.#read(`secrets.${name}`, entry);
  }

  /** As a file has them, paths made absolute. */
  written(): Readonly<Record<string, unknown>> {
    const all = [...this.#entries].map(([name, { value }]) => [name, this.#absolute(toPlain(value))]);
    return Object.fromEntries(all);
  }

  #absolute(definition: unknown): unknown {
    if (typeof definition !== "object" || definition === null || !("file" in definition)) return definition;
    return { ...definition, file: hostPath(String(definition.file), this.#reading.directory) };
  }

  #read(where: string, { key, value }: YamlEntry): SecretSource {
    const fields = fieldsOf(value, {
      where,
      supported: ["file", "environment", "external", "name", "labels"],
      unsupported: ["driver", "driver_opts", "template_driver"],
    });
    const [file, environment, external] = ["file", "environment", "external"].map((name) => fields.get(name));
    if (external && asBoolean(external, `${where}.external`))
      throw errorAt(external.place, `${where}.external is not supported: a build has no store of secrets`, {
        code: "COMPOSE_UNSUPPORTED",
        hint: "give file or environment",
      });
    if (file && environment)
      throw errorAt(environment.place, `${where} has both file and environment; one is needed`);
    if (file) return { kind: "file", path: hostPath(asText(file, `${where}.file`), this.#reading.directory) };
    if (!environment) throw errorAt(key, `${where} has neither file nor environment; one is needed`);
    const variable = asText(environment, `${where}.environment`);
    const text = this.#reading.lookup(variable);
    if (text !== undefined) return { kind: "text", text };
    throw errorAt(environment.place, `${where}.environment: the variable "${variable}" is not set`);
  }
}

/** Reads `build.secrets`: names, or mappings whose `target` is the secret's id in the Dockerfile. */
export function readSecrets(node: YamlNode, what: string, definitions: SecretDefinitions): SecretSpec[] {
  if (node.kind !== "sequence") throw errorAt(node.place, `${what} must be a list, not ${describe(node)}`);
  return node.items.map((item) => {
    if (item.kind !== "map") {
      const name = asText(item, `an item of ${what}`);
      return { id: name, source: definitions.source(name, item, what) };
    }
    const fields = fieldsOf(item, {
      where: what,
      supported: ["source", "target"],
      unsupported: ["uid", "gid", "mode"],
      hint: "say it in the Dockerfile, as in RUN --mount=type=secret,mode=0400",
    });
    const source = fields.get("source");
    const target = fields.get("target");
    if (!source) throw errorAt(item.place, `${what}: "source" is missing`);
    const name = asText(source, `${what}.source`);
    return {
      id: target ? asText(target, `${what}.target`) : name,
      source: definitions.source(name, source, what),
    };
  });
}
