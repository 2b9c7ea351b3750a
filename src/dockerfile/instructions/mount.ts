import { didYouMean } from "../../errors/index.ts";
import type { DockerfileError } from "../dockerfile-error.ts";
import { quoteGo } from "../go-text.ts";
import { parseBinarySize } from "../../util/index.ts";
import { parseCsvRecord } from "./csv.ts";
import { instructionError } from "./instruction-error.ts";

export type MountType = "bind" | "cache" | "tmpfs" | "secret" | "ssh";
export type MountSharing = "shared" | "private" | "locked";

/** A `RUN --mount`; what was not written is absent, defaults depend on the stage. */
export interface RunMount {
  readonly type: MountType;
  /** As written, empty when absent; may be relative to the working directory. */
  readonly target: string;
  readonly source?: string;
  /** Stage, image or named context. */
  readonly from?: string;
  readonly id?: string;
  readonly readonly: boolean;
  readonly required: boolean;
  readonly sharing?: MountSharing;
  readonly sizeBytes?: number;
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
  /** Name of a variable that is to hold the secret. */
  readonly env?: string;
}

type Draft = { -readonly [Key in keyof RunMount]: RunMount[Key] } & { isAccessWritten: boolean };

const types: readonly string[] = ["bind", "cache", "tmpfs", "secret", "ssh"];
const sharings: readonly string[] = ["shared", "private", "locked"];

/** Reads one `--mount` value when its step is dispatched; `expand` replaces variables in each value.
 * @throws {DockerfileError} `DOCKERFILE_INSTRUCTION` with BuildKit's message, or what `expand` throws */
export function parseMount(value: string, expand: (word: string) => string): RunMount {
  const draft: Draft = {
    type: "bind",
    target: "",
    readonly: false,
    required: false,
    isAccessWritten: false,
  };
  for (const field of parseCsvRecord(value)) readField(draft, field, expand);
  const { isAccessWritten, ...mount } = draft;
  validate(mount);
  if (isAccessWritten) return mount;
  return { ...mount, readonly: mount.type !== "cache" && mount.type !== "tmpfs" };
}

/** What can be said of a mount before its step is dispatched: it must be CSV, and `from` must be plain.
 * @throws {DockerfileError} `DOCKERFILE_INSTRUCTION` */
export function checkMount(value: string): void {
  if (/\$./s.test(mountFrom(value) ?? "")) {
    throw instructionError("'from' doesn't support variable expansion, define alias stage instead");
  }
}

/** The `from` of a `--mount` value, as written; it never holds variables. */
export function mountFrom(value: string): string | undefined {
  const fields = parseCsvRecord(value).map(splitField);
  return fields.findLast(({ key }) => key === "from")?.value;
}

function splitField(field: string): { key: string; value: string | undefined } {
  const index = field.indexOf("=");
  if (index < 0) return { key: field.toLowerCase(), value: undefined };
  return { key: field.slice(0, index).toLowerCase(), value: field.slice(index + 1) };
}

function readField(draft: Draft, field: string, expand: (word: string) => string): void {
  const { key, value } = splitField(field);
  if (value === undefined) return readBareField(draft, key, field);
  const expanded = expand(value);
  const reader = Object.hasOwn(readers, key) ? readers[key] : undefined;
  if (!reader)
    throw instructionError(`unexpected key '${key}' in '${field}'${didYouMean(key, Object.keys(readers))}`);
  reader(draft, expanded, key);
}

function readBareField(draft: Draft, key: string, field: string): void {
  const reader = ["readonly", "ro", "readwrite", "rw", "required"].includes(key) ? readers[key] : undefined;
  if (!reader) throw instructionError(`invalid field '${field}' must be a key=value pair`);
  reader(draft, "true", key);
}

