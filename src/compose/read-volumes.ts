import path from "node:path";
import { hostPath } from "./host-path.ts";
import type { ServiceVolume } from "./project.ts";
import { asBoolean, asText, fieldsOf } from "./read-nodes.ts";
import { describe, errorAt, type Place, type YamlNode } from "./yaml-tree.ts";

/** Reads `volumes`: binds of host paths, and volumes, short or long. Of two with one target the later one holds.
 * @throws {ComposeError} `COMPOSE_UNSUPPORTED` for other types */
export function readVolumes(node: YamlNode, where: string, directory: string): ServiceVolume[] {
  if (node.kind !== "sequence") throw errorAt(node.place, `${where} must be a list, not ${describe(node)}`);
  const byTarget = new Map<string, ServiceVolume>();
  for (const item of node.items) {
    const volume = item.kind === "map" ? longForm(item, where, directory) : shortForm(item, where, directory);
    byTarget.set(volume.target, volume);
  }
  return [...byTarget.values()];
}

/** Of SELinux and of Docker on other systems: without an effect here. */
const idleFlags = ["rw", "z", "Z", "cached", "delegated", "consistent"];

function shortForm(node: YamlNode, where: string, directory: string): ServiceVolume {
  const text = asText(node, `an item of ${where}`);
  const parts = text.split(":");
  const [source = "", target, options = ""] = parts;
  if (target === undefined)
    return { ...anonymous, target: targetPath(text, node.place, where), readonly: false };
  if (parts.length > 3) throw errorAt(node.place, `${where}: "${text}" has more than three parts`);
  const isBind = /^[./~]/.test(source);
  const flags = options.split(",").filter((flag) => flag !== "");
  const known = [...idleFlags, "ro", ...(isBind ? [] : ["nocopy"])];
  const unknown = flags.find((flag) => !known.includes(flag));
  if (unknown !== undefined) throw unsupported(node.place, `${where}: the option "${unknown}" of "${text}"`);
  const common = { target: targetPath(target, node.place, where), readonly: flags.includes("ro") };
  return isBind
    ? { kind: "bind", source: hostPath(source, directory), ...common, createSource: true }
    : { kind: "volume", source, ...common, noCopy: flags.includes("nocopy") };
}

const anonymous = { kind: "volume", source: undefined, noCopy: false } as const;

function longForm(node: YamlNode, where: string, directory: string): ServiceVolume {
  const fields = fieldsOf(node, {
    where,
    supported: ["type", "source", "target", "read_only", "bind", "volume", "consistency"],
    unsupported: ["tmpfs", "image"],
  });
  const type = fields.get("type");
  const kind = type ? asText(type, `${where}.type`) : "";
  if (kind !== "bind" && kind !== "volume")
    throw unsupported(type?.place ?? node.place, `${where}: a volume of type "${kind}"`);
  const [source, target, readonly] = ["source", "target", "read_only"].map((key) => fields.get(key));
  if (!target || (kind === "bind" && !source))
    throw errorAt(
      node.place,
      `${where}: a ${kind} needs ${kind === "bind" ? "source and target" : "target"}`,
    );
  const common = {
    target: targetPath(asText(target, `${where}.target`), target.place, where),
    readonly: readonly ? asBoolean(readonly, `${where}.read_only`) : false,
  };
  const own = fields.get(kind);
  if (kind === "volume") {
    const noCopy = own ? isNotCopied(own, `${where}.volume`) : false;
    return { ...anonymous, source: source && asText(source, `${where}.source`), ...common, noCopy };
  }
  return {
    kind,
    source: hostPath(asText(source!, `${where}.source`), directory),
    ...common,
    createSource: own ? createsSource(own, `${where}.bind`) : false,
  };
}

function isNotCopied(node: YamlNode, where: string): boolean {
  const noCopy = fieldsOf(node, { where, supported: ["nocopy"], unsupported: ["subpath", "labels"] }).get(
    "nocopy",
  );
  return noCopy ? asBoolean(noCopy, `${where}.nocopy`) : false;
}

function createsSource(node: YamlNode, where: string): boolean {
  const known = {
    where,
    supported: ["create_host_path"],
    unsupported: ["propagation", "recursive", "selinux"],
  };
  const create = fieldsOf(node, known).get("create_host_path");
  return create ? asBoolean(create, `${where}.create_host_path`) : true;
}

function targetPath(target: string, place: Place, where: string): string {
  if (!target.startsWith("/")) throw errorAt(place, `${where}: the target "${target}" is not absolute`);
  return path.posix.normalize(target);
}

function unsupported(place: Place, what: string): Error {
  return errorAt(place, `${what} is not supported yet; binds of host paths and volumes are`, {
    code: "COMPOSE_UNSUPPORTED",
  });
}
