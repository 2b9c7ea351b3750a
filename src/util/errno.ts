/** Is this a system error with one of these codes (`ENOENT`, `EEXIST`, …)? */
export function isErrno(error: unknown, ...codes: string[]): error is NodeJS.ErrnoException {
  return error instanceof Error && "code" in error && codes.includes(String(error.code));
}
