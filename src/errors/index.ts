export { codeFrame, printable } from "./code-frame.ts";
export { CodedError, type CodedErrorOptions, type SourceLocation, type SourceRange } from "./coded-error.ts";
export type { Diagnostic } from "./diagnostic.ts";
export { didYouMean, nearest } from "./did-you-mean.ts";
export { redactUrls } from "./redact.ts";
