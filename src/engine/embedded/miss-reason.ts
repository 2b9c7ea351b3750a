import { isDeepStrictEqual } from "node:util";
import type { KeyParts } from "../../content/index.ts";
import { formatPlatform, type Platform } from "../../oci/index.ts";
import type { PartChange } from "../../progress/index.ts";
import type { FileChanges } from "../../tree/index.ts";

/** Why a step runs. */
export interface MissReason {
  /** One line for people, of the nearest cause. */
  readonly text: string;
  /** Every part of the key that differs from the step's last run, the nearest cause first. */
  readonly changes: readonly PartChange[];
  /** Files are the cause, and which ones is not known yet. */
  readonly isProvisional?: boolean;
}

/** Names the files that are the cause. */
export function withFiles(reason: MissReason, { first: files, count }: FileChanges): MissReason {
  const [first] = files;
  if (!reason.isProvisional || !first) return { ...reason, isProvisional: false };
  const others = count > 1 ? ` and ${count - 1} more` : "";
  const changes = files.map(({ path, what }) => ({ part: path, after: what }));
  const parts = reason.changes.filter((change) => !isContentOfFiles(change));
  return { text: `${first.path} ${first.what}${others}`, changes: [...changes, ...parts] };
}

/** What the step mounts was made again, and no file of it is another. */
export function withoutFiles({ changes }: MissReason, parentRan: boolean): MissReason {
  return { text: parentText(parentRan), changes };
}

/** The files that the step's last run saw are gone. */
export function withPrunedFiles({ text, changes }: MissReason): MissReason {
  return { text: `${text}; what it was is pruned`, changes };
}

function isContentOfFiles(change: PartChange): boolean {
  return change.part.startsWith("source ") || isMountedContent(change);
}

/** Is it the same mount of something else, and not another mount? */
function isMountedContent({ part, before, after }: PartChange): boolean {
  if (!part.startsWith("mount ") || before === undefined || after === undefined) return false;
  const [old, now] = [withoutInput(before), withoutInput(after)];
  return old !== undefined && isDeepStrictEqual(old, now);
}

/** Undefined for what is no mount: a record may be damaged. */
function withoutInput(mount: string): object | undefined {
  try {
    return { ...(JSON.parse(mount) as object), input: undefined };
  } catch {
    return undefined;
  }
}

/** A step as it was or is now: what its key is made of, and what is known of it besides. */
export interface StepInputs {
  readonly parts: KeyParts;
  /** The image that the step stands on, `NAME@DIGEST`, when it is the first of its stage. */
  readonly baseImage?: string | undefined;
  /** The images that it copies from, `NAME@DIGEST`, by part. */
  readonly sourceImages?: KeyParts | undefined;
}

export interface MissCircumstances {
  /** A step below this one ran in this build. */
  readonly parentRan: boolean;
  /** Names of the variables that are build arguments. */
  readonly argNames?: readonly string[] | undefined;
  /** The layer of the last run may not be whole: the machine was restarted too soon after it. */
  readonly isUnsynced?: boolean;
  /** Results of other machines were looked through too. */
  readonly hasCaches?: boolean;
}

/** The reason of a step without a past, here or anywhere that was asked. */
export const firstBuild = "first build";

/** The reason of a step that was asked to run again. */
export const noCache: MissReason = { text: "no cache", changes: [] };

const unsynced = "not on disk when the machine restarted";
const filesChanged = "files to copy changed";

/** Says why a step runs, from the parts that differ from its last run. */
export function missReason(
  last: StepInputs | undefined,
  now: StepInputs,
  circumstances: MissCircumstances,
): MissReason {
  if (!last) return { text: withoutPast(circumstances), changes: [] };
  const names = [...new Set([...Object.keys(now.parts), ...Object.keys(last.parts)])];
  const changed = names
    .filter((name) => now.parts[name] !== last.parts[name])
    .sort((a, b) => weight(a) - weight(b));
  const [first] = changed;
  if (first === undefined) return { text: circumstances.isUnsynced ? unsynced : "pruned", changes: [] };
  const changes = changed.map((name) => partChange(name, last, now, circumstances));
  const text = describe(first, changes[0]!, circumstances);
  const isProvisional = text === filesChanged || isMountedContent(changes[0]!);
  return { text, changes, ...(isProvisional && { isProvisional }) };
}

/** What other machines made is known by its key alone: what is not the step below must be this step's own. */
function withoutPast({ hasCaches, parentRan }: MissCircumstances): string {
  if (!hasCaches) return firstBuild;
  return parentRan ? "parent ran" : "not in the cache";
}

/** The nearest cause first: an edited instruction or argument explains more than a parent that ran because of it. */
function weight(name: string): number {
  if (name === "base") return 3;
  if (name.startsWith("source ") || name.startsWith("mount ")) return 2;
  return name.startsWith("env ") ? 1 : 0;
}

