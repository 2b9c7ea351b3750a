/** One file of a selection that is not as it was. */
export interface FileChange {
  /** Path in the context, Unicode text. */
  readonly path: string;
  /** For people: `changed`, `added`, `removed`, `mode 0664→0644`, `owner 0:0→1:1`, `directory→file`. */
  readonly what: string;
}

/** What is told of changes, which may be many. */
export interface FileChanges {
  /** As many as anybody reads. */
  readonly first: readonly FileChange[];
  /** Of all. */
  readonly count: number;
}

export function firstChanges(changes: readonly FileChange[]): FileChanges {
  return { first: changes.slice(0, 100), count: changes.length };
}

/** What differs between two selections, from the text that `digestSelection` gives of each: in the order of the selection, files that
 * are gone at the end. */
export function selectionChanges(before: string, after: string): readonly FileChange[] {
  if (before === after) return [];
  const [left, right] = withoutEqualEnds(before, after);
  const old = parse(left);
  const changes: FileChange[] = [];
  for (const [path, entry] of parse(right)) {
    const earlier = old.get(path);
    old.delete(path);
    if (earlier === entry) continue;
    changes.push({ path: text(path), what: earlier === undefined ? "added" : difference(earlier, entry) });
  }
  for (const path of old.keys()) changes.push({ path: text(path), what: "removed" });
  return changes;
}

/** Two selections without the lines that both begin and end with, which are nearly all when one file of many has changed. What is
 * left begins with the line of its source. */
function withoutEqualEnds(before: string, after: string): [string, string] {
  const shorter = Math.min(before.length, after.length);
  const start = before.lastIndexOf("\n", equalStart(before, after, shorter) - 1) + 1;
  const source = lastSource(before.slice(0, start));
  let end = equalEnd(before, after, shorter - start);
  // The first line of the equal end is whole only behind a line's end.
  const firstEnd = before.indexOf("\n", before.length - end);
  end = firstEnd === -1 ? 0 : before.length - firstEnd - 1;
  const [left, right] = [before, after].map((line) => source + line.slice(start, line.length - end)) as [
    string,
    string,
  ];
  if (lastSource(left) === lastSource(right)) return [left, right];
  return [source + before.slice(start), source + after.slice(start)];
}

/** How many characters both begin with, of `most`. */
function equalStart(one: string, other: string, most: number): number {
  const piece = (whole: string) => whole.slice(start, start + PIECE);
  let start = 0;
  while (start + PIECE <= most && piece(one) === piece(other)) start += PIECE;
  while (start < most && one.charCodeAt(start) === other.charCodeAt(start)) start++;
  return start;
}

/** How many characters both end with, of `most`. */
function equalEnd(one: string, other: string, most: number): number {
  const piece = (whole: string) => whole.slice(whole.length - end - PIECE, whole.length - end);
  let end = 0;
  while (end + PIECE <= most && piece(one) === piece(other)) end += PIECE;
  const isEqual = () => one.charCodeAt(one.length - end - 1) === other.charCodeAt(other.length - end - 1);
  while (end < most && isEqual()) end++;
  return end;
}

/** Characters that are compared at once. */
const PIECE = 4096;

/** The last line that says of which source the following ones are; empty when there is none. */
function lastSource(selection: string): string {
  const at = selection.startsWith("source\0") ? Math.max(0, selection.lastIndexOf("\nsource\0") + 1) : -1;
  return at === -1 ? "" : selection.slice(at, selection.indexOf("\n", at) + 1);
}

/** Entry lines by path. */
function parse(selection: string): Map<string, string> {
  const entries = new Map<string, string>();
  let source = "";
  for (const line of selection.split("\n")) {
    if (line.startsWith("source\0")) source = line.slice("source\0".length);
    else if (line !== "") entries.set(pathOf(source, line), line);
  }
  return entries;
}

const fields = { type: 0, mode: 1, uid: 2, gid: 3, name: 5 } as const;

function pathOf(source: string, line: string): string {
  const name = line.split("\0", fields.name + 1)[fields.name] ?? "";
  return `${source.replace(/\/$/, "")}${name && `/${name}`}`.replace(/^\//, "");
}

/** The most telling field first. */
function difference(before: string, after: string): string {
  const [old, now] = [before.split("\0"), after.split("\0")];
  const owner = (line: readonly string[]) => `${line[fields.uid]}:${line[fields.gid]}`;
  if (old[fields.type] !== now[fields.type]) return `${old[fields.type]}→${now[fields.type]}`;
  if (old[fields.mode] !== now[fields.mode])
    return `mode ${octal(old[fields.mode])}→${octal(now[fields.mode])}`;
  if (owner(old) !== owner(now)) return `owner ${owner(old)}→${owner(now)}`;
  return "changed";
}

function octal(mode: string | undefined): string {
  return Number(mode).toString(8).padStart(4, "0");
}

function text(path: string): string {
  return Buffer.from(path, "latin1").toString() || ".";
}
