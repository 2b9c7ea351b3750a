import path from "node:path";
import { hostPath } from "./host-path.ts";
import type { BindVolume } from "./project.ts";
import { asBoolean, asText, fieldsOf } from "./read-nodes.ts";
import { describe, errorAt, type Place, type YamlNode } from "./yaml-tree.ts";

/** Reads `volumes`: binds of host paths, short or long. Of two with one target the later one holds.
 * @throws {ComposeError} `COMPOSE_UNSUPPORTED` for named and anonymous volumes and other types */
export function readVolumes(node: YamlNode, where: string, directory: string): BindVolume[] {
  if (node.kind !== "sequence") throw errorAt(node.place, `${where} must be a list, not ${describe(node)}`);
  const byTarget = new Map<string, BindVolume>();
  for (const item of node.items) {
    const volume = item.kind === "map" ? longForm(item, where, directory) : shortForm(item, where, directory);
    byTarget.set(volume.target, volume);
  }
  return [...byTarget.values()];
}

function shortForm(node: YamlNode, where: string, directory: string): BindVolume {
  const text = asText(node, `an item of ${where}`);
  const [source = "", target, options = ""] = text.split(":");
  if (target === undefined) throw unsupported(node.place, `${where}: the anonymous volume "${text}"`);
  if (!/^[./~]/.test(source)) throw unsupported(node.place, `${where}: the named volume "${source}"`);
  if (text.split(":").length > 3) throw errorAt(node.place, `${where}: "${text}" has more than three parts`);
  const flags = options.split(",").filter((flag) => flag !== "");
  const unknown = flags.find(
    (flag) => !["ro", "rw", "z", "Z", "cached", "delegated", "consistent"].includes(flag),
  );
  if (unknown !== undefined) throw unsupported(node.place, `${where}: the option "${unknown}" of "${text}"`);
  return {
    source: hostPath(source, directory),
    target: targetPath(target, node.place, where),
    readonly: flags.includes("ro"),
    createSource: true,
  };
}

function longForm(node: YamlNode, where: string, directory: string): BindVolume {
  const fields = fieldsOf(node, {
    where,
    supported: ["type", "source", "target", "read_only", "bind"],
    unsupported: ["consistency", "volume", "tmpfs", "image"],
  });
  const type = fields.get("type");
  const kind = type ? asText(type, `${where}.type`) : "";
  if (kind !== "bind") throw unsupported(type?.place ?? node.place, `${where}: a volume of type "${kind}"`);
  const source = fields.get("source");
  const target = fields.get("target");
  if (!source || !target) throw errorAt(node.place, `${where}: a bind needs source and target`);
  const bind = fields.get("bind");
  const readonly = fields.get("read_only");
  return {
    source: hostPath(asText(source, `${where}.source`), directory),
    target: targetPath(asText(target, `${where}.target`), target.place, where),
    readonly: readonly ? asBoolean(readonly, `${where}.read_only`) : false,
    createSource: bind ? createsSource(bind, `${where}.bind`) : false,
  };
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
  return errorAt(place, `${what} is not supported yet; only binds of host paths are`, {
    code: "COMPOSE_UNSUPPORTED",
  });
}
