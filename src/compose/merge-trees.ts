import {
  describe,
  errorAt,
  type YamlEntry,
  type YamlMap,
  type YamlNode,
  type YamlSequence,
} from "./yaml-tree.ts";

/** Lays one file's tree over another's by Compose's rules: mappings deeply, lists appended, scalars replaced; `command` and
 * `entrypoint` are replaced, `K=V` lists and mappings are one thing. */
export function mergeTrees(base: YamlNode, over: YamlNode, path: readonly string[] = []): YamlNode {
  const key = path.at(-1) ?? "";
  const depth = path.length;
  if (depth === 3 && (key === "command" || key === "entrypoint")) return over;
  if (over.kind === "scalar" && over.value === null) return base;
  if (base.kind === "scalar" && base.value === null) return over;
  const [left, right] = [canonical(base, path), canonical(over, path)];
  if (left.kind === "map" && right.kind === "map") return mergeMaps(left, right, path);
  if (left.kind === "sequence" && right.kind === "sequence")
    return { kind: "sequence", place: right.place, items: [...left.items, ...right.items] };
  if (left.kind === "scalar" && right.kind === "scalar") return right;
  throw errorAt(
    over.place,
    `${path.join(".")} is ${describe(over)} here, but ${describe(base)} in an earlier file`,
  );
}

function mergeMaps(base: YamlMap, over: YamlMap, path: readonly string[]): YamlMap {
  const entries = new Map<string, YamlEntry>(base.entries);
  for (const [name, entry] of over.entries) {
    const known = entries.get(name);
    const value = known ? mergeTrees(known.value, entry.value, [...path, name]) : entry.value;
    entries.set(name, { key: entry.key, value });
  }
  return { kind: "map", place: over.place, entries };
}

const keyValueBuildKeys = ["args", "additional_contexts", "ssh"];

/** The one form of values that may be written in two. */
function canonical(node: YamlNode, path: readonly string[]): YamlNode {
  const key = path.at(-1) ?? "";
  const isBuildMember = path.at(-2) === "build";
  if (path.length === 3 && key === "build" && node.kind === "scalar") return mapOf(node, [["context", node]]);
  if (["environment", "labels"].includes(key) || (isBuildMember && keyValueBuildKeys.includes(key)))
    return keyValueMap(node);
  if (path.length === 3 && key === "depends_on" && node.kind === "sequence") return dependencyMap(node);
  if (
    ["env_file", "tags", "no_cache_filter", "cache_from", "cache_to"].includes(key) &&
    node.kind !== "sequence"
  )
    return { kind: "sequence", place: node.place, items: [node] };
  return node;
}

function keyValueMap(node: YamlNode): YamlNode {
  if (node.kind !== "sequence") return node;
  return mapOf(
    node,
    node.items.map((item) => {
      const text = item.kind === "scalar" ? String(item.value) : "";
      const at = text.indexOf("=");
      const value = at < 0 ? null : text.slice(at + 1);
      return [at < 0 ? text : text.slice(0, at), { kind: "scalar", place: item.place, value }];
    }),
  );
}

function dependencyMap(node: YamlSequence): YamlNode {
  return mapOf(
    node,
    node.items.map((item) => [
      item.kind === "scalar" ? String(item.value) : "",
      mapOf(item, [["condition", { kind: "scalar", place: item.place, value: "service_started" }]]),
    ]),
  );
}

function mapOf(node: YamlNode, pairs: readonly (readonly [string, YamlNode])[]): YamlMap {
  return {
    kind: "map",
    place: node.place,
    entries: new Map(pairs.map(([name, value]) => [name, { key: value.place, value }])),
  };
}
