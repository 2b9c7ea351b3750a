import { posix } from "node:path";

/** Go's path.Clean: no trailing slash, never empty. */
export function cleanPath(path: string): string {
  const normal = posix.normalize(path);
  return normal.length > 1 && normal.endsWith("/") ? normal.slice(0, -1) : normal;
}

/** Result of WORKDIR: an absolute path is taken as it is written, a relative one joined and cleaned
 * (BuildKit, util/system/path.go). */
export function resolveWorkdir(current: string, path: string): string {
  if (path.startsWith("/")) return path;
  return cleanPath(posix.join("/", current, path));
}

/** Destination of COPY and ADD: absolute and clean; ends with `/` where the text says "a directory". */
export function resolveDest(workdir: string, dest: string): string {
  const isDirectory = dest === "" || dest === "." || dest.endsWith("/") || dest.endsWith("/.");
  const path = cleanPath(dest.startsWith("/") ? dest : posix.join("/", workdir, dest));
  return isDirectory && path !== "/" ? `${path}/` : path;
}

/** Path inside a source tree: absolute, clean, and `..` never leaves the root. */
export function resolveSource(path: string): string {
  return cleanPath(posix.join("/", path));
}

/** Those of the sources that `..` would lead out of the tree, as they are written, by what `resolveSource` makes of them. */
export function leavingSources(sources: readonly string[]): Readonly<Record<string, string>> | undefined {
  const leaving = sources.filter((source) =>
    /^\.\.(?:\/|$)/.test(posix.normalize(source.replace(/^\/+/, ""))),
  );
  if (leaving.length === 0) return undefined;
  return Object.fromEntries(leaving.map((source) => [resolveSource(source), source]));
}
