import { didYouMean } from "../errors/index.ts";
import { OciError, parsePlatform } from "../oci/index.ts";
import { ComposeError } from "./compose-error.ts";
import { describe, errorAt, type YamlEntry, type YamlMap, type YamlNode } from "./yaml-tree.ts";

/** Readers of typed values; each error names the place and what was wanted. */

export function asMap(node: YamlNode, what: string): YamlMap {
  if (node.kind === "map") return node;
  throw errorAt(node.place, `${what} must be a mapping, not ${describe(node)}`);
}

/** A number or boolean counts as its text, as Compose casts it. */
export function asText(node: YamlNode, what: string): string {
  if (node.kind === "scalar" && node.value !== null) return scalarText(node.value);
  throw errorAt(node.place, `${what} must be a string, not ${describe(node)}`);
}

export function asBoolean(node: YamlNode, what: string): boolean {
  const text = node.kind === "scalar" ? String(node.value).toLowerCase() : "";
  if (["true", "yes", "y", "on", "1"].includes(text)) return true;
  if (["false", "no", "n", "off", "0"].includes(text)) return false;
  throw errorAt(node.place, `${what} must be true or false, not ${describe(node)}`);
}

/** A string or a list of strings. */
export function asTextList(node: YamlNode, what: string): string[] {
  if (node.kind === "sequence") return node.items.map((item) => asText(item, `an item of ${what}`));
  return [asText(node, what)];
}

/** A platform, as it is written. */
export function asPlatform(node: YamlNode, what: string): string {
  const text = asText(node, what);
  try {
    parsePlatform(text);
    return text;
  } catch (error) {
    if (!(error instanceof OciError)) throw error;
    throw errorAt(node.place, `${what}: ${error.message}`);
  }
}

/** A mapping, or a list of `K=V` and `K`; without value it is `null`. */
export function asKeyValues(node: YamlNode, what: string): Map<string, string | null> {
  const pairs = new Map<string, string | null>();
  if (node.kind === "sequence") {
    for (const item of node.items) {
      const text = asText(item, `an item of ${what}`);
      const at = text.indexOf("=");
      pairs.set(at < 0 ? text : text.slice(0, at), at < 0 ? null : text.slice(at + 1));
    }
    return pairs;
  }
  for (const [key, { value }] of asMap(node, what).entries) {
    const isEmpty = value.kind === "scalar" && value.value === null;
    pairs.set(key, isEmpty ? null : asText(value, `${what}.${key}`));
  }
  return pairs;
}

/** What a key may be: read by Slipway, known to Compose but not carried out (with a reason), or nothing. */
export interface KnownKeys {
  readonly where: string;
  readonly supported: readonly string[];
  /** Keys of the Compose specification that are refused. */
  readonly unsupported: readonly string[];
  /** What to do instead of those. */
  readonly hint?: string;
  /** Keys of the Compose specification that are refused later, when something is run. */
  readonly later?: { readonly keys: readonly string[]; readonly refuse: Refuse };
}

/** Takes note of what is not carried out and matters only when a service is run. */
export type Refuse = (error: ComposeError) => void;

/** What `read` returns, or `otherwise` when it reads something that is not carried out.
 * @throws {ComposeError} `COMPOSE_INVALID`, for that is wrong whatever is done with it */
export function readForRunning<Value>(refuse: Refuse, read: () => Value, otherwise: Value): Value {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof ComposeError) || error.code !== "COMPOSE_UNSUPPORTED") throw error;
    refuse(error);
    return otherwise;
  }
}

/** The entries of a mapping, `x-…` left out.
 * @throws {ComposeError} for the first key that is not carried out: `COMPOSE_UNSUPPORTED`, or `COMPOSE_INVALID` for an unknown one */
export function fieldsOf(node: YamlNode, known: KnownKeys): Map<string, YamlNode> {
  const fields = new Map<string, YamlNode>();
  for (const [name, entry] of asMap(node, known.where).entries) {
    if (name.startsWith("x-")) continue;
    if (known.supported.includes(name)) fields.set(name, entry.value);
    else if (known.later?.keys.includes(name)) known.later.refuse(unsupportedKey(name, entry, known));
    else throw keyError(name, entry, known);
  }
  return fields;
}

function keyError(name: string, entry: YamlEntry, known: KnownKeys): ComposeError {
  const { where, supported, unsupported, later } = known;
  if (unsupported.includes(name)) return unsupportedKey(name, entry, known);
  const near = didYouMean(name, [...supported, ...unsupported, ...(later?.keys ?? [])]);
  return errorAt(entry.key, `${where} has no key "${name}"${near}`);
}

function unsupportedKey(name: string, entry: YamlEntry, { where, hint }: KnownKeys): ComposeError {
  return errorAt(entry.key, `${where}.${name} is not supported yet`, {
    code: "COMPOSE_UNSUPPORTED",
    ...(hint !== undefined && { hint }),
  });
}

/** As Go prints it: 1e3 is `1000`. */
function scalarText(value: string | number | boolean): string {
  return String(value);
}
