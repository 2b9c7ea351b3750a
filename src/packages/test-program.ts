/** A small ELF file with what the Go linker says of a program, for tests. */
export function goProgram(version: string, lines: readonly (readonly string[])[]): Buffer {
  const mark = Buffer.alloc(16, 0xf0);
  const modules = Buffer.concat([
    mark,
    Buffer.from(lines.map((line) => `${line.join("\t")}\n`).join("")),
    mark,
  ]);
  const header = Buffer.alloc(32);
  header.write("\xff Go buildinf:", "latin1");
  header[14] = 8;
  header[15] = 2;
  const info = Buffer.concat([header, withLength(Buffer.from(version)), withLength(modules)]);
  const names = Buffer.from("\0.shstrtab\0.go.buildinfo\0");
  const [infoAt, namesAt] = [64, 64 + info.length];
  const sectionsAt = namesAt + names.length;
  const head = Buffer.alloc(64);
  head.write("\x7fELF\x02\x01\x01", "latin1");
  head.writeBigUInt64LE(BigInt(sectionsAt), 40);
  head.writeUInt16LE(64, 58);
  head.writeUInt16LE(3, 60);
  head.writeUInt16LE(1, 62);
  const sections = [section(0, 0, 0), section(1, namesAt, names.length), section(11, infoAt, info.length)];
  const bytes = Buffer.concat([head, info, names, ...sections]);
  return Buffer.concat([bytes, Buffer.alloc(Math.max(0, (64 << 10) - bytes.length))]);
}

function section(name: number, offset: number, sizeBytes: number): Buffer {
  const entry = Buffer.alloc(64);
  entry.writeUInt32LE(name, 0);
  entry.writeBigUInt64LE(BigInt(offset), 24);
  entry.writeBigUInt64LE(BigInt(sizeBytes), 32);
  return entry;
}

function withLength(bytes: Buffer): Buffer {
  const length: number[] = [];
  let rest = bytes.length;
  for (; rest >= 0x80; rest >>= 7) length.push((rest & 0x7f) | 0x80);
  return Buffer.concat([Buffer.from([...length, rest]), bytes]);
}
