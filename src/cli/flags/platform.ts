import { hostPlatform, isSamePlatform, parsePlatform, type Platform } from "../../oci/index.ts";
import type { CliIo } from "../cli-io.ts";

/** Platforms of `--platform`, each once: separated by commas or given several times, `local` for this machine's. Without any,
 * `$DOCKER_DEFAULT_PLATFORM`; with neither, undefined.
 * @throws {OciError} `INVALID_PLATFORM` */
export function parsePlatforms(
  values: readonly string[],
  env: CliIo["env"],
): readonly Platform[] | undefined {
  const fallback = env["DOCKER_DEFAULT_PLATFORM"];
  const texts = values.length === 0 && fallback ? [fallback] : values;
  const platforms = texts.flatMap((text) => text.split(",")).map((text) => parseOne(text.trim()));
  const distinct = platforms.filter(
    (platform, index) => platforms.findIndex((each) => isSamePlatform(each, platform)) === index,
  );
  return distinct.length === 0 ? undefined : distinct;
}

/** The platform of a command that takes one.
 * @throws {OciError} `INVALID_PLATFORM` */
export function parsePlatformFlag(value: string | undefined, env: CliIo["env"]): Platform | undefined {
  const text = value ?? env["DOCKER_DEFAULT_PLATFORM"];
  return text ? parseOne(text) : undefined;
}

function parseOne(text: string): Platform {
  return text.toLowerCase() === "local" ? hostPlatform() : parsePlatform(text);
}
