import { BuildError } from "./build-error.ts";
import type { BuildOptions } from "./options.ts";

/** Is the image to be one for several platforms? So it is when several were asked for, or one and the build argument
 * `BUILDKIT_MULTI_PLATFORM`.
 * @throws {BuildError} `INVALID_ARGUMENT` */
export function isMultiPlatform({
  platforms = [],
  buildArgs,
}: Pick<BuildOptions, "platforms" | "buildArgs">): boolean {
  const text = Object.hasOwn(buildArgs, "BUILDKIT_MULTI_PLATFORM") && buildArgs["BUILDKIT_MULTI_PLATFORM"];
  if (!text) return platforms.length > 1;
  const isAsked = parseGoBool(text);
  if (isAsked === undefined) {
    throw new BuildError("INVALID_ARGUMENT", `invalid boolean value for multi-platform: ${text}`);
  }
  if (isAsked || platforms.length < 2) return isAsked;
  throw new BuildError(
    "INVALID_ARGUMENT",
    "conflicting config: returning multiple target platforms is not allowed",
  );
}

/** Go's strconv.ParseBool. */
function parseGoBool(text: string): boolean | undefined {
  if (["1", "t", "T", "TRUE", "true", "True"].includes(text)) return true;
  return ["0", "f", "F", "FALSE", "false", "False"].includes(text) ? false : undefined;
}
