import { CdiError } from "./cdi-error.ts";
import { invalid, listOf, numberAt, objectOf, stringAt, stringsAt } from "./read-value.ts";

/** What a device changes in a container. Paths without `host` in their name are the container's. */
export interface ContainerEdits {
  /** `K=V` */
  readonly env: readonly string[];
  readonly deviceNodes: readonly DeviceNode[];
  readonly mounts: readonly EditMount[];
  readonly hooks: readonly Hook[];
  readonly additionalGids: readonly number[];
}

export interface DeviceNode {
  readonly path: string;
  readonly hostPath: string;
  /** With its numbers; undefined: as the host's node says. */
  readonly type?: "b" | "c" | "p";
  readonly major?: number;
  readonly minor?: number;
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
}

export interface EditMount {
  readonly hostPath: string;
  readonly containerPath: string;
  readonly type?: string;
  readonly options: readonly string[];
}

/** Of the OCI runtime specification; runs with the rights of whoever runs the step. */
export interface Hook {
  readonly name: HookName;
  readonly path: string;
  readonly args?: readonly string[];
  readonly env?: readonly string[];
  readonly timeout?: number;
}

const hookNames = [
  "prestart",
  "createRuntime",
  "createContainer",
  "startContainer",
  "poststart",
  "poststop",
] as const;
export type HookName = (typeof hookNames)[number];

/** The edits, and the keys of what is not carried out. */
export interface ReadEdits {
  readonly edits: ContainerEdits;
  readonly unsupported: readonly string[];
}

/** Reads `containerEdits` of a specification, by the rules of CDI.
 * @throws {CdiError} `SPEC_INVALID` */
export function readEdits(value: unknown): ReadEdits {
  const raw = objectOf(value ?? {}, "containerEdits");
  const nodes = listOf(raw["deviceNodes"], "deviceNodes").map((node) => objectOf(node, "device node"));
  const restricted = nodes.filter((node) => !isFull(stringAt(node, "permissions")));
  const others = Object.keys(raw).filter((key) => !known.has(key) && raw[key] !== null);
  return {
    edits: {
      env: stringsAt(raw, "env").map(variable),
      deviceNodes: nodes.map(deviceNode),
      mounts: listOf(raw["mounts"], "mounts").map((mount) => editMount(objectOf(mount, "mount"))),
      hooks: listOf(raw["hooks"], "hooks").map((hook) => readHook(objectOf(hook, "hook"))),
      additionalGids: listOf(raw["additionalGids"], "additionalGids").map(groupId).filter(Boolean),
    },
    unsupported: [...others, ...restricted.map((node) => `permissions: ${stringAt(node, "permissions")}`)],
  };
}

const known: ReadonlySet<string> = new Set(["env", "deviceNodes", "mounts", "hooks", "additionalGids"]);

export const noEdits: ContainerEdits = {
  env: [],
  deviceNodes: [],
  mounts: [],
  hooks: [],
  additionalGids: [],
};

export function joinEdits(all: readonly ContainerEdits[]): ContainerEdits {
  return {
    env: all.flatMap(({ env }) => env),
    deviceNodes: all.flatMap(({ deviceNodes }) => deviceNodes),
    mounts: all.flatMap(({ mounts }) => mounts),
    hooks: all.flatMap(({ hooks }) => hooks),
    additionalGids: all.flatMap(({ additionalGids }) => additionalGids),
  };
}

/** Only a device cgroup could keep a process from writing to what it may read. That it may make nodes means nothing here: it
 * cannot open them. */
function isFull(permissions: string | undefined): boolean {
  if (permissions === undefined || permissions === "") return true;
  if (permissions !== "none" && !/^[rwm]+$/.test(permissions))
    throw invalid(`invalid permissions "${permissions}"`);
  return permissions.includes("r") && permissions.includes("w");
}

function variable(text: string): string {
  if (text.indexOf("=") > 0) return text;
  throw invalid(`invalid environment variable "${text}"`);
}

function deviceNode(raw: Readonly<Record<string, unknown>>): DeviceNode {
  const path = absolute(stringAt(raw, "path"), "device path");
  const type = stringAt(raw, "type") || undefined;
  if (type !== undefined && !/^[bcup]$/.test(type)) throw invalid(`device "${path}": invalid type "${type}"`);
  const numbers = { major: numberAt(raw, "major"), minor: numberAt(raw, "minor") };
  const owner = { mode: numberAt(raw, "fileMode"), uid: numberAt(raw, "uid"), gid: numberAt(raw, "gid") };
  return {
    path,
    hostPath: absolute(stringAt(raw, "hostPath") || path, "device path"),
    ...(type !== undefined && { type: type === "u" ? "c" : (type as "b" | "c" | "p") }),
    ...present({ ...numbers, ...owner }),
  };
}

function editMount(raw: Readonly<Record<string, unknown>>): EditMount {
  const type = stringAt(raw, "type");
  return {
    hostPath: stringAt(raw, "hostPath") || fail("invalid mount, empty host path"),
    containerPath: absolute(stringAt(raw, "containerPath"), "container path of a mount"),
    ...(type && { type }),
    options: stringsAt(raw, "options"),
  };
}

function readHook(raw: Readonly<Record<string, unknown>>): Hook {
  const name = hookNames.find((each) => each === raw["hookName"]);
  if (name === undefined) throw invalid(`invalid hook name "${stringAt(raw, "hookName") ?? ""}"`);
  const timeout = numberAt(raw, "timeout");
  return {
    name,
    path: absolute(stringAt(raw, "path"), `path of hook "${name}"`),
    ...(raw["args"] !== undefined && { args: stringsAt(raw, "args") }),
    ...(raw["env"] !== undefined && { env: stringsAt(raw, "env").map(variable) }),
    ...(timeout !== undefined && { timeout }),
  };
}

function groupId(value: unknown): number {
  return numberAt({ gid: value }, "gid") ?? 0;
}

function absolute(path: string | undefined, what: string): string {
  if (path?.startsWith("/") && !path.includes("\0")) return path;
  throw invalid(`${what} "${path ?? ""}" is not absolute`);
}

function fail(reason: string): never {
  throw invalid(reason);
}

function present(values: Readonly<Record<string, number | undefined>>): Partial<DeviceNode> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}

/** @throws {CdiError} `DEVICE_UNSUPPORTED` */
export function requireSupported(device: string, { edits, unsupported }: ReadEdits): ContainerEdits {
  if (unsupported.length === 0) return edits;
  const what = `its specification asks for ${unsupported.map((each) => `"${each}"`).join(", ")}`;
  throw new CdiError("DEVICE_UNSUPPORTED", `Cannot lend device ${device}: ${what}, which is not supported`);
}
