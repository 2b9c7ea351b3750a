import type { FoundPackage } from "../found-package.ts";
import { readBdbHash } from "./bdb-hash.ts";
import { readNdb } from "./ndb.ts";
import { parseRpmHeader } from "./parse-header.ts";
import { DatabaseError, maxPackages, type ReadAt } from "./read-at.ts";
import { readSqliteColumn } from "./sqlite-table.ts";

/** The packages of a database of rpm in any of its three formats, told by its name. Nothing of a file is trusted, and memory is bounded by
 * the largest package.
 * @throws {DatabaseError} when it cannot be read whole: a list without some packages would be wrong */
export function readRpmDatabase(
  read: ReadAt,
  { path, sizeBytes }: { readonly path: string; readonly sizeBytes: number },
): readonly FoundPackage[] {
  const found: FoundPackage[] = [];
  let headerBytes = 0;
  for (const header of headersOf(read, path, sizeBytes)) {
    headerBytes += header.length;
    if (headerBytes > sizeBytes) throw new DatabaseError("parts of it are used twice");
    if (found.length === maxPackages) throw new DatabaseError(`it has more than ${maxPackages} packages`);
    const package_ = parseRpmHeader(header, path);
    if (package_) found.push(package_);
  }
  return found;
}

function headersOf(read: ReadAt, path: string, sizeBytes: number): Iterable<Buffer> {
  if (path.endsWith(".sqlite")) return readSqliteColumn(read, { table: "Packages", column: 1, sizeBytes });
  return path.endsWith(".db") ? readNdb(read) : readBdbHash(read);
}
