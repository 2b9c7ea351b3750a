import { execFileSync } from "node:child_process";
import { lstatSync, mkdtempSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import path from "node:path";
import { gunzipSync } from "node:zlib";

/** Every place below `root` where the text occurs: in names, link targets and bytes, in gzip and tar files too, plain or as base64,
 * hexadecimal or a URL component. */
export function findText(root: string, text: string): readonly string[] {
  const needles = formsOf(text);
  return [...walk(root)].filter((file) => holds(file, needles)).map((file) => path.relative(root, file));
}

/** Does the text occur in what a program printed? */
export function occursIn(output: string, text: string): boolean {
  return formsOf(text).some((needle) => output.includes(needle.toString("latin1")));
}

/** Unpacks a tar below `parent`; layers in it stay tars, which `findText` reads as they are. */
export function unpacked(archive: string, parent: string): string {
  const directory = mkdtempSync(path.join(parent, "unpacked-"));
  execFileSync("tar", ["-xf", archive, "-C", directory]);
  return directory;
}

function formsOf(text: string): readonly Buffer[] {
  const bytes = Buffer.from(text);
  // Base64 of a text inside a longer one depends on where it begins: cut what its neighbours change.
  const base64 = [0, 1, 2].map((offset) =>
    Buffer.concat([Buffer.alloc(offset), bytes])
      .toString("base64")
      .slice(offset === 0 ? 0 : 4, -4),
  );
  const forms = [text, bytes.toString("hex"), encodeURIComponent(text), ...base64];
  return [...new Set(forms)].map((form) => Buffer.from(form));
}

function* walk(directory: string): Generator<string> {
  for (const name of readdirSync(directory)) {
    const file = path.join(directory, name);
    yield file;
    if (lstatSync(file).isDirectory()) yield* walk(file);
  }
}

function holds(file: string, needles: readonly Buffer[]): boolean {
  const stat = lstatSync(file);
  const texts: Uint8Array[] = [Buffer.from(path.basename(file))];
  if (stat.isSymbolicLink()) texts.push(Buffer.from(readlinkSync(file)));
  else if (stat.isFile()) texts.push(...contentOf(file));
  return needles.some((needle) => texts.some((bytes) => Buffer.from(bytes).includes(needle)));
}

function contentOf(file: string): readonly Uint8Array[] {
  const bytes = readFileSync(file);
  return bytes[0] === 0x1f && bytes[1] === 0x8b ? [bytes, gunzipSync(bytes)] : [bytes];
}
