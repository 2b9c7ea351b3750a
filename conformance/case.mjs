import { execFileSync } from "node:child_process";
import { chownSync, linkSync, mkdirSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import path from "node:path";
import { parse } from "yaml";

/**
 * The cases of a topic, read from its YAML text: name → Dockerfile, or name → `{ dockerfile, files, … }`.
 *
 * A file of the context is its text, or one of `{ text, mode, uid, gid }`, `{ base64 }`, `{ link }`, `{ hardLink }`, `{ dir: mode }`, `{ fifo }`,
 * `{ size }` (sparse) and `{ tar: { flags, files } }` (an archive that GNU tar makes). Names are latin1: one character per byte.
 *
 * Options: `target`, `args` (build arguments), `flags` (further flags of `build`), `images` (name → Dockerfile, built first), `secrets`
 * (id → text), `file` (name of the Dockerfile), `crlf` (lines end as on Windows). `{x900}`
 * in a Dockerfile stands for 900 times x, `{server}` for the local server's origin.
 * - `fails`: the build must fail in both, with this text in both messages.
 * - `history`: created_by texts by index where BuildKit has changed since the release that made the stored results.
 * - `byHand`: why the stored result is not BuildKit's: it was made by slipway and read by a person.
 */
export function readCases(topic, text) {
  return Object.entries(parse(text)).map(([name, content]) => {
    const { dockerfile, files, ...options } = typeof content === "string" ? { dockerfile: content } : content;
    const long = dockerfile.replace(/\{x(\d+)\}/, (_match, count) => "x".repeat(Number(count)));
    const lines = options.crlf ? long.replaceAll("\n", "\r\n") : long;
    return { topic, name, files: { [options.file ?? "Dockerfile"]: lines, ...files }, ...options };
  });
}

/** Writes the context of a case into the fresh directory `context`. */
export function writeContext(files, context) {
  rmSync(context, { recursive: true, force: true });
  mkdirSync(context, { recursive: true });
  for (const [name, content] of Object.entries(files)) {
    const target = Buffer.from(path.join(context, name), "latin1");
    mkdirSync(Buffer.from(path.dirname(path.join(context, name)), "latin1"), { recursive: true });
    writeOne(target, typeof content === "string" ? { text: content } : content, context);
  }
}

function writeOne(target, content, context) {
  const { mode = 0o644, uid, gid } = content;
  if (content.dir !== undefined) mkdirSync(target, { mode: content.dir, recursive: true });
  else if (content.link !== undefined) symlinkSync(Buffer.from(content.link, "latin1"), target);
  else if (content.hardLink !== undefined) linkSync(path.join(context, content.hardLink), target);
  else if (content.fifo) execFileSync("mkfifo", [target.toString()]);
  else if (content.tar) writeTar(target.toString(), content.tar, `${context}.tar`);
  else if (content.base64 !== undefined)
    writeFileSync(target, Buffer.from(content.base64, "base64"), { mode });
  else writeFileSync(target, content.text ?? "", { mode });
  if (content.size !== undefined) truncateSync(target, content.size);
  if (uid !== undefined) chownSync(target, uid, gid ?? uid);
  if (content.mode !== undefined && content.mode > 0o777) execFileSync("chmod", [mode.toString(8), target]);
}

function writeTar(target, { flags = [], files }, scratch) {
  writeContext(files, scratch);
  const list = `${scratch}.list`;
  writeFileSync(list, Object.keys(files).join("\0"), "latin1");
  const plain = ["--numeric-owner", "--mtime=@1700000000", "--no-recursion", "-C", scratch, ...flags];
  execFileSync("tar", [...plain, "-cf", target, "--null", "-T", list]);
  for (const file of [scratch, list]) rmSync(file, { recursive: true });
}
