import { isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from "yaml";
import { didYouMean, nearest } from "../errors/index.ts";
import type { Configuration, Mirror, RegistryConfiguration } from "./configuration.ts";
import { ConfigurationError } from "./configuration-error.ts";
import { parseMirror, parseRegistryHost } from "./parse-host.ts";

/** Parses the text of a configuration file. What is not known is an error, never ignored.
 * @param file its name, for messages
 * @throws {ConfigurationError} `CONFIGURATION_INVALID`, whose message names file, line and key */
export function parseConfiguration(text: string, file: string): Configuration {
  return new ConfigurationReader(text, file).read();
}

interface Entry {
  readonly name: string;
  readonly key: Node;
  readonly value: Node | null;
  /** `registries.docker.io.mirrors`. */
  readonly path: string;
}

class ConfigurationReader {
  readonly #text: string;
  readonly #file: string;
  readonly #lines = new LineCounter();

  constructor(text: string, file: string) {
    this.#text = text;
    this.#file = file;
  }

  read(): Configuration {
    const options = {
      lineCounter: this.#lines,
      logLevel: "silent",
      prettyErrors: false,
      uniqueKeys: false, // its own error for a key that is there twice points elsewhere
    } as const;
    const document = parseDocument(this.#text, options);
    const problem = document.errors[0];
    if (problem) throw this.#invalid(problem.pos[0], problem.message.replace(/\.$/, ""));
    const registries: Record<string, RegistryConfiguration> = Object.create(null) as Record<
      string,
      RegistryConfiguration
    >;
    for (const entry of this.#entries(document.contents, "", ["registries"])) {
      for (const registry of this.#entries(entry.value, entry.path)) {
        const host = this.#parsed(registry.key, registry.path, registry.name, parseRegistryHost);
        if (host in registries) throw this.#twice(registry.key, registry.path);
        registries[host] = this.#readRegistry(registry);
      }
    }
    return { registries };
  }

  #readRegistry(registry: Entry): RegistryConfiguration {
    let mirrors: readonly Mirror[] = [];
    let insecure = false;
    for (const entry of this.#entries(registry.value, registry.path, ["mirrors", "insecure"])) {
      if (entry.name === "mirrors") mirrors = this.#readMirrors(entry);
      else insecure = this.#readBoolean(entry);
    }
    return { mirrors, insecure };
  }

  #readMirrors({ value, key, path }: Entry): Mirror[] {
    if (!isSeq(value)) throw this.#wrong(value ?? key, path, "a list", value);
    return value.items.map((item, index) => {
      const itemPath = `${path}[${index}]`;
      if (!isScalar(item) || typeof item.value !== "string") {
        throw this.#wrong((item as Node | null) ?? value, itemPath, "a string", item as Node | null);
      }
      return this.#parsed(item, itemPath, item.value, parseMirror);
    });
  }

  #readBoolean({ value, key, path }: Entry): boolean {
    if (isScalar(value) && typeof value.value === "boolean") return value.value;
    throw this.#wrong(value ?? key, path, "true or false", value);
  }

  /** The members of a mapping; nothing at all is an empty one. */
  #entries(node: Node | null, path: string, allowed?: readonly string[]): Entry[] {
    if (node === null || (isScalar(node) && node.value === null)) return [];
    if (!isMap(node)) throw this.#wrong(node, path, "a mapping", node);
    const seen = new Set<string>();
    return node.items.map((pair) => {
      const key = pair.key as Node;
      const name = isScalar(key) ? String(key.value) : "";
      const keyPath = path === "" ? name : `${path}.${name}`;
      if (!isScalar(key) || (allowed && !allowed.includes(name)))
        throw this.#unknown(key, keyPath, name, allowed ?? []);
      if (seen.size === seen.add(name).size) throw this.#twice(key, keyPath);
      return { name, key, value: pair.value as Node | null, path: keyPath };
    });
  }

  #parsed<Value>(node: Node, path: string, text: string, parse: (text: string) => Value | undefined): Value {
    const value = parse(text);
    if (value !== undefined) return value;
    const wanted =
      parse === parseMirror ? "a mirror like https://host:port/prefix" : "a registry like host:port";
    throw this.#invalid(offsetOf(node), `${path}: expected ${wanted}, got ${JSON.stringify(text)}`);
  }

  #unknown(node: Node, path: string, name: string, allowed: readonly string[]): ConfigurationError {
    const near = didYouMean(name, allowed);
    const list =
      near === "" || nearest(name, allowed) === undefined ? `, expected ${allowed.join(" or ")}` : near;
    return this.#invalid(offsetOf(node), `${path}: unknown key${list}`);
  }

  #twice(node: Node, path: string): ConfigurationError {
    return this.#invalid(offsetOf(node), `${path}: named twice`);
  }

  #wrong(at: Node, path: string, wanted: string, got: Node | null): ConfigurationError {
    const where = path === "" ? "" : `${path}: `;
    return this.#invalid(offsetOf(at), `${where}expected ${wanted}, got ${describe(got)}`);
  }

  #invalid(offset: number, reason: string): ConfigurationError {
    const { line, col } = this.#lines.linePos(offset);
    const range = {
      startLine: Math.max(1, line),
      startColumn: Math.max(1, col),
      endLine: Math.max(1, line),
      endColumn: Math.max(1, col),
    };
    const message = `Cannot use configuration file ${this.#file}:${range.startLine}:${range.startColumn}: ${reason}`;
    return new ConfigurationError("CONFIGURATION_INVALID", message, {
      location: { file: this.#file, range, text: this.#text },
    });
  }
}

function offsetOf(node: Node): number {
  return node.range?.[0] ?? 0;
}

function describe(node: Node | null): string {
  if (isScalar(node)) return node.value === null ? "nothing" : JSON.stringify(node.value);
  if (isSeq(node)) return "a list";
  if (isMap(node)) return "a mapping";
  return node === null ? "nothing" : "an alias";
}
