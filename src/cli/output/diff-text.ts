import { printable } from "../../errors/index.ts";
import type { FileDifference } from "../../snapshot/index.ts";
import { formatBytes } from "../../util/index.ts";
import type { ConfigDifference } from "./config-differences.ts";
import { count } from "./prune-text.ts";

export interface ImageDiff {
  readonly before: ComparedImage;
  readonly after: ComparedImage;
  readonly config: readonly ConfigDifference[];
  readonly files: readonly FileDifference[];
}

export interface ComparedImage {
  readonly title: string;
  readonly sizeBytes: number;
}

/** A diff for people: sizes, settings, then files; directories that came or went with everything in them are one line. */
export function diffText(diff: ImageDiff): string {
  const { before, after, config, files } = diff;
  const growth = after.sizeBytes - before.sizeBytes;
  const lines = [
    `${before.title} ${formatBytes(before.sizeBytes)} → ${after.title} ${formatBytes(after.sizeBytes)} (${signed(growth)})`,
    ...config.flatMap(configLines),
    ...collapse(files).map(fileLine),
  ];
  if (config.length + files.length === 0) lines.push("no difference");
  return lines.map((line) => `${printable(line).replaceAll("\n", "\\n")}\n`).join("");
}

function configLines({ setting, before, after }: ConfigDifference): string[] {
  if (before === undefined) return [`+ ${setting}: ${after}`];
  if (after === undefined) return [`- ${setting}: ${before}`];
  return [`~ ${setting}: ${before} → ${after}`];
}

const marks = { added: "+", removed: "-", changed: "~" } as const;

function fileLine({
  path,
  kind,
  what,
  sizeBefore = 0,
  sizeAfter = 0,
  below = 0,
}: FileDifference & { below?: number }): string {
  const growth = sizeAfter - sizeBefore;
  const details = [
    ...(what === undefined ? [] : [what]),
    ...(below > 0 ? [`${count(below, "file")} below`] : []),
    ...(growth === 0 ? [] : [signed(growth)]),
  ];
  return `${marks[kind]} ${path}${details.length > 0 ? ` (${details.join(", ")})` : ""}`;
}

/** What lies below a directory that came or went is told with it. */
function collapse(files: readonly FileDifference[]): readonly (FileDifference & { below?: number })[] {
  const shown = new Map<
    string,
    { -readonly [Key in keyof FileDifference]: FileDifference[Key] } & { below: number }
  >();
  for (const file of files) {
    const top = file.kind === "changed" ? undefined : ancestor(file, shown);
    if (!top) {
      shown.set(file.path, { ...file, below: 0 });
      continue;
    }
    top.sizeBefore = (top.sizeBefore ?? 0) + (file.sizeBefore ?? 0);
    top.sizeAfter = (top.sizeAfter ?? 0) + (file.sizeAfter ?? 0);
    top.below++;
  }
  return [...shown.values()];
}

/** The shown directory above a file that came or went with it. */
function ancestor<Shown extends FileDifference>(
  { path, kind }: FileDifference,
  shown: ReadonlyMap<string, Shown>,
): Shown | undefined {
  for (let slash = path.indexOf("/", 1); slash > 0; slash = path.indexOf("/", slash + 1)) {
    const above = shown.get(path.slice(0, slash));
    if (above?.kind === kind) return above;
  }
  return undefined;
}

function signed(bytes: number): string {
  return `${bytes < 0 ? "-" : "+"}${formatBytes(Math.abs(bytes))}`;
}
