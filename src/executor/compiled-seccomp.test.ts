import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { test, type TestContext } from "node:test";
import { BPF_ANNOTATION, type KeptPrograms, type RuntimeSeccomp, seccompFor } from "./compiled-seccomp.ts";
import type { Runtime } from "./find-runtime.ts";
import type { Seccomp } from "./seccomp.ts";

const rules = [{ names: ["read"], action: "SCMP_ACT_ERRNO", errnoRet: 1 }];

function made(
  t: TestContext,
  program: string,
  change: { name?: Runtime["name"]; filter?: Partial<Seccomp>; kept?: KeptPrograms } = {},
): RuntimeSeccomp {
  const directory = mkdtempSync(path.join(os.tmpdir(), "seccomp-"));
  t.after(() => rmSync(directory, { recursive: true }));
  const file = path.join(directory, "runtime");
  writeFileSync(file, program);
  const filter = { defaultAction: "SCMP_ACT_KILL", architectures: ["SCMP_ARCH_NATIVE"], syscalls: rules };
  const runtime = { name: change.name ?? "crun", file };
  return seccompFor(
    runtime,
    { ...filter, ...change.filter },
    { scratchFile: path.join(directory, "scratch"), kept: change.kept ?? new Kept() },
  );
}

class Kept extends Map<string, object> implements KeptPrograms {
  put(key: string, program: object): void {
    this.set(key, program);
  }
}

test("a runtime that knows compiled filters gets no rules", (t) => {
  const { seccomp, bpf } = made(t, `code\0${BPF_ANNOTATION}\0`);
  if (bpf === undefined) return t.skip("libseccomp is not installed");
  assert.deepEqual(seccomp.syscalls, []);
});

test("rules stay where nothing tells that the runtime takes the compiled filter", (t) => {
  assert.deepEqual(made(t, "#!/bin/sh\nexec crun").seccomp.syscalls, rules);
  const runc = made(t, BPF_ANNOTATION, { name: "runc" });
  assert.deepEqual([runc.seccomp.syscalls, runc.bpf], [rules, undefined]);
});

test("rules stay where a runtime that ignores the compiled filter would allow everything", (t) => {
  for (const defaultAction of ["SCMP_ACT_ALLOW", "SCMP_ACT_LOG"]) {
    assert.deepEqual(made(t, BPF_ANNOTATION, { filter: { defaultAction } }).seccomp.syscalls, rules);
  }
});

test("rules stay where the filter cannot be compiled", (t) => {
  const { seccomp, bpf } = made(t, BPF_ANNOTATION, { filter: { architectures: ["", "SCMP_ARCH_NONE"] } });
  assert.deepEqual([seccomp.syscalls, bpf], [rules, undefined]);
});

test("a program is kept for one filter, and made again when it was damaged", (t) => {
  const kept = new Kept();
  const { bpf } = made(t, BPF_ANNOTATION, { kept });
  if (bpf === undefined) return t.skip("libseccomp is not installed");
  if (kept.size === 0) return t.skip("this system has no index of libraries");
  const [[key, program]] = [...kept] as [[string, { bpf: string; sum: string }]];
  assert.match(key, /^[0-9a-f]{64}$/);
  assert.equal(program.bpf, bpf);
  const other = made(t, BPF_ANNOTATION, { kept, filter: { defaultAction: "SCMP_ACT_ERRNO" } });
  assert.notEqual(other.bpf, bpf);
  assert.equal(kept.size, 2);

  const allowing = made(t, BPF_ANNOTATION, { filter: { defaultAction: "SCMP_ACT_ALLOW" } });
  for (const damaged of [{ ...program, bpf: allowing.bpf }, { bpf: allowing.bpf }, "", null]) {
    kept.set(key, damaged as object);
    assert.equal(made(t, BPF_ANNOTATION, { kept }).bpf, bpf);
    assert.deepEqual(kept.get(key), program);
  }
});

test("a kept program is not compiled again", (t) => {
  const kept = new Kept();
  if (made(t, BPF_ANNOTATION, { kept }).bpf === undefined || kept.size === 0) return t.skip();
  const put = t.mock.method(kept, "put");
  made(t, BPF_ANNOTATION, { kept });
  assert.equal(put.mock.callCount(), 0);
});
