import type { Descriptor, Index, Manifest } from "./descriptor.ts";
import type { ContainerConfig, HealthcheckConfig, HistoryEntry, ImageConfig } from "./image-config.ts";
import type { Platform } from "./platform.ts";

/** The bytes of an image config exactly as BuildKit writes them: compact, members of the document in alphabetical order, those
 * of `config` in the order of its Go struct, empty ones left out, maps sorted, `null` for no layers, no history and no time. */
export function encodeImageConfig(image: ImageConfig): string {
  return goJson({
    architecture: image.architecture,
    author: image.author || undefined,
    config: orderedConfig(image.config),
    created: image.created ?? null,
    history: image.history.length > 0 ? image.history.map(orderedHistory) : null,
    os: image.os,
    "os.version": image["os.version"] || undefined,
    rootfs: {
      type: image.rootfs.type,
      diff_ids: image.rootfs.diff_ids.length > 0 ? image.rootfs.diff_ids : null,
    },
    "slipway.cache.v1": image["slipway.cache.v1"],
    variant: image.variant || undefined,
  });
}

/** The bytes of a manifest as BuildKit writes them: indented by two spaces. */
export function encodeManifest(manifest: Manifest): string {
  const { schemaVersion, mediaType, artifactType, config, layers, subject, annotations } = manifest;
  return goJson(
    {
      schemaVersion,
      mediaType,
      artifactType: artifactType || undefined,
      config: orderedDescriptor(config),
      layers: layers.length > 0 ? layers.map(orderedDescriptor) : null,
      subject: subject && orderedDescriptor(subject),
      annotations: sortedMap(annotations),
    },
    2,
  );
}

/** The bytes of an index; `indent` 2 is how BuildKit writes one that is a blob, 0 is `index.json` of a layout. */
export function encodeIndex(index: Index, indent: 0 | 2 = 2): string {
  const { schemaVersion, mediaType, artifactType, manifests, subject, annotations } = index;
  return goJson(
    {
      schemaVersion,
      mediaType,
      artifactType: artifactType || undefined,
      manifests: manifests.map(orderedDescriptor),
      subject: subject && orderedDescriptor(subject),
      annotations: sortedMap(annotations),
    },
    indent,
  );
}

function orderedConfig(config: ContainerConfig): object {
  return {
    User: config.User || undefined,
    ExposedPorts: sortedMap(config.ExposedPorts),
    Env: nonEmpty(config.Env),
    Entrypoint: nonEmpty(config.Entrypoint),
    Cmd: nonEmpty(config.Cmd),
    Volumes: sortedMap(config.Volumes),
    WorkingDir: config.WorkingDir || undefined,
    Labels: sortedMap(config.Labels),
    StopSignal: config.StopSignal || undefined,
    ArgsEscaped: config.ArgsEscaped || undefined,
    Healthcheck: config.Healthcheck && orderedHealthcheck(config.Healthcheck),
    OnBuild: nonEmpty(config.OnBuild),
    Shell: nonEmpty(config.Shell),
  };
}

function orderedHealthcheck(healthcheck: HealthcheckConfig): object {
  return {
    Test: nonEmpty(healthcheck.Test),
    Interval: healthcheck.Interval || undefined,
    Timeout: healthcheck.Timeout || undefined,
    StartPeriod: healthcheck.StartPeriod || undefined,
    StartInterval: healthcheck.StartInterval || undefined,
    Retries: healthcheck.Retries || undefined,
  };
}

function orderedHistory(entry: HistoryEntry): object {
  return {
    created: entry.created,
    created_by: entry.created_by || undefined,
    author: entry.author || undefined,
    comment: entry.comment || undefined,
    empty_layer: entry.empty_layer || undefined,
  };
}

function orderedDescriptor(descriptor: Descriptor): object {
  return {
    mediaType: descriptor.mediaType,
    digest: descriptor.digest,
    size: descriptor.size,
    annotations: sortedMap(descriptor.annotations),
    data: descriptor.data || undefined,
    platform: descriptor.platform && orderedPlatform(descriptor.platform),
    artifactType: descriptor.artifactType || undefined,
  };
}

function orderedPlatform(platform: Platform): object {
  return {
    architecture: platform.architecture,
    os: platform.os,
    "os.version": platform["os.version"] || undefined,
    variant: platform.variant || undefined,
  };
}

function nonEmpty<Value>(list: readonly Value[] | undefined): readonly Value[] | undefined {
  return list && list.length > 0 ? list : undefined;
}

/** A Go map: keys in byte order; left out when empty. A list of pairs, for JavaScript puts keys like "8080" first. */
function sortedMap(map: Readonly<Record<string, unknown>> | undefined): GoMap | undefined {
  const keys = Object.keys(map ?? {});
  if (keys.length === 0) return undefined;
  const bytes = (key: string) => Buffer.from(key);
  return new GoMap(keys.sort((a, b) => Buffer.compare(bytes(a), bytes(b))).map((key) => [key, map![key]]));
}

class GoMap {
  readonly entries: readonly (readonly [string, unknown])[];

  constructor(entries: readonly (readonly [string, unknown])[]) {
    this.entries = entries;
  }
}

/** JSON as Go's encoding/json writes it: like JSON.stringify, and `<`, `>`, `&`, U+2028 and U+2029 escaped. */
function goJson(value: unknown, indent: 0 | 2 = 0): string {
  return write(value, indent, "\n").replace(/[<>&\u2028\u2029]/g, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
}

function write(value: unknown, indent: number, newline: string): string {
  if (Array.isArray(value)) {
    const inner = newline + " ".repeat(indent);
    return group(
      "[",
      value.map((element) => write(element, indent, inner)),
      "]",
      indent,
      newline,
    );
  }
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const entries = value instanceof GoMap ? value.entries : Object.entries(value);
  const inner = newline + " ".repeat(indent);
  const members = entries
    .filter(([, member]) => member !== undefined)
    .map(([key, member]) => `${JSON.stringify(key)}:${indent ? " " : ""}${write(member, indent, inner)}`);
  return group("{", members, "}", indent, newline);
}

function group(
  open: string,
  parts: readonly string[],
  close: string,
  indent: number,
  newline: string,
): string {
  if (parts.length === 0) return open + close;
  if (!indent) return open + parts.join(",") + close;
  const inner = newline + " ".repeat(indent);
  return open + inner + parts.join(`,${inner}`) + newline + close;
}
