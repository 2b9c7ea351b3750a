import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { test, type TestContext } from "node:test";
import { BPF_ANNOTATION, type RuntimeSeccomp, seccompFor } from "./compiled-seccomp.ts";
import type { Runtime } from "./find-runtime.ts";
import type { Seccomp } from "./seccomp.ts";

const rules = [{ names: ["read"], action: "SCMP_ACT_ERRNO", errnoRet: 1 }];

function made(
  t: TestContext,
  program: string,
  change: { name?: Runtime["name"]; filter?: Partial<Seccomp> } = {},
): RuntimeSeccomp {
  const directory = mkdtempSync(path.join(os.tmpdir(), "seccomp-"));
  t.after(() => rmSync(directory, { recursive: true }));
  const file = path.join(directory, "runtime");
  writeFileSync(file, program);
  const filter = { defaultAction: "SCMP_ACT_KILL", architectures: ["SCMP_ARCH_NATIVE"], syscalls: rules };
  const runtime = { name: change.name ?? "crun", file };
  return seccompFor(runtime, { ...filter, ...change.filter }, path.join(directory, "scratch"));
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
