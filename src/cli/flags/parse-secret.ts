import { parseCsvMap, type SecretSpec } from "../../build/index.ts";
import { UsageError } from "../usage-error.ts";

/** Parses one `--secret`: `id=ID,src=FILE`, `id=ID,env=NAME`, or `id=ID` alone for the variable of that name, else the file. With
 * `scan=false` its value may be in the image. */
export function parseSecret(text: string, env: NodeJS.ProcessEnv): SecretSpec {
  const map = parseCsvMap(text);
  for (const key of map.keys()) {
    if (!["type", "id", "src", "source", "env", "scan"].includes(key))
      throw new UsageError(`Cannot parse --secret "${text}": unknown key "${key}"`, form);
  }
  const type = map.get("type") ?? "";
  if (!["", "file", "env"].includes(type))
    throw new UsageError(`Cannot parse --secret "${text}": unknown type "${type}"`);
  const id = map.get("id") ?? "";
  if (id === "") throw new UsageError(`Cannot parse --secret "${text}": "id" is missing`, form);
  return { id, source: secretSource(map, { id, type, env }), ...scanOf(map, text) };
}

const form = { hint: "write id=ID,src=FILE, or id=ID,env=NAME" };

function scanOf(map: ReadonlyMap<string, string>, text: string): Pick<SecretSpec, "isUnscanned"> {
  const scan = map.get("scan") ?? "true";
  if (scan === "true") return {};
  if (scan === "false") return { isUnscanned: true };
  throw new UsageError(`Cannot parse --secret "${text}": scan is true or false, not "${scan}"`);
}

function secretSource(
  map: ReadonlyMap<string, string>,
  { id, type, env }: { id: string; type: string; env: NodeJS.ProcessEnv },
): SecretSpec["source"] {
  const source = map.get("src") ?? map.get("source");
  const name = map.get("env");
  if (source !== undefined && name !== undefined)
    throw new UsageError(`Cannot use secret "${id}": both a file and a variable are given`);
  if (name !== undefined) return { kind: "env", name };
  if (source !== undefined)
    return type === "env" ? { kind: "env", name: source } : { kind: "file", path: source };
  const isVariable = type === "env" || (type === "" && env[id] !== undefined);
  return isVariable ? { kind: "env", name: id } : { kind: "file", path: id };
}
