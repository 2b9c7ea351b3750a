import type { ContentStore } from "../content/index.ts";
import { encodeTarHeader, plainEntry, tarEndBytes, tarPadding } from "../layer/index.ts";
import type { FileContent } from "./image-files.ts";

/** The bytes of a tar that holds `files`. Equal files give equal bytes: sorted names, owner 0:0, no times, the modes that
 * BuildKit gives. A blob that proves damaged ends the bytes with an error, before the end of the archive.
 * @throws {ContentError} `DIGEST_MISMATCH` | `BLOB_NOT_FOUND` */
export async function* archiveBytes(
  content: ContentStore,
  files: ReadonlyMap<string, FileContent>,
): AsyncGenerator<Uint8Array> {
  const paths = [...directoriesOf(files.keys()), ...files.keys()].sort();
  for (const path of paths) {
    const file = files.get(path);
    if (!file) yield encodeTarHeader(plainEntry({ path, type: "directory", mode: 0o755 }));
    else yield* fileBytes(content, path, file);
  }
  yield Buffer.alloc(tarEndBytes);
}

async function* fileBytes(
  content: ContentStore,
  path: string,
  file: FileContent,
): AsyncGenerator<Uint8Array> {
  const sizeBytes = file.kind === "bytes" ? file.bytes.length : file.sizeBytes;
  yield encodeTarHeader(plainEntry({ path, type: "file", mode: 0o444, sizeBytes }));
  if (file.kind === "bytes") yield file.bytes;
  else yield* content.stream(file.digest, sizeBytes);
  yield Buffer.alloc(tarPadding(sizeBytes));
}

/** `blobs/`, `blobs/sha256/`. */
function directoriesOf(paths: Iterable<string>): ReadonlySet<string> {
  const directories = new Set<string>();
  for (const path of paths) {
    for (let slash = path.indexOf("/"); slash >= 0; slash = path.indexOf("/", slash + 1)) {
      directories.add(path.slice(0, slash + 1));
    }
  }
  return directories;
}
