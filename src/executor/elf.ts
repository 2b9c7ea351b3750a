/** What the header of a program says of the processor it is for, and the instructions that end one with exit code 0. */
interface ElfTarget {
  readonly bits: 32 | 64;
  readonly isBigEndian?: boolean;
  /** `e_machine`. */
  readonly machine: number;
  /** `e_flags`: the calling convention. */
  readonly flags?: number;
  /** exit(0), in hexadecimal as it lies in memory. */
  readonly code: string;
}

/** By Go's names. */
const targets: Readonly<Record<string, ElfTarget>> = {
  "386": { bits: 32, machine: 3, code: "b801000000 31db cd80" },
  amd64: { bits: 64, machine: 62, code: "b83c000000 31ff 0f05" },
  arm: { bits: 32, machine: 40, flags: 0x05000000, code: "0000a0e3 0170a0e3 000000ef" },
  arm64: { bits: 64, machine: 183, code: "000080d2 a80b80d2 010000d4" },
  loong64: { bits: 64, machine: 258, flags: 0x43, code: "04008002 0b748102 00002b00" },
  mips64le: { bits: 64, machine: 8, flags: 0x80000007, code: "c2130224 00000424 0c000000" },
  ppc64le: { bits: 64, machine: 21, flags: 2, code: "01000038 00006038 02000044" },
  riscv64: { bits: 64, machine: 243, code: "13050000 9308d005 73000000" },
  s390x: { bits: 64, isBigEndian: true, machine: 22, code: "a7290000 0a01" },
};

/** Architectures that `tinyProgram` knows, in Go's names. */
export const knownArchitectures = Object.keys(targets);

/** The smallest program for an architecture: it ends with exit code 0. */
export function tinyProgram(architecture: string): Buffer {
  const target = targets[architecture];
  if (!target) throw new Error(`Internal error: no program for ${architecture} is known`);
  const code = Buffer.from(target.code.replaceAll(" ", ""), "hex");
  const header = target.bits === 64 ? header64(target, code.length) : header32(target, code.length);
  return Buffer.concat([header, code]);
}

/** The architecture that a program is for, by its first 20 bytes; undefined for what is no ELF file, or for another processor. */
export function elfArchitecture(head: Buffer): string | undefined {
  if (head.length < 20 || head.toString("latin1", 0, 4) !== "\x7fELF") return undefined;
  const bits = head[4] === 2 ? 64 : 32;
  const isBigEndian = head[5] === 2;
  const machine = isBigEndian ? head.readUInt16BE(18) : head.readUInt16LE(18);
  const isIt = (target: ElfTarget) =>
    target.machine === machine && target.bits === bits && (target.isBigEndian ?? false) === isBigEndian;
  return Object.entries(targets).find(([, target]) => isIt(target))?.[0];
}

const base = 0x400000;

function header64(target: ElfTarget, codeBytes: number): Buffer {
  const write = headerWriter(target, 64 + 56);
  const size = 64 + 56 + codeBytes;
  write.u64(24, base + 64 + 56); // e_entry
  write.u64(32, 64); // e_phoff
  write.u32(48, target.flags ?? 0);
  for (const [at, value] of [
    [52, 64],
    [54, 56],
    [56, 1],
  ] as const)
    write.u16(at, value); // e_ehsize, e_phentsize, e_phnum
  write.u32(64, 1); // PT_LOAD
  write.u32(68, 5); // readable, executable
  for (const [at, value] of [
    [80, base],
    [88, base],
    [96, size],
    [104, size],
    [112, 0x10000],
  ] as const)
    write.u64(at, value);
  return write.bytes;
}

function header32(target: ElfTarget, codeBytes: number): Buffer {
  const write = headerWriter(target, 52 + 32);
  const size = 52 + 32 + codeBytes;
  write.u32(24, base + 52 + 32);
  write.u32(28, 52);
  write.u32(36, target.flags ?? 0);
  for (const [at, value] of [
    [40, 52],
    [42, 32],
    [44, 1],
  ] as const)
    write.u16(at, value);
  write.u32(52, 1);
  for (const [at, value] of [
    [60, base],
    [64, base],
    [68, size],
    [72, size],
    [76, 5],
    [80, 0x10000],
  ] as const)
    write.u32(at, value);
  return write.bytes;
}

function headerWriter({ bits, isBigEndian = false, machine }: ElfTarget, sizeBytes: number) {
  const bytes = Buffer.alloc(sizeBytes);
  bytes.write("\x7fELF", "latin1");
  bytes.set([bits === 64 ? 2 : 1, isBigEndian ? 2 : 1, 1], 4);
  const write = {
    bytes,
    u16: (at: number, value: number) =>
      isBigEndian ? bytes.writeUInt16BE(value, at) : bytes.writeUInt16LE(value, at),
    u32: (at: number, value: number) =>
      isBigEndian ? bytes.writeUInt32BE(value, at) : bytes.writeUInt32LE(value, at),
    u64: (at: number, value: number) =>
      isBigEndian ? bytes.writeBigUInt64BE(BigInt(value), at) : bytes.writeBigUInt64LE(BigInt(value), at),
  };
  write.u16(16, 2); // ET_EXEC
  write.u16(18, machine);
  write.u32(20, 1); // EV_CURRENT
  return write;
}
