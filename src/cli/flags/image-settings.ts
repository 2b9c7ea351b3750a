import type { ImageSettings, OutputEpoch } from "../../build/index.ts";
import type { LayerCompression } from "../../oci/index.ts";
import { UsageError } from "../usage-error.ts";
import { parseAnnotationKey } from "./annotations.ts";

/** One `--output` as it was typed, and its attributes. */
export interface OutputMap {
  readonly text: string;
  readonly map: ReadonlyMap<string, string>;
}

/** Attributes of every output that is an image, besides `annotation…`. */
export const imageKeys: readonly string[] = [
  "oci-mediatypes",
  "oci-artifact",
  "compression",
  "compression-level",
  "force-compression",
  "rewrite-timestamp",
  "source-date-epoch",
];

/** What an output asks of its image; members that say nothing are absent.
 * @throws {UsageError} */
export function imageSettings(output: OutputMap): ImageSettings {
  const annotations = [...output.map].flatMap(([key, value]) => parseAnnotationKey(key, value) ?? []);
  return {
    ...compressionOf(output),
    ...(isTrue("force-compression", output, false) && { isForced: true }),
    ...(!isTrue("oci-mediatypes", output, true) && { mediaTypes: "docker" as const }),
    ...(!isTrue("oci-artifact", output, true) && { attestationsAreImages: true }),
    ...(isTrue("rewrite-timestamp", output, false) && { rewriteTimestamp: true }),
    ...epochOf(output),
    ...(annotations.length > 0 && { annotations }),
  };
}

/** `source-date-epoch`; without a value there is no such time. */
export function epochOf({ map, text }: OutputMap): { epoch?: OutputEpoch } {
  const value = map.get("source-date-epoch");
  if (value === undefined) return {};
  if (value === "") return { epoch: "none" };
  const seconds = Number(value);
  // What RFC 3339 can say: the years 0 to 9999.
  const isTime = /^[+-]?\d+$/.test(value) && seconds >= -62_167_219_200 && seconds <= 253_402_300_799;
  if (isTime) return { epoch: seconds };
  throw new UsageError(`Cannot use --output "${text}": invalid source-date-epoch: ${value}`);
}

/** An attribute that is true or false, as Go reads it; without a value it is true. */
export function isTrue(key: string, { map, text }: OutputMap, fallback: boolean): boolean {
  const value = map.get(key);
  if (value === undefined) return fallback;
  if (["", "1", "t", "true"].includes(value.toLowerCase())) return true;
  if (["0", "f", "false"].includes(value.toLowerCase())) return false;
  throw new UsageError(`Cannot use --output "${text}": non-bool value ${value} specified for ${key}`);
}

const maximumLevels = { none: undefined, gzip: 9, estargz: 9, zstd: 22 } as const;

function compressionOf(output: OutputMap): { compression?: LayerCompression; level?: number } {
  const { map, text } = output;
  const name = map.get("compression");
  const compression = name === undefined ? undefined : parseCompression(name, text);
  const level = map.get("compression-level");
  return {
    ...(compression !== undefined && { compression }),
    ...(level !== undefined && levelOf(level, compression ?? "gzip", text)),
  };
}

function levelOf(level: string, compression: LayerCompression, text: string): { level?: number } {
  if (!/^-?\d+$/.test(level))
    throw new UsageError(
      `Cannot use --output "${text}": non-integer value ${level} specified for compression-level`,
    );
  const maximum = maximumLevels[compression];
  if (maximum === undefined) return {}; // what is not compressed has no level
  if (Number(level) >= 0 && Number(level) <= maximum) return { level: Number(level) };
  throw new UsageError(
    `Cannot use --output "${text}": compression-level of ${compression} is a number from 0 to ${maximum}`,
  );
}

function parseCompression(name: string, text: string): LayerCompression {
  if (name === "uncompressed") return "none";
  if (name === "gzip" || name === "estargz" || name === "zstd") return name;
  const isKnown = name === "zstd:chunked";
  throw new UsageError(
    `Cannot use --output "${text}": ${isKnown ? `compression ${name} is not supported` : `unsupported compression type ${name}`}`,
    { code: "UNSUPPORTED_OPTION", hint: "compressions are gzip, estargz, zstd, uncompressed" },
  );
}
