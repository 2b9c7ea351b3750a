// For tests only: archives made by other programs, and everything that a reader says about an archive.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { TestContext } from "node:test";
import type { ByteSink } from "./byte-sink.ts";
import { toByteString } from "./host-path.ts";
import { removeTree } from "./remove-tree.ts";
import { plainEntry, type TarEntry, tarPadding } from "./tar-entry.ts";
import { TarReader } from "./tar-reader.ts";
import { encodeTarHeader, tarEndBytes } from "./tar-writer.ts";
import { type UnpackOptions, type UnpackResult, unpackTar } from "./unpack-tar.ts";

export interface ReadEntry extends TarEntry {
  readonly content: Buffer;
}

/** Reads a whole archive, in chunks of `chunkBytes`. */
export function readArchive(archive: Buffer, chunkBytes = archive.length): ReadEntry[] {
  const entries: ReadEntry[] = [];
  let parts: { chunk: Buffer; position: number }[] = [];
  let entry: TarEntry;
  const reader = new TarReader({
    entry: (next) => {
      entry = next;
      parts = [];
    },
    data: (chunk, position) => parts.push({ chunk: Buffer.from(chunk), position }),
    entryEnd: () => entries.push({ ...entry, content: assemble(entry.sizeBytes, parts) }),
  });
  for (let at = 0; at < archive.length; at += chunkBytes) reader.push(archive.subarray(at, at + chunkBytes));
  reader.end();
  return entries;
}

function assemble(sizeBytes: number, parts: { chunk: Buffer; position: number }[]): Buffer {
  const content = Buffer.alloc(sizeBytes);
  for (const { chunk, position } of parts) chunk.copy(content, position);
  return content;
}

/** An entry with what a test does not care for filled in. */
export function entryOf(fields: Partial<TarEntry> & { path: string }): TarEntry {
  return { ...plainEntry({ path: fields.path, type: "file", mode: 0o644 }), ...fields };
}

/** An archive of entries; a file's content is given as text or bytes. */
export function archiveOf(
  ...entries: (Partial<TarEntry> & { path: string; content?: string | Buffer })[]
): Buffer {
  const blocks = entries.map(({ content = "", ...fields }) => {
    const bytes = Buffer.from(content as string, "latin1");
    const header = encodeTarHeader(entryOf({ ...fields, sizeBytes: bytes.length }));
    return Buffer.concat([header, bytes, Buffer.alloc(tarPadding(bytes.length))]);
  });
  return Buffer.concat([...blocks, Buffer.alloc(tarEndBytes)]);
}

/** Runs Python with `script`; it writes an archive to `sys.stdout.buffer`. Undefined when there is no Python. */
export function pythonArchive(script: string): Buffer | undefined {
  const prelude = "import sys, io, tarfile\nout = sys.stdout.buffer\n";
  const result = spawnSync("python3", ["-c", prelude + script], { maxBuffer: 64 * 1024 * 1024 });
  if (result.error) return undefined;
  if (result.status !== 0) throw new Error(result.stderr.toString());
  return result.stdout;
}

/** Runs GNU tar; undefined when it is missing. */
export function gnuTar(args: readonly string[], input?: Buffer): Buffer | undefined {
  const result = spawnSync("tar", args, { maxBuffer: 64 * 1024 * 1024, ...(input ? { input } : {}) });
  if (result.error) return undefined;
  if (result.status !== 0) throw new Error(result.stderr.toString());
  return result.stdout;
}

export function sha256(bytes: Buffer): string {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}

export const trusted = "trusted.overlay.opaque";

/** An empty directory that goes with the test. */
export function scratchDirectory(t: TestContext): string {
  const directory = mkdtempSync(path.join(tmpdir(), "layer-"));
  t.after(() => removeTree(toByteString(directory)));
  return directory;
}

/** Unpacks an archive, as a layer when nothing else is said. */
export async function unpack(
  t: TestContext,
  archive: Buffer,
  options: Partial<UnpackOptions> = {},
  target = path.join(scratchDirectory(t), "target"),
): Promise<{ result: UnpackResult; target: string }> {
  async function* source() {
    yield archive;
  }
  const result = await unpackTar(source(), target, { form: "layer", opaqueXattr: trusted, ...options });
  return { result, target };
}

/** A sink that keeps what it is given. */
export function collect(): { sink: ByteSink; bytes: () => Buffer } {
  const chunks: Buffer[] = [];
  return {
    sink: {
      write(chunk) {
        chunks.push(Buffer.from(chunk));
      },
    },
    bytes: () => Buffer.concat(chunks),
  };
}
