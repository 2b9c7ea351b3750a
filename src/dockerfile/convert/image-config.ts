import {
  type ContainerConfig,
  type DraftImageConfig,
  type HealthcheckConfig,
  normalizePlatform,
  type Platform,
} from "../../oci/index.ts";
import { withAdded } from "./added-config.ts";
import type { StageImage } from "./stage-state.ts";

/** The config of the image to be made, its keys in BuildKit's order and empty values left out, so that equal images have equal
 * bytes. */
export function draftConfig(image: StageImage, labels: Readonly<Record<string, string>>): DraftImageConfig {
  const config = withAdded(image.config, image.added);
  const platform = normalizePlatform(image);
  return {
    architecture: platform.architecture,
    ...(image.author && { author: image.author }),
    config: containerConfig({ ...config, Labels: { ...config.Labels, ...labels } }),
    history: image.history.toArray(),
    os: platform.os,
    ...(image["os.version"] && { "os.version": image["os.version"] }),
    ...(platform.variant && { variant: platform.variant }),
  };
}

/** The image as one for `platform`, which was asked for. A variant of the base image stays when nothing else is. */
export function asPlatform(image: StageImage, platform: Platform): StageImage {
  const { variant, "os.version": osVersion, ...rest } = image;
  const isSame = platform.os === image.os && platform.architecture === image.architecture;
  const asked = { ...(isSame && { variant, "os.version": osVersion }), ...platform };
  return {
    ...rest,
    os: platform.os,
    architecture: platform.architecture,
    ...(asked.variant !== undefined && { variant: asked.variant }),
    ...(asked["os.version"] !== undefined && { "os.version": asked["os.version"] }),
  };
}

/** Only the known keys: what else a base image's config holds is not carried over. */
function containerConfig(config: ContainerConfig): ContainerConfig {
  return withoutEmpty<ContainerConfig>([
    ["User", config.User],
    ["ExposedPorts", sortKeys(config.ExposedPorts)],
    ["Env", config.Env],
    ["Entrypoint", config.Entrypoint],
    ["Cmd", config.Cmd],
    ["Volumes", sortKeys(config.Volumes)],
    ["WorkingDir", config.WorkingDir],
    ["Labels", sortKeys(config.Labels)],
    ["StopSignal", config.StopSignal],
    ["ArgsEscaped", config.ArgsEscaped],
    ["Healthcheck", config.Healthcheck && healthcheck(config.Healthcheck)],
    ["OnBuild", config.OnBuild],
    ["Shell", config.Shell],
  ]);
}

function healthcheck(config: HealthcheckConfig): HealthcheckConfig {
  return withoutEmpty<HealthcheckConfig>([
    ["Test", config.Test],
    ["Interval", config.Interval],
    ["Timeout", config.Timeout],
    ["StartPeriod", config.StartPeriod],
    ["StartInterval", config.StartInterval],
    ["Retries", config.Retries],
  ]);
}

/** Keys in the order of their bytes, as Go writes a map. */
function sortKeys<T>(map: Readonly<Record<string, T>> | undefined): Readonly<Record<string, T>> | undefined {
  if (!map || Object.keys(map).length === 0) return undefined;
  return Object.fromEntries(
    Object.entries(map).sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b))),
  );
}

/** Go's `omitempty`. */
function withoutEmpty<T extends object>(entries: readonly (readonly [keyof T & string, unknown])[]): T {
  const isEmpty = (value: unknown) => !value || (Array.isArray(value) && value.length === 0);
  return Object.fromEntries(entries.filter(([, value]) => !isEmpty(value))) as T;
}
