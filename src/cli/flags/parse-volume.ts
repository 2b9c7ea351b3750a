import { homedir } from "node:os";
import path from "node:path";
import { parseCsvMap } from "../../build/index.ts";
import type { BindMount } from "../../worker/index.ts";
import { UsageError } from "../usage-error.ts";

/** Parses `-v SOURCE:DEST[:ro]`: a path of the host, relative ones from the working directory.
 * @throws {UsageError} also for named volumes */
export function parseVolume(text: string, cwd: string): BindMount {
  const parts = text.split(":");
  const [source = "", dest = "", options = ""] = parts;
  if (parts.length < 2 || parts.length > 3 || source === "")
    throw new UsageError(`Cannot parse --volume "${text}": SOURCE:DEST or SOURCE:DEST:ro is expected`);
  if (!/^[./~]/.test(source))
    throw new UsageError(`Cannot use --volume "${text}": named volumes are not supported`, {
      code: "UNSUPPORTED_OPTION",
      hint: `for the directory "${source}" of the working directory, write ./${source}:${dest}`,
    });
  const flags = options.split(",").filter((flag) => flag !== "");
  const unknown = flags.find((flag) => !["ro", "rw", "z", "Z"].includes(flag));
  if (unknown !== undefined)
    throw new UsageError(`Cannot use --volume "${text}": unknown option "${unknown}"`);
  const host = source.replace(/^~(?=\/|$)/, homedir());
  return bind(path.resolve(cwd, host), dest, {
    isReadonly: flags.includes("ro"),
    flag: `--volume "${text}"`,
  });
}

/** Parses `--mount type=bind,source=…,target=…[,readonly]`. */
export function parseMount(text: string, cwd: string): BindMount {
  const map = parseCsvMap(text);
  const known = ["type", "source", "src", "target", "destination", "dst", "readonly", "ro"];
  const unknown = [...map.keys()].find((key) => !known.includes(key));
  if (unknown !== undefined) throw new UsageError(`Cannot use --mount "${text}": unknown key "${unknown}"`);
  if (map.get("type") !== "bind")
    throw new UsageError(`Cannot use --mount "${text}": only type=bind is supported`, {
      code: "UNSUPPORTED_OPTION",
    });
  const source = map.get("source") ?? map.get("src") ?? "";
  const target = map.get("target") ?? map.get("destination") ?? map.get("dst") ?? "";
  if (source === "") throw new UsageError(`Cannot use --mount "${text}": "source" is missing`);
  const readonly = map.get("readonly") ?? map.get("ro");
  const isReadonly = readonly !== undefined && ["", "true", "1"].includes(readonly);
  return bind(path.resolve(cwd, source), target, { isReadonly, flag: `--mount "${text}"` });
}

function bind(
  source: string,
  dest: string,
  { isReadonly, flag }: { isReadonly: boolean; flag: string },
): BindMount {
  if (!dest.startsWith("/"))
    throw new UsageError(`Cannot use ${flag}: the path in the container must be absolute`);
  return { source, dest: path.posix.normalize(dest), readonly: isReadonly };
}
