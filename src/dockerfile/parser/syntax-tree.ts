import type { Diagnostic, SourceRange } from "../../errors/index.ts";
import type { Directives } from "./directives.ts";

/** A Dockerfile split into instructions and words; nothing is checked beyond what it takes to split it. */
export interface SyntaxTree {
  readonly text: string;
  readonly file: string;
  readonly directives: Directives;
  /** At least one. */
  readonly nodes: readonly SyntaxNode[];
  readonly warnings: readonly Diagnostic[];
}

export interface SyntaxNode {
  /** As written, for example `Copy`. */
  readonly keyword: string;
  /** Continuations joined, comments dropped, heredoc bodies left out. */
  readonly line: string;
  /** From the keyword to the end of the last line, heredocs included. */
  readonly range: SourceRange;
  /** `--name[=value]` words, quotes removed. */
  readonly flags: readonly Word[];
  readonly form: ArgumentForm;
  readonly words: readonly Word[];
  readonly heredocs: readonly Heredoc[];
  /** The comments since the instruction before, without `#` and surrounding white space; an empty one starts afresh. */
  readonly prevComment: readonly string[];
  /** What follows ONBUILD; what follows a second one is not looked at. */
  readonly trigger?: SyntaxNode;
}

/** - `json`: the strings of an array (HEALTHCHECK: after its type)
 * - `text`: the rest of the line as one word (HEALTHCHECK: after its type)
 * - `words`: split at white space; for ARG, ENV and LABEL quotes keep a word together, and stay
 * - `legacy`: `ENV key the rest`, a key and a value */
export type ArgumentForm = "json" | "text" | "words" | "legacy";

export interface Word {
  readonly text: string;
  /** Strings of a JSON array have the range of the array. */
  readonly range: SourceRange;
}

/** A here-document. `body` is exactly what stands between the lines, line endings included; for `<<-` leading tabs are
 * still there, see `heredocContent`. */
export interface Heredoc {
  readonly name: string;
  readonly body: string;
  /** Unquoted delimiter: variables in the body are expanded (by the builder for COPY and ADD, by the shell for RUN). */
  readonly expand: boolean;
  /** `<<-`. */
  readonly chomp: boolean;
  /** From the first line of the body to the line of the delimiter. */
  readonly range: SourceRange;
}