const readers: Readonly<Record<string, (draft: Draft, value: string, key: string) => void>> = {
  type: readType,
  from: (draft, value) => (draft.from = value),
  source: readSource,
  target: readTarget,
  readonly: readAccess,
  id: (draft, value) => (draft.id = value),
  sharing: readSharing,
  required: readRequired,
  size: readSize,
  mode: (draft, value, key) => (draft.mode = readNumber(value, key, 8)),
  uid: (draft, value, key) => (draft.uid = readNumber(value, key, 10)),
  gid: (draft, value, key) => (draft.gid = readNumber(value, key, 10)),
  src: readSource,
  dst: readTarget,
  destination: readTarget,
  ro: readAccess,
  rw: readAccess,
  readwrite: readAccess,
  env: (draft, value) => (draft.env = value),
};

function readType(draft: Draft, value: string): void {
  const type = value.toLowerCase();
  if (!types.includes(type))
    throw instructionError(`unsupported mount type ${quoteGo(value)}${didYouMean(value, types)}`);
  draft.type = type as MountType;
}

function readSource(draft: Draft, value: string): void {
  draft.source = value;
}

function readTarget(draft: Draft, value: string): void {
  draft.target = value;
}

function readAccess(draft: Draft, value: string, key: string): void {
  const isSet = readBoolean(value, key);
  draft.readonly = key === "readonly" || key === "ro" ? isSet : !isSet;
  draft.isAccessWritten = true;
}

function readSharing(draft: Draft, value: string): void {
  const sharing = value.toLowerCase();
  if (!sharings.includes(sharing))
    throw instructionError(`unsupported sharing value ${quoteGo(value)}${didYouMean(value, sharings)}`);
  draft.sharing = sharing as MountSharing;
}

/** Like `size`, looks at the type read so far: `type` must come first. */
function readRequired(draft: Draft, value: string, key: string): void {
  if (draft.type !== "secret" && draft.type !== "ssh") throw unexpectedKey(draft, key);
  draft.required = readBoolean(value, key);
}

function readSize(draft: Draft, value: string, key: string): void {
  if (draft.type !== "tmpfs") throw unexpectedKey(draft, key);
  const bytes = parseBinarySize(value);
  if (bytes === undefined) throw instructionError(`invalid value for ${key}: ${value}`);
  draft.sizeBytes = bytes;
}

function readBoolean(value: string, key: string): boolean {
  if (["1", "t", "T", "TRUE", "true", "True"].includes(value)) return true;
  if (["0", "f", "F", "FALSE", "false", "False"].includes(value)) return false;
  throw instructionError(`invalid value for ${key}: ${value}`);
}

function readNumber(value: string, key: string, radix: 8 | 10): number {
  const number = (radix === 8 ? /^[0-7]+$/ : /^[0-9]+$/).test(value) ? Number.parseInt(value, radix) : -1;
  if (number < 0 || number > 0xffff_ffff) throw instructionError(`invalid value ${value} for ${key}`);
  return number;
}

function validate(mount: Omit<RunMount, "readonly">): void {
  const { type } = mount;
  const hasOwner = type === "secret" || type === "ssh" || type === "cache";
  for (const key of ["mode", "uid", "gid"] as const) {
    if (!hasOwner && mount[key] !== undefined)
      throw instructionError(`${key} not allowed for "${type}" type mounts`);
  }
  if (type === "secret") validateSecret(mount);
  if (mount.sharing && type !== "cache")
    throw instructionError(`invalid cache sharing set for ${type} mount`);
}

function validateSecret(mount: Omit<RunMount, "readonly">): void {
  if (mount.from) throw instructionError("secret mount should not have a from");
  if (mount.sharing) throw instructionError("secret mount should not define sharing");
  if (!mount.source && !mount.target && !mount.id)
    throw instructionError("invalid secret mount. one of source, target required");
  if (mount.source && mount.id) throw instructionError("both source and id can't be set");
}

function unexpectedKey(draft: Draft, key: string): DockerfileError {
  return instructionError(`unexpected key '${key}' for mount type '${draft.type}'`);
}
