import { DatabaseError, maxHeaderBytes, maxPackages, type ReadAt, readExactly } from "./read-at.ts";

const slotBytes = 16;
const blockBytes = 16;
const pageBytes = 4096;

/** The headers of the packages in rpm's `Packages.db` (the format of SUSE): slots that say where a package's blob is, then the blobs.
 * @throws {DatabaseError} */
export function* readNdb(read: ReadAt): Generator<Buffer> {
  const head = readExactly(read, 0, 32);
  if (head.toString("latin1", 0, 4) !== "RpmP") throw new DatabaseError("it is no database of rpm");
  const version = head.readUInt32LE(4);
  if (version !== 0) throw new DatabaseError(`its version is ${version}`);
  const pages = head.readUInt32LE(12);
  const count = (pages * pageBytes) / slotBytes;
  if (count > maxPackages) throw new DatabaseError(`it has room for ${count} packages`);
  const slots = readExactly(read, 0, pages * pageBytes);
  // The header takes the room of two slots.
  for (let at = 2 * slotBytes; at < slots.length; at += slotBytes) {
    if (slots.toString("latin1", at, at + 4) !== "Slot") throw new DatabaseError("a slot is none");
    const index = slots.readUInt32LE(at + 4);
    if (index !== 0) yield readBlob(read, index, slots.readUInt32LE(at + 8) * blockBytes);
  }
}

function readBlob(read: ReadAt, index: number, position: number): Buffer {
  const head = readExactly(read, position, 16);
  const length = head.readUInt32LE(12);
  if (head.toString("latin1", 0, 4) !== "BlbS" || head.readUInt32LE(4) !== index)
    throw new DatabaseError(`package ${index} is not where its slot says`);
  if (length > maxHeaderBytes) throw new DatabaseError(`package ${index} has ${length} bytes`);
  return readExactly(read, position + 16, length);
}
