import { execFileSync } from "node:child_process";
import {
  chmodSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { removeXattr, setXattr } from "../../src/sys/index.ts";
import { isErrno } from "../../src/util/index.ts";
import type { ContextFile, Edit } from "./scenario.ts";

type ContextEdit = Extract<
  Edit,
  { kind: "write" | "chmod" | "delete" | "touch" | "rewrite" | "xattr" | "rename" | "ignore" }
>;

/** Changes a build context. What cannot be done (a file below a file) is left. */
export function editContext(directory: string, edit: ContextEdit): void {
  try {
    applyEdit(directory, edit);
  } catch (error) {
    if (!isErrno(error, "ENOENT", "ENOTDIR", "EEXIST", "EISDIR", "EINVAL", "ENOTEMPTY", "ELOOP")) throw error;
  }
}

function applyEdit(directory: string, edit: ContextEdit): void {
  if (edit.kind === "write") return writeContextFile(directory, edit.file);
  if (edit.kind === "ignore") {
    return writeFileSync(path.join(directory, ".dockerignore"), `${edit.patterns.join("\n")}\n`);
  }
  const file = path.join(directory, edit.path);
  switch (edit.kind) {
    case "chmod":
      if (!lstatSync(file).isSymbolicLink())
        chmodSync(file, edit.mode | (statSync(file).isDirectory() ? 0o111 : 0));
      return;
    case "delete":
      return rmSync(file, { recursive: true });
    case "touch":
      return utimesSync(file, edit.mode, edit.mode);
    case "rewrite":
      return rewrite(file);
    case "xattr":
      return changeXattr(file, edit.value);
    case "rename":
      return renameSync(file, path.join(directory, edit.to));
  }
}

/** No value takes the attribute away. */
function changeXattr(file: string, value: string): void {
  if (lstatSync(file).isSymbolicLink()) return;
  if (value === "") removeXattr(file, "user.test");
  else setXattr(file, "user.test", Buffer.from(value));
}

/** Other bytes, of the same number and with the same time: only ctime tells. */
function rewrite(file: string): void {
  if (!lstatSync(file).isFile()) return;
  const { atime, mtime } = statSync(file);
  const bytes = readFileSync(file).map((byte) => byte ^ 1);
  writeFileSync(file, bytes);
  utimesSync(file, atime, mtime);
}

function writeContextFile(directory: string, { path: name, kind, text }: ContextFile): void {
  const file = path.join(directory, name);
  mkdirSync(path.dirname(file), { recursive: true });
  if (kind === "directory") return mkdirSync(file);
  const isLink = kind === "link" || kind === "hard-link";
  if (isLink || lstatSync(file, { throwIfNoEntry: false })?.isSymbolicLink()) rmSync(file, { force: true });
  if (kind === "link") return symlinkSync(text, file);
  if (kind === "hard-link") return linkSync(path.join(directory, text), file);
  if (kind === "archive") return writeArchive(file, text);
  writeFileSync(file, text);
  chmodSync(file, kind === "executable" ? 0o755 : 0o644);
}

/** A tar of a few files, which ADD unpacks. */
function writeArchive(file: string, text: string): void {
  const tree = mkdtempSync(path.join(tmpdir(), "slipway-archive-"));
  try {
    for (const name of ["x", text]) writeFileSync(path.join(tree, name), text);
    symlinkSync("x", path.join(tree, "link"));
    linkSync(path.join(tree, "x"), path.join(tree, "twin"));
    writeFileSync(file, execFileSync("tar", ["--sort=name", "--mtime=@1", "-cC", tree, "."]));
  } finally {
    rmSync(tree, { recursive: true });
  }
}
