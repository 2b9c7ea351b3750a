import type { SourceRange } from "../../errors/index.ts";
import { trimEnd, trimSpaceStart } from "../go-text.ts";
import { SourceLines } from "./source-lines.ts";

/** The parser directives of a file: `# name=value` in its first lines. */
export interface Directives {
  readonly syntax?: Directive;
  readonly check?: Directive;
  readonly escape: EscapeToken;
}

export interface Directive {
  readonly value: string;
  readonly range: SourceRange;
}

/** Continues lines and escapes characters; `\` unless the file says otherwise. */
export type EscapeToken = "\\" | "`";

export type DirectiveName = "syntax" | "escape" | "check";

/** Reads directives as the parser meets them: line by line, until the first line that is none. */
export class DirectiveReader {
  readonly #seen = new Set<DirectiveName>();
  #isDone = false;

  /** The directive on this line, undefined when there is none or no more can come. */
  read(
    text: string,
  ): { readonly name: DirectiveName; readonly value: string; readonly isRepeated: boolean } | undefined {
    const directive = this.#isDone ? undefined : parseDirective(trimSpaceStart(text));
    if (!directive) {
      this.#isDone = true;
      return undefined;
    }
    const isRepeated = this.#seen.has(directive.name);
    this.#seen.add(directive.name);
    return { ...directive, isRepeated };
  }
}

/** Finds a directive as BuildKit does where it wants to know one before parsing: `comment` stands in the first column, and a
 * first line `#!…` is passed over. */
export function findDirective(text: string, name: DirectiveName, comment = "#"): Directive | undefined {
  const lines = new SourceLines(text);
  const seen = new Set<DirectiveName>();
  for (let line = lines.next(); line; line = lines.next()) {
    if (line.number === 1 && line.text.startsWith("#!")) continue;
    const directive = parseDirective(line.text, comment);
    if (!directive || seen.has(directive.name)) return undefined;
    if (directive.name === name) return { value: directive.value, range: lineRange(line.text, line.number) };
    seen.add(directive.name);
  }
  return undefined;
}

function parseDirective(line: string, comment = "#"): { name: DirectiveName; value: string } | undefined {
  if (!line.startsWith(comment)) return undefined;
  const match = /^([a-zA-Z][a-zA-Z0-9]*)[\t\n\f\r ]*=(.+)$/.exec(trimSpaceStart(line.slice(comment.length)));
  const name = match?.[1]?.toLowerCase();
  if (!match || (name !== "syntax" && name !== "escape" && name !== "check")) return undefined;
  const value = trimEnd(match[2]!, isAsciiSpace).replace(/^[\t\n\f\r ]+/, "");
  return { name, value: value === "" ? " " : value };
}

function isAsciiSpace(char: string): boolean {
  return "\t\n\f\r ".includes(char);
}

export function lineRange(text: string, line: number): SourceRange {
  return { startLine: line, startColumn: 1, endLine: line, endColumn: text.length + 1 };
}
