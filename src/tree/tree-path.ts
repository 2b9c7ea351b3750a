import type { TreePath } from "./file-tree.ts";

/** Cleans text into a tree path: absolute, `..` clamped at the root. Does not touch the encoding. */
export function cleanTreePath(path: string): TreePath {
  const kept: string[] = [];
  for (const part of path.split("/")) {
    if (part === "" || part === ".") continue;
    if (part === "..") kept.pop();
    else kept.push(part);
  }
  return `/${kept.join("/")}`;
}

/** Unicode text, as written in a Dockerfile, as a tree path (latin1, cleaned). */
export function toTreePath(text: string): TreePath {
  return cleanTreePath(toBytes(text));
}

/** Unicode text to one character per byte. */
export function toBytes(text: string): string {
  return isAscii(text) ? text : Buffer.from(text, "utf8").toString("latin1");
}

/** One character per byte to Unicode text, for patterns and messages; bytes that are no UTF-8 become U+FFFD. */
export function toText(bytes: string): string {
  return isAscii(bytes) ? bytes : Buffer.from(bytes, "latin1").toString("utf8");
}

export function joinTreePath(directory: TreePath, name: string): TreePath {
  return directory === "/" ? `/${name}` : `${directory}/${name}`;
}

export function parentTreePath(path: TreePath): TreePath {
  return path.slice(0, path.lastIndexOf("/")) || "/";
}

/** Last component; empty for the root. */
export function baseName(path: TreePath): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** The path as Node's file functions take it: bytes only where they are needed, for a string is faster. */
export function hostBytes(path: string): string | Buffer {
  return isAscii(path) ? path : Buffer.from(path, "latin1");
}

/** A loop, for most texts are short: a regular expression takes ten times as long to begin. */
function isAscii(text: string): boolean {
  for (let index = 0; index < text.length; index++) if (text.charCodeAt(index) > 0x7f) return false;
  return true;
}
