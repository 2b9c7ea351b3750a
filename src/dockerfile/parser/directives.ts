import type { SourceRange } from "../../errors/index.ts";

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
