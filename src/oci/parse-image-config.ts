import { type DiffID, parseDiffID } from "./digest.ts";
import type { ContainerConfig, HealthcheckConfig, HistoryEntry, ImageConfig } from "./image-config.ts";
import { compact, JsonReader } from "./json-reader.ts";
import { OciError } from "./oci-error.ts";

/** Bounds on lists and maps of one config, far above what an image needs. */
const maxElements = 10_000;
const maxLayers = 1000;

/** Parses the bytes of an image config, OCI or Docker. Members that the specification does not name are left out, as BuildKit
 * does when it builds on the image; the image itself is always passed on as its original bytes.
 * @throws {OciError} `INVALID_CONFIG` */
export function parseImageConfig(bytes: Uint8Array | string): ImageConfig {
  const document = readDocument(bytes);
  const text = (name: string) => document.member(name).optional((value) => value.string());
  return compact<ImageConfig>({
    architecture: text("architecture") ?? "",
    os: text("os") ?? "",
    "os.version": text("os.version"),
    variant: text("variant"),
    author: text("author"),
    created: text("created"),
    config: document.member("config").optional(readContainerConfig) ?? {},
    history: document.member("history").elements(maxElements).map(readHistory),
    rootfs: readRootfs(document.member("rootfs")),
  });
}

function readDocument(bytes: Uint8Array | string): JsonReader {
  const text = typeof bytes === "string" ? bytes : Buffer.from(bytes).toString();
  try {
    return new JsonReader(JSON.parse(text), invalid);
  } catch (cause) {
    throw new OciError("INVALID_CONFIG", "Cannot parse image config: not JSON", { cause });
  }
}

function readContainerConfig(reader: JsonReader): ContainerConfig {
  const text = (name: string) => reader.member(name).optional((value) => value.string());
  const list = (name: string) => reader.member(name).optional((value) => value.strings(maxElements));
  const set = (name: string) => reader.member(name).optional(readSet);
  return compact<ContainerConfig>({
    User: text("User"),
    ExposedPorts: set("ExposedPorts"),
    Env: list("Env"),
    Entrypoint: list("Entrypoint"),
    Cmd: list("Cmd"),
    Volumes: set("Volumes"),
    WorkingDir: text("WorkingDir"),
    Labels: reader.member("Labels").optional((value) => value.stringMap(maxElements)),
    StopSignal: text("StopSignal"),
    ArgsEscaped: reader.member("ArgsEscaped").optional((value) => value.boolean()),
    Healthcheck: reader.member("Healthcheck").optional(readHealthcheck),
    OnBuild: list("OnBuild"),
    Shell: list("Shell"),
  });
}

/** A set is an object whose values are empty objects. */
function readSet(reader: JsonReader): Readonly<Record<string, Record<string, never>>> {
  return Object.fromEntries(reader.keys(maxElements).map((key) => [key, {}]));
}

function readHealthcheck(reader: JsonReader): HealthcheckConfig {
  const number = (name: string) => reader.member(name).optional((value) => value.integer(-Infinity));
  return compact<HealthcheckConfig>({
    Test: reader.member("Test").optional((value) => value.strings(maxElements)),
    Interval: number("Interval"),
    Timeout: number("Timeout"),
    StartPeriod: number("StartPeriod"),
    StartInterval: number("StartInterval"),
    Retries: number("Retries"),
  });
}

function readHistory(reader: JsonReader): HistoryEntry {
  const text = (name: string) => reader.member(name).optional((value) => value.string());
  return compact<HistoryEntry>({
    created: text("created"),
    created_by: text("created_by"),
    author: text("author"),
    comment: text("comment"),
    empty_layer: reader.member("empty_layer").optional((value) => value.boolean()),
  });
}

function readRootfs(reader: JsonReader): ImageConfig["rootfs"] {
  const type = reader.member("type");
  if (type.string() !== "layers") throw type.wrong('"layers"');
  return { type: "layers", diff_ids: reader.member("diff_ids").elements(maxLayers).map(readDiffID) };
}

function readDiffID(reader: JsonReader): DiffID {
  try {
    return parseDiffID(reader.string());
  } catch (error) {
    if (!(error instanceof OciError) || error.code !== "INVALID_DIGEST") throw error;
    throw reader.wrong('"sha256:" and 64 hexadecimal digits');
  }
}

function invalid(reason: string): OciError {
  return new OciError("INVALID_CONFIG", `Cannot parse image config: ${reason}`);
}
