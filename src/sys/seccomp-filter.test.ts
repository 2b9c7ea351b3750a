import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { test } from "node:test";
import { compileSeccompFilter, type SeccompFilter } from "./index.ts";

const filter: SeccompFilter = {
  defaultAction: "SCMP_ACT_ERRNO",
  defaultErrnoRet: 38,
  architectures: ["SCMP_ARCH_NATIVE"],
  syscalls: [
    { names: ["read", "no_such_call"], action: "SCMP_ACT_ALLOW" },
    {
      names: ["personality"],
      action: "SCMP_ACT_ALLOW",
      args: [{ index: 0, value: 4294967295, op: "SCMP_CMP_EQ" }],
    },
    { names: ["write"], action: "SCMP_ACT_ERRNO", errnoRet: 7 },
    { names: ["close"], action: "SCMP_ACT_ERRNO", errnoRet: 38 },
  ],
};

function compile(changed: Partial<SeccompFilter>): Buffer | undefined {
  const directory = mkdtempSync(path.join(os.tmpdir(), "seccomp-"));
  try {
    const program = compileSeccompFilter({ ...filter, ...changed }, path.join(directory, "program"));
    assert.ok(!existsSync(path.join(directory, "program")));
    return program;
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** What the kernel would do: runs the program over a `struct seccomp_data`. */
function decide(program: Buffer, call: { arch?: number; number: number; args?: number[] }): string {
  const data = Buffer.alloc(64);
  data.writeUInt32LE(call.number, 0);
  data.writeUInt32LE(call.arch ?? nativeArch(program), 4);
  for (const [index, arg] of (call.args ?? []).entries()) data.writeBigUInt64LE(BigInt(arg), 16 + 8 * index);
  let accumulator = 0;
  for (let at = 0; ; at += 8) {
    const [code, ifTrue, ifFalse] = [program.readUInt16LE(at), program[at + 2]!, program[at + 3]!];
    const value = program.readUInt32LE(at + 4);
    if (code === RETURN) return value.toString(16);
    if (code === LOAD) accumulator = data.readUInt32LE(value);
    else if (code === JUMP) at += 8 * value;
    else at += 8 * (holds(code, accumulator, value) ? ifTrue : ifFalse);
  }
}

const [RETURN, LOAD, JUMP] = [0x06, 0x20, 0x05];

function holds(code: number, left: number, right: number): boolean {
  if (code === 0x15) return left === right;
  if (code === 0x25) return left > right;
  assert.equal(code, 0x35, "unknown instruction");
  return left >= right;
}

/** What the second instruction compares the architecture with. */
function nativeArch(program: Buffer): number {
  return program.readUInt32LE(12);
}

const skip = compile({}) === undefined ? { skip: "libseccomp is not installed" } : {};

const onX64 = process.arch === "x64" ? skip : { skip: "the numbers of the calls are those of x86-64" };

test("a filter becomes a program that does what the filter says", onX64, () => {
  const program = compile({})!;
  const [read, write, close, personality, fork] = [0, 1, 3, 135, 57];
  const [allow, refuse] = ["7fff0000", "50026"];
  assert.equal(decide(program, { number: read }), allow);
  assert.equal(decide(program, { number: write }), "50007");
  assert.equal(decide(program, { number: close }), refuse);
  assert.equal(decide(program, { number: personality, args: [4294967295] }), allow);
  assert.equal(decide(program, { number: personality, args: [8] }), refuse);
  for (const number of [fork, 5, 999]) assert.equal(decide(program, { number }), refuse, String(number));
  // Kill: a foreign architecture, and x32, another one.
  assert.equal(decide(program, { number: read, arch: 0x40000003 }), "0");
  assert.equal(decide(program, { number: 0x40000000 }), "0");
});

test("what is not known here is left to the runtime", skip, () => {
  assert.equal(compile({ defaultAction: "SCMP_ACT_NOTIFY" }), undefined);
  assert.equal(compile({ architectures: ["SCMP_ARCH_X86_64", "SCMP_ARCH_NONE"] }), undefined);
  const twice = [1, 2].map((value) => ({ index: 0, value, op: "SCMP_CMP_EQ" }));
  assert.equal(
    compile({ syscalls: [{ names: ["read"], action: "SCMP_ACT_ALLOW", args: twice }] }),
    undefined,
  );
  const unknown = [{ index: 0, value: 1, op: "SCMP_CMP_NOT" }];
  assert.equal(
    compile({ syscalls: [{ names: ["read"], action: "SCMP_ACT_ALLOW", args: unknown }] }),
    undefined,
  );
});
