/** Is this a system error with one of these codes (`ENOENT`, `EEXIST`, …)? */
export function isErrno(error: unknown, ...codes: string[]): error is NodeJS.ErrnoException {
  return error instanceof Error && "code" in error && codes.includes(String(error.code));
}

/** Why a system call failed, for a message that names what was done to which file itself: `permission denied`. */
export function systemReason(error: unknown): string {
  if (isErrno(error, "EISDIR")) return "it is a directory";
  const text = error instanceof Error ? error.message : String(error);
  return /^E[A-Z0-9]+: ([^,]+)/.exec(text)?.[1] ?? text;
}
