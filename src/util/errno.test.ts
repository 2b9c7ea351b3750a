import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { systemReason } from "./index.ts";

function failure(call: () => unknown): unknown {
  try {
    call();
  } catch (error) {
    return error;
  }
  throw new Error("nothing failed");
}

test("why a system call failed is told without its code and its arguments", () => {
  const denied = Object.assign(new Error("EACCES: permission denied, open '/x'"), { code: "EACCES" });
  assert.equal(systemReason(denied), "permission denied");
  assert.equal(systemReason(failure(() => readFileSync("/nowhere"))), "no such file or directory");
  assert.equal(systemReason(failure(() => readFileSync("/"))), "it is a directory");
  assert.equal(systemReason(new Error("it is no regular file")), "it is no regular file");
});
