import {
  Composer,
  type CST,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  Parser,
  type Scalar,
} from "yaml";
import { ComposeError } from "./compose-error.ts";
import { describe, errorAt, type Place, type YamlEntry, type YamlNode } from "./yaml-tree.ts";

/** Nodes of a file after its aliases are resolved; Compose stops at the same number. */
const limitNodes = 100_000;
/** Far below what the stack has room for; an alias may be within itself. */
const limitDepth = 200;
const tooDeep = "values are nested too deeply";

/** Parses a Compose file as Compose does: YAML 1.2 booleans (`yes` is a string), merge keys, no duplicate keys.
 * @returns undefined for an empty file
 * @throws {ComposeError} `COMPOSE_INVALID` with the place */
export function parseYaml(file: string, text: string): YamlNode | undefined {
  const lines = new LineCounter();
  const place = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { file, text, line: Math.max(1, line), column: Math.max(1, col) };
  };
  const tokens = [...new Parser(lines.addNewLine).parse(text)];
  const deep = tokenBelow(tokens, limitDepth);
  if (deep) throw errorAt(place(deep.offset), tooDeep);
  const composer = new Composer({
    version: "1.2",
    schema: "core",
    logLevel: "silent",
    prettyErrors: false,
    stringKeys: false,
    uniqueKeys: false, // looked for below, in a time that does not grow with their square
  });
  const documents = [...composer.compose(tokens)];
  const problem = documents.flatMap((document) => document.errors)[0];
  if (problem) throw errorAt(place(problem.pos[0]), problem.message.replace(/\.$/, ""));
  if (documents.length > 1)
    throw errorAt(place(documents[1]!.range[0]), "several documents in one file are not supported", {
      code: "COMPOSE_UNSUPPORTED",
    });
  const document = documents[0];
  if (!document?.contents) return undefined;
  return new TreeBuilder(document, place).build(document.contents);
}

/** A token that has more than `limit` collections around it. The composer calls itself for each: where the stack ends it throws, or, if a regular
 * expression is compiled just then, V8 ends the process. */
function tokenBelow(tokens: readonly CST.Token[], limit: number): CST.Token | undefined {
  let level: readonly CST.Token[] = tokens;
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > limit + 1) return level[0]; // the document is around all of them
    level = level.flatMap(childrenOf);
  }
  return undefined;
}

function childrenOf(token: CST.Token): readonly CST.Token[] {
  if ("items" in token) return token.items.flatMap(({ key, value }) => [key ?? [], value ?? []].flat());
  return token.type === "document" && token.value ? [token.value] : [];
}

class TreeBuilder {
  readonly #document: Document;
  readonly #place: (offset: number) => Place;
  #count = 0;
  #depth = 0;

  constructor(document: Document, place: (offset: number) => Place) {
    this.#document = document;
    this.#place = place;
  }

  build(node: Node): YamlNode {
    if (++this.#depth > limitDepth) throw errorAt(this.#placeOf(node), tooDeep);
    const built = this.#build(node);
    this.#depth--;
    return built;
  }

  #build(node: Node): YamlNode {
    const place = this.#placeOf(node);
    if (++this.#count > limitNodes) throw errorAt(place, `more than ${limitNodes} values, aliases included`);
    if (isAlias(node)) {
      const target = node.resolve(this.#document);
      if (!target) throw errorAt(place, `unknown alias "${node.source}"`);
      return this.build(target);
    }
    this.#checkTag(node, place);
    if (isMap(node)) return { kind: "map", place, entries: this.#entries(node.items as Pair[], place) };
    if (isSeq(node))
      return {
        kind: "sequence",
        place,
        items: node.items.map((item) => this.#orNull(item as Node | null, place)),
      };
    if (isScalar(node)) return { kind: "scalar", place, value: scalarValue(node) };
    throw new Error("Internal error: unknown kind of YAML node");
  }

  #entries(pairs: readonly Pair[], place: Place): Map<string, YamlEntry> {
    const own = new Map<string, YamlEntry>();
    const merged = new Map<string, YamlEntry>();
    for (const { key, value } of pairs) {
      const keyPlace = key ? this.#placeOf(key) : place;
      const name = this.#keyName(key, keyPlace);
      if (isMergeKey(key)) {
        for (const [mergedName, entry] of this.#mergeSources(this.#orNull(value, keyPlace)))
          if (!merged.has(mergedName)) merged.set(mergedName, entry);
      } else if (own.has(name)) {
        throw errorAt(keyPlace, `key "${name}" is given twice, first in line ${own.get(name)!.key.line}`);
      } else own.set(name, { key: keyPlace, value: this.#orNull(value, keyPlace) });
    }
    for (const [name, entry] of merged) if (!own.has(name)) own.set(name, entry);
    return own;
  }

  #keyName(key: Node | null, place: Place): string {
    const node = key === null ? undefined : this.build(key);
    if (node?.kind !== "scalar")
      throw errorAt(place, `a key is a string, not ${node ? describe(node) : "nothing"}`);
    return String(node.value);
  }

  /** The value of `<<` is a mapping or a list of mappings, the first one winning. */
  *#mergeSources(node: YamlNode): Generator<[string, YamlEntry]> {
    const maps = node.kind === "sequence" ? node.items : [node];
    for (const map of maps) {
      if (map.kind !== "map") throw errorAt(map.place, `"<<" merges mappings, not ${describe(map)}`);
      yield* map.entries;
    }
  }

  #orNull(node: Node | null | undefined, place: Place): YamlNode {
    return node ? this.build(node) : { kind: "scalar", place, value: null };
  }

  #checkTag(node: Node, place: Place): void {
    const tag = "tag" in node ? (node.tag as string | undefined) : undefined;
    if (tag && !tag.startsWith("tag:yaml.org,2002:"))
      throw errorAt(place, `the tag "${tag}" is not supported yet`, { code: "COMPOSE_UNSUPPORTED" });
  }

  #placeOf(node: Node): Place {
    return this.#place(node.range?.[0] ?? 0);
  }
}

interface Pair {
  readonly key: Node | null;
  readonly value: Node | null;
}

function isMergeKey(key: Node | null): boolean {
  return isScalar(key) && key.value === "<<" && (key.type === "PLAIN" || key.type === undefined);
}

/** The core schema, with the integers that yaml.v3 knows besides: `0b101`, `-0x1f`, `017` (octal), `1_000`. */
function scalarValue(node: Scalar): YamlScalarValue {
  const { value, source } = node;
  if (node.type === "PLAIN" && node.tag === undefined && source !== undefined) {
    const integer = goInteger(source);
    if (integer !== undefined) return integer;
  }
  if (value === null || typeof value === "string" || typeof value === "number" || typeof value === "boolean")
    return value;
  if (typeof value === "bigint") return Number(value);
  throw new ComposeError("COMPOSE_INVALID", `Cannot use the YAML value ${JSON.stringify(source)}`);
}

type YamlScalarValue = string | number | boolean | null;

function goInteger(source: string): number | undefined {
  const match = /^([-+]?)(0b[01_]+|0o[0-7_]+|0x[0-9a-fA-F_]+|0[0-7_]+|[1-9][0-9_]*)$/.exec(source);
  if (!match) return undefined;
  const digits = match[2]!.replaceAll("_", "").replace(/^0(?=[0-7]+$)/, "0o");
  const value = Number(digits);
  return Number.isSafeInteger(value) ? (match[1] === "-" ? -value : value) : undefined;
}
