import path from "node:path";
import type { CodedErrorOptions } from "../errors/index.ts";
import { type LayerCompression, parseReference } from "../oci/index.ts";
import { parseByteSize } from "../util/index.ts";
import { BuildError } from "./build-error.ts";
import { parseCsvMap } from "./csv.ts";
import type { CacheLocation, CacheTarget } from "./options.ts";

const mountKeys = ["mounts", "mounts-max"];

/** Of each cache mount: what package managers keep, and not what would fill the disk of the next machine. */
const defaultMountsMaxBytes = 4_000_000_000;

const fromKeys: Readonly<Record<string, readonly string[]>> = {
  local: ["type", "src", "tag", "digest", ...mountKeys],
  registry: ["type", "ref", ...mountKeys],
};

/** Of BuildKit, in clouds. */
const services: readonly string[] = ["gha", "s3", "azblob"];

/** Attributes of BuildKit about the form of a cache, each with the value that is the only one here. */
const fixedForm: Readonly<Record<string, string>> = {
  "image-manifest": "true",
  "oci-mediatypes": "true",
  "oci-artifact": "false",
};

const targetKeys = [
  "mode",
  "compression",
  "compression-level",
  "force-compression",
  "ignore-error",
  ...Object.keys(fixedForm),
];
const toKeys: Readonly<Record<string, readonly string[]>> = {
  local: ["type", "dest", "tag", "reset", ...targetKeys, ...mountKeys],
  registry: ["type", "ref", ...targetKeys, ...mountKeys],
  inline: ["type", "mode", "ignore-error"],
};

/** Parses one `--cache-from` as Docker does: `type=local,src=DIR`, `type=registry,ref=NAME`, or the name alone.
 * @param option what it was given with, for messages
 * @throws {BuildError} `INVALID_ARGUMENT` */
export function parseCacheFrom(text: string, cwd: string, option = "--cache-from"): CacheLocation {
  const { map, name } = parseSpec(option, text, fromKeys);
  return location(option, text, { map, directory: "src", name, cwd });
}

/** Parses one `--cache-to`: `type=local,dest=DIR`, `type=registry,ref=NAME`, `type=inline`, or the name alone.
 * @param option what it was given with, for messages
 * @throws {BuildError} `INVALID_ARGUMENT` */
export function parseCacheTo(text: string, cwd: string, option = "--cache-to"): CacheTarget {
  const { map, name } = parseSpec(option, text, toKeys);
  if (map.get("type") === "inline") return inlineTarget(option, text, map);
  for (const [key, only] of Object.entries(fixedForm)) {
    if (oneOf(option, text, map, key, [only, only === "true" ? "false" : "true"]) !== only)
      throw wrong(option, text, `a cache is an OCI image manifest: ${key}=${only}`);
  }
  const isTrue = (key: string) => oneOf(option, text, map, key, ["false", "true"]) === "true";
  const level = map.get("compression-level");
  if (level !== undefined && !/^\d{1,2}$/.test(level))
    throw wrong(option, text, "compression-level is no number");
  return {
    ...location(option, text, { map, directory: "dest", name, cwd }),
    mode: oneOf(option, text, map, "mode", ["auto", "min", "max"]),
    ignoreError: oneOf(option, text, map, "ignore-error", ["true", "false"]) === "true",
    ...(map.has("compression") && { compression: compression(option, text, map) }),
    ...(level !== undefined && { level: Number(level) }),
    ...(isTrue("force-compression") && { isForced: true }),
    ...(isTrue("reset") && { isReset: true }),
  };
}

function inlineTarget(option: string, text: string, map: ReadonlyMap<string, string>): CacheTarget {
  if (oneOf(option, text, map, "mode", ["min", "auto", "max"]) === "max") {
    throw new BuildError(
      "INVALID_ARGUMENT",
      `Cannot use ${option} "${text}": an image holds the results that are its own layers (mode=min)`,
      { hint: "for those of every stage, use type=registry,ref=NAME" },
    );
  }
  oneOf(option, text, map, "ignore-error", ["true", "false"]);
  return { type: "inline", mode: "min", ignoreError: true };
}

