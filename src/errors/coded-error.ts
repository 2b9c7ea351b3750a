/** Base of every error that Slipway throws on purpose: one subclass per room, each with a closed union of codes.
 * `hint` says what to do next; `location` is set once a Dockerfile line is known (each layer adds one fact). */
export class CodedError<Code extends string = string> extends Error {
  readonly code: Code;
  readonly hint: string | undefined;
  location: SourceLocation | undefined;

  constructor(code: Code, message: string, options: CodedErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.code = code;
    this.hint = options.hint;
    this.location = options.location;
  }
}

export interface CodedErrorOptions {
  readonly cause?: unknown;
  readonly hint?: string | undefined;
  readonly location?: SourceLocation | undefined;
}

/** A place in a user's file. Lines and columns are 1-based; `endLine` is inclusive. */
export interface SourceRange {
  readonly startLine: number;
  readonly startColumn: number;
  readonly endLine: number;
  readonly endColumn: number;
}

export interface SourceLocation {
  /** File name as the user knows it, for example `Dockerfile`. */
  readonly file: string;
  readonly range: SourceRange;
  /** The whole text of the file, so that a code frame can be drawn. */
  readonly text: string;
}
