import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { hostPlatform } from "../oci/index.ts";
import { elfArchitecture, knownArchitectures, tinyProgram } from "./elf.ts";
import { canExecute } from "./probe-architecture.ts";

test("a program tells what it is for", () => {
  for (const architecture of knownArchitectures) {
    assert.equal(elfArchitecture(tinyProgram(architecture)), architecture);
  }
  assert.equal(elfArchitecture(Buffer.from("#!/bin/sh\necho something long enough\n")), undefined);
  assert.equal(elfArchitecture(Buffer.from("\x7fELF")), undefined);
  const sparc = tinyProgram("386");
  sparc.writeUInt16LE(2, 18);
  assert.equal(elfArchitecture(sparc), undefined);
});

test("this machine's own programs can be executed, and nothing is left of trying", (t) => {
  const dir = mkdtempSync(path.join(tmpdir(), "slipway-probe-"));
  t.after(() => rmSync(dir, { recursive: true }));
  assert.equal(canExecute(hostPlatform().architecture, dir), true);
  assert.equal(canExecute("pdp11", dir), false);
  assert.deepEqual(readdirSync(dir), []);
});
