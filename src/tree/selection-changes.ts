/** One file of a selection that is not as it was. */
export interface FileChange {
  /** Path in the context, Unicode text. */
  readonly path: string;
  /** For people: `changed`, `added`, `removed`, `mode 0664→0644`, `owner 0:0→1:1`, `directory→file`. */
  readonly what: string;
}

/** What differs between two selections, from the text that `digestSelection` gives of each: in the order of the selection, files that
 * are gone at the end. */
export function selectionChanges(before: string, after: string): readonly FileChange[] {
  if (before === after) return [];
  const old = parse(before);
  const changes: FileChange[] = [];
  for (const [path, entry] of parse(after)) {
    const earlier = old.get(path);
    old.delete(path);
    if (earlier === entry) continue;
    changes.push({ path: text(path), what: earlier === undefined ? "added" : difference(earlier, entry) });
  }
  for (const path of old.keys()) changes.push({ path: text(path), what: "removed" });
  return changes;
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
