import { manyFiles, type Store } from "../content/index.ts";
import { syncFileSystem } from "../sys/index.ts";
import { writeFileDurable, writeFilesDurable } from "../util/index.ts";

/** Writes small files of the store, each whole, which are on the disk when it returns. */
export function writeStoreFiles(store: Store, files: ReadonlyMap<string, string>): void {
  const tmpDir = store.temp.dir();
  if (files.size > manyFiles) return writeFilesDurable(files, syncFileSystem, { tmpDir });
  for (const [file, text] of files) writeFileDurable(file, text, tmpDir);
}
