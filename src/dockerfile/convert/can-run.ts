import { formatPlatform, type Platform } from "../../oci/index.ts";

/** Why commands of an image for `platform` cannot run on `host`; undefined when they can. */
export function cannotRun(platform: Platform, host: Platform): string | undefined {
  const { os, architecture } = platform;
  const runsHere =
    os === host.os &&
    (architecture === host.architecture || (architecture === "386" && host.architecture === "amd64"));
  if (runsHere) return undefined;
  return `RUN for platform ${formatPlatform(platform)} on ${formatPlatform(host)}`;
}