function partChange(
  name: string,
  last: StepInputs,
  now: StepInputs,
  { argNames }: MissCircumstances,
): PartChange {
  const [oldImage, image] = [imageOf(last, name), imageOf(now, name)];
  const isOtherImage = oldImage !== undefined && image !== undefined && oldImage !== image;
  if (isOtherImage) return { part: name, before: oldImage, after: image };
  const variable = name.startsWith("env ") ? name.slice("env ".length) : undefined;
  const part = variable === undefined ? name : `${argNames?.includes(variable) ? "ARG" : "ENV"} ${variable}`;
  const [before, after] = [last.parts[name], now.parts[name]];
  return { part, ...(before !== undefined && { before }), ...(after !== undefined && { after }) };
}

function imageOf({ baseImage, sourceImages }: StepInputs, part: string): string | undefined {
  return part === "base" ? baseImage : sourceImages?.[part];
}

function describe(name: string, change: PartChange, { parentRan }: MissCircumstances): string {
  const parent = parentText(parentRan);
  const image = describeImage(change);
  if (name === "base") return image ? `base ${image}` : parent;
  if (name.startsWith("env ")) return `${change.part}: ${shown(change.before)}→${shown(change.after)}`;
  if (name.startsWith("source ")) {
    if (image) return `image ${image}`;
    if (change.after?.startsWith("stack ")) return parent;
    return describeRemote(change) ?? filesChanged;
  }
  if (isMountedContent(change)) return `content of ${name} changed`;
  if (name.startsWith("mount ") || name === "command" || name.startsWith("action "))
    return "instruction changed";
  if (name === "settings") return describeSettings(change) ?? "settings changed";
  return `${words[name] ?? name}: ${shown(change.before)}→${shown(change.after)}`;
}

/** Parts that an instruction sets, by its name. */
const words: Readonly<Record<string, string>> = { cwd: "WORKDIR", user: "USER" };

/** The first setting that differs: `platform: linux/amd64→linux/arm64`. */
function describeSettings({ before, after }: PartChange): string | undefined {
  const [old, now] = [parseSettings(before), parseSettings(after)];
  const name = Object.keys({ ...now, ...old }).find((each) => !isDeepStrictEqual(old[each], now[each]));
  return name && `${name}: ${shown(settingText(old[name]))}→${shown(settingText(now[name]))}`;
}

/** Nothing for what are no settings: a record may be damaged. */
function parseSettings(text = "{}"): Readonly<Record<string, unknown>> {
  try {
    return { ...(JSON.parse(text) as object) };
  } catch {
    return {};
  }
}

function settingText(value: unknown): string | undefined {
  if (value === undefined || typeof value === "string") return value;
  return isPlatform(value) ? formatPlatform(value) : JSON.stringify(value);
}

function isPlatform(value: unknown): value is Platform {
  return typeof value === "object" && value !== null && "os" in value && "architecture" in value;
}

function parentText(parentRan: boolean): string {
  return parentRan ? "parent ran" : "parent changed";
}

/** `golang:latest moved sha256:a…→sha256:b…`; undefined when the step neither stands on an image itself nor copies from one. */
function describeImage({ before, after }: PartChange): string | undefined {
  const [from, to] = [parseImage(before), parseImage(after)];
  if (!from || !to) return undefined;
  if (from.name !== to.name) return `${from.name}→${to.name}`;
  return `${to.name} moved ${from.digest}→${to.digest}`;
}

/** `ref main moved 1234567→89abcde` or `https://example.com/file changed`; undefined where neither file nor repository of the network
 * is the same as before. */
function describeRemote({ before = "", after = "" }: PartChange): string | undefined {
  const [oldKind, oldPlace, ...old] = before.split(" ");
  const [kind, place, ...now] = after.split(" ");
  if (oldKind !== kind || oldPlace !== place) return undefined;
  if (kind === "url") return `${place} changed`;
  const isByCommit = old[0] === old[1] && now[0] === now[1];
  if (kind === "git" && isByCommit) return `${place} moved ${old[1]?.slice(0, 7)}→${now[1]?.slice(0, 7)}`;
  if (kind !== "git" || old[0] !== now[0]) return undefined;
  const ref = now[0]!.replace(/^refs\/(?:heads|tags)\//, "");
  return `ref ${ref} moved ${old[1]?.slice(0, 7)}→${now[1]?.slice(0, 7)}`;
}

function parseImage(text: string | undefined): { name: string; digest: string } | undefined {
  const match = /^(.+)@(sha256:[0-9a-f]{12})[0-9a-f]*$/.exec(text ?? "");
  return match ? { name: match[1]!.replace(/^docker\.io\/(library\/)?/, ""), digest: match[2]! } : undefined;
}

function shown(value: string | undefined): string {
  if (value === undefined) return "unset";
  const text = value === "" ? '""' : value;
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}
