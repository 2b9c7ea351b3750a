import type { SourceLocation } from "../errors/index.ts";
import { ComposeError, type ComposeErrorCode } from "./compose-error.ts";

/** A YAML value that remembers where it stands. Aliases and merge keys are resolved, scalars are typed by the rules of Go's yaml.v3. */
export type YamlNode = YamlMap | YamlSequence | YamlScalar;

export interface YamlMap {
  readonly kind: "map";
  readonly place: Place;
  readonly entries: ReadonlyMap<string, YamlEntry>;
}

export interface YamlEntry {
  readonly key: Place;
  readonly value: YamlNode;
}

export interface YamlSequence {
  readonly kind: "sequence";
  readonly place: Place;
  readonly items: readonly YamlNode[];
}

export interface YamlScalar {
  readonly kind: "scalar";
  readonly place: Place;
  readonly value: string | number | boolean | null;
}

/** Where something stands; lines and columns are 1-based. */
export interface Place {
  readonly file: string;
  readonly text: string;
  readonly line: number;
  readonly column: number;
}

/** An error whose message ends with nothing but names the place first: `compose.yaml:3:5: …`. */
export function errorAt(
  place: Place,
  message: string,
  options: { readonly code?: ComposeErrorCode; readonly hint?: string } = {},
): ComposeError {
  const { file, line, column } = place;
  return new ComposeError(options.code ?? "COMPOSE_INVALID", `${file}:${line}:${column}: ${message}`, {
    location: locationOf(place),
    ...(options.hint === undefined ? {} : { hint: options.hint }),
  });
}

export function locationOf({ file, text, line, column }: Place): SourceLocation {
  return { file, text, range: { startLine: line, startColumn: column, endLine: line, endColumn: column } };
}

/** The value without its places. */
export function toPlain(node: YamlNode): unknown {
  if (node.kind === "scalar") return node.value;
  if (node.kind === "sequence") return node.items.map(toPlain);
  return Object.fromEntries([...node.entries].map(([name, { value }]) => [name, toPlain(value)]));
}

/** What a value is, for messages: `a mapping`, `a list`, `a string`. */
export function describe(node: YamlNode): string {
  if (node.kind === "map") return "a mapping";
  if (node.kind === "sequence") return "a list";
  return node.value === null ? "nothing" : `a ${typeof node.value}`;
}