function parseSpec(
  option: string,
  text: string,
  known: Readonly<Record<string, readonly string[]>>,
): { map: ReadonlyMap<string, string>; name: string | undefined } {
  if (!text.includes("=")) return { map: new Map([["type", "registry"]]), name: text };
  const map = parseCsvMap(text);
  const type = map.get("type") ?? "";
  const keys = known[type];
  if (!keys) {
    const types = `types are ${Object.keys(known).join(", ")}`;
    const hint = type === "inline" ? `the cache in an image is read with type=registry,ref=IMAGE` : types;
    const what = services.includes(type)
      ? `caches of type "${type}" are not supported`
      : `unknown type "${type}"`;
    throw new BuildError("INVALID_ARGUMENT", `Cannot use ${option} "${text}": ${what}`, { hint });
  }
  for (const key of map.keys()) {
    if (keys.includes(key)) continue;
    throw new BuildError(
      "INVALID_ARGUMENT",
      `Cannot use ${option} "${text}": type=${type} does not take "${key}"`,
      {
        hint: `it takes ${keys.join(", ")}`,
      },
    );
  }
  return { map, name: map.get("ref") };
}

function location(
  option: string,
  text: string,
  spec: { map: ReadonlyMap<string, string>; directory: string; name: string | undefined; cwd: string },
): CacheLocation {
  const { map, directory, name, cwd } = spec;
  const mounts = mountsOf(option, text, map);
  if (map.get("type") === "registry") {
    if (!name) throw wrong(option, text, "ref is missing");
    checkReference(name, (reason) => {
      const hint = `for a directory: type=local,${directory}=${name}`;
      return wrong(option, text, reason, name.startsWith("/") || name.startsWith(".") ? { hint } : {});
    });
    return { type: "registry", reference: name, ...mounts };
  }
  const dir = map.get(directory);
  if (!dir) throw wrong(option, text, `${directory} is missing`);
  return {
    type: "local",
    directory: path.resolve(cwd, dir),
    name: map.get("digest") ?? map.get("tag") ?? "latest",
    ...mounts,
  };
}

function mountsOf(
  option: string,
  text: string,
  map: ReadonlyMap<string, string>,
): { mountsMaxBytes?: number } {
  const max = map.get("mounts-max");
  const mountsMaxBytes = max === undefined ? defaultMountsMaxBytes : parseByteSize(max);
  if (mountsMaxBytes === undefined) throw wrong(option, text, "mounts-max is a size such as 500MB or 10GB");
  if (oneOf(option, text, map, "mounts", ["false", "true"]) === "true") return { mountsMaxBytes };
  if (max !== undefined) throw wrong(option, text, "mounts-max needs mounts=true");
  return {};
}

/** The first value is the default. */
function oneOf<Value extends string>(
  option: string,
  text: string,
  map: ReadonlyMap<string, string>,
  key: string,
  values: readonly [Value, ...Value[]],
): Value {
  const given = map.get(key);
  if (given === undefined) return values[0];
  const found = values.find((value) => value === given);
  if (found === undefined) throw wrong(option, text, `${key} is one of ${values.join(", ")}`);
  return found;
}

function compression(option: string, text: string, map: ReadonlyMap<string, string>): LayerCompression {
  const name = oneOf(option, text, map, "compression", ["gzip", "zstd", "uncompressed"]);
  return name === "uncompressed" ? "none" : name;
}

function checkReference(name: string, explain: (reason: string) => BuildError): void {
  try {
    parseReference(name);
  } catch (error) {
    throw explain(error instanceof Error ? error.message : String(error));
  }
}

function wrong(option: string, text: string, reason: string, options: CodedErrorOptions = {}): BuildError {
  return new BuildError("INVALID_ARGUMENT", `Cannot use ${option} "${text}": ${reason}`, options);
}
