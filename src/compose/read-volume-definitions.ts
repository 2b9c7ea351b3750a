import { volumeName } from "../content/index.ts";
import type { ComposeVolume } from "./project.ts";
import { asBoolean, asMap, asText, fieldsOf, readForRunning, type Refuse } from "./read-nodes.ts";
import { errorAt, type YamlEntry, type YamlNode } from "./yaml-tree.ts";

/** Reads top-level `volumes` by their keys. What is not carried out is noted by `refuse`, for it matters only to services that run.
 * @throws {ComposeError} */
export function readVolumeDefinitions(
  node: YamlNode,
  { projectName, refuse }: { readonly projectName: string; readonly refuse: Refuse },
): Map<string, ComposeVolume> {
  const entries = [...asMap(node, "volumes").entries];
  return new Map(
    entries.map(([key, entry]) => {
      const otherwise = { name: `${projectName}_${key}`, isExternal: false };
      const read = () => readDefinition(key, entry, projectName);
      return [key, readForRunning<ComposeVolume>(refuse, read, otherwise)];
    }),
  );
}

function readDefinition(key: string, entry: YamlEntry, projectName: string): ComposeVolume {
  const where = `volumes.${key}`;
  const { value } = entry;
  const isEmpty = value.kind === "scalar" && value.value === null;
  const fields = isEmpty
    ? new Map<string, YamlNode>()
    : fieldsOf(value, {
        where,
        supported: ["name", "external", "driver", "labels"],
        unsupported: ["driver_opts"],
      });
  checkDriver(fields.get("driver"), `${where}.driver`);
  const external = fields.get("external");
  const isExternal = external ? asBoolean(external, `${where}.external`) : false;
  const given = fields.get("name");
  const name = given ? asText(given, `${where}.name`) : isExternal ? key : `${projectName}_${key}`;
  if (!volumeName.test(name))
    throw errorAt(
      given?.place ?? entry.key,
      `${where}: "${name}" is no name for a volume: letters, digits, ".", "_" and "-" are allowed`,
    );
  return { name, isExternal };
}

function checkDriver(node: YamlNode | undefined, where: string): void {
  const driver = node ? asText(node, where) : "local";
  if (driver !== "local")
    throw errorAt(
      node!.place,
      `${where} "${driver}" is not supported yet: volumes are directories of the store`,
      {
        code: "COMPOSE_UNSUPPORTED",
      },
    );
}
