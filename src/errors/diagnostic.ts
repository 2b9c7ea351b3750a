import type { SourceLocation } from "./coded-error.ts";

/** A problem in a user's file, collected rather than thrown. */
export interface Diagnostic {
  readonly severity: "error" | "warning";
  /** Rule name for warnings (`StageNameCasing`), code for errors (`DOCKERFILE_PARSE`). */
  readonly rule: string;
  readonly message: string;
  readonly hint?: string;
  readonly url?: string;
  readonly location: SourceLocation;
}
