// Images for the tests of this room: real tars, so that other tools read what is written.
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { openStore, type Store } from "../content/index.ts";
import { assembleImage, type ImageRecord, LayerPacker } from "../image/index.ts";
import {
  encodeTarHeader,
  plainEntry,
  type TarEntry,
  tarEndBytes,
  tarPadding,
  TarReader,
} from "../layer/index.ts";
import { digestOf, mediaTypes, parseDiffID } from "../oci/index.ts";
import type { NamedImage } from "./image-files.ts";

interface Hooks {
  after(fn: () => void): void;
}

export function temporaryDir(t: Hooks): string {
  const dir = mkdtempSync(path.join(tmpdir(), "slipway-exporter-"));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

export function temporaryStore(t: Hooks): Store {
  return openStore(path.join(temporaryDir(t), "store"));
}

/** An image of one gzip layer with one file, its blobs in the store. */
export async function storedImage(store: Store, body: string, names: readonly string[]): Promise<NamedImage> {
  const tar = makeTar([{ path: "file", body }]);
  const blob = store.content.put(gzipSync(tar));
  const created = "2020-01-02T03:04:05.678901234Z";
  const record: ImageRecord = {
    config: {
      architecture: "amd64",
      os: "linux",
      created,
      config: { Cmd: ["cat", "/file"] },
      history: [{ created, created_by: "COPY file / # buildkit" }],
    },
    layers: [
      {
        kind: "blob",
        diffID: parseDiffID(digestOf(tar)),
        blob: { mediaType: mediaTypes.ociLayerGzip, digest: blob.digest, size: blob.sizeBytes },
      },
    ],
  };
  const packer = new LayerPacker(store, () => Promise.reject(new Error("nothing to pack")));
  return { images: [await assembleImage(store, record, { packer })], names, created };
}

export interface TarMember {
  readonly path: string;
  readonly body?: string | Uint8Array;
  readonly linkPath?: string;
  readonly type?: TarEntry["type"];
  /** Instead of the body's, to lie about it. */
  readonly sizeBytes?: number;
}

const emptyEntry = plainEntry({ path: "", type: "file", mode: 0o644 });

export function makeTar(members: readonly TarMember[]): Buffer {
  const parts = members.flatMap(({ path: name, body = "", linkPath = "", type = "file", sizeBytes }) => {
    const bytes = Buffer.from(body);
    const entry: TarEntry = {
      ...emptyEntry,
      path: name,
      type,
      linkPath,
      sizeBytes: sizeBytes ?? bytes.length,
    };
    return [encodeTarHeader(entry), bytes, Buffer.alloc(tarPadding(bytes.length))];
  });
  return Buffer.concat([...parts, Buffer.alloc(tarEndBytes)]);
}

/** Entries of a tar: path, mode, owner, time, body. */
export function readTar(bytes: Uint8Array): { entry: TarEntry; body: Buffer }[] {
  const members: { entry: TarEntry; body: Buffer }[] = [];
  const reader = new TarReader({
    entry: (entry) => void members.push({ entry, body: Buffer.alloc(entry.sizeBytes) }),
    data: (chunk, position) => void chunk.copy(members.at(-1)!.body, position),
    entryEnd: () => {},
  });
  reader.push(Buffer.from(bytes));
  reader.end();
  return members;
}

export function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
