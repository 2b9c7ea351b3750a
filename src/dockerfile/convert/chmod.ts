const clause = /^[ugoa]*(?:[-+=](?:[ugo]|[rwxXst]*))+$/;

/** `--chmod`: octal up to 07777, or symbolic (`u=rwX,go=rX`).
 * @throws what `fail` makes of BuildKit's message */
export function parseChmod(text: string, fail: (message: string) => Error): string {
  if (/^[0-7]+$/.test(text) && Number.parseInt(text, 8) <= 0o7777) return text;
  if (/^[0-9]/.test(text)) {
    throw fail(`invalid chmod parameter: '${text}'. it should be octal string and between 0 and 07777`);
  }
  if (text.split(",").every((part) => clause.test(part))) return text;
  throw fail("invalid syntax");
}
