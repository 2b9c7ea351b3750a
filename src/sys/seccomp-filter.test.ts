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

/** Values that the program can return: `BPF_RET | BPF_K` instructions. */
function results(program: Buffer): string[] {
  const found = new Set<string>();
  for (let at = 0; at < program.length; at += 8) {
    if (program.readUInt16LE(at) === 0x06) found.add(program.readUInt32LE(at + 4).toString(16));
  }
  return [...found].sort();
}

const skip = compile({}) === undefined ? { skip: "libseccomp is not installed" } : {};

test("a filter becomes a program with exactly its actions", skip, () => {
  const program = compile({})!;
  assert.equal(program.length % 8, 0);
  // Kill for a foreign architecture, the default errno 38, errno 7, allow.
  assert.deepEqual(results(program), ["0", "50007", "50026", "7fff0000"]);
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
