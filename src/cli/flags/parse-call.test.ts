import assert from "node:assert/strict";
import { test } from "node:test";
import { type Call, type CallFlags, parseCall } from "./parse-call.ts";

const text: Pick<Call, "format" | "ignoresStatus"> = { format: "text", ignoresStatus: false };

const good: [CallFlags, Call | undefined][] = [
  [{}, undefined],
  [{ call: "build" }, undefined],
  [{ check: true }, { ...text, method: "check" }],
  [{ call: "check" }, { ...text, method: "check" }],
  [{ call: "lint" }, { ...text, method: "check" }],
  [{ call: "targets,format=json" }, { ...text, method: "targets", format: "json" }],
  [
    { call: "outline,format=text", check: true },
    { ...text, method: "outline" },
  ],
  [{ call: "check,ignorestatus" }, { ...text, method: "check", ignoresStatus: true }],
  [{ call: "check,format=json,ignorestatus=true" }, { method: "check", format: "json", ignoresStatus: true }],
];

for (const [flags, call] of good) {
  test(`${JSON.stringify(flags)} is read`, () => {
    assert.deepEqual(parseCall(flags), call);
  });
}

const bad: [string, string][] = [
  ["", 'Cannot use --call "": unknown method'],
  ["toString", 'Cannot use --call "toString": unknown method'],
  ["check,format=xml", 'Cannot use --call "check,format=xml": invalid field "format=xml"'],
  ["check,foo=1", 'Cannot use --call "check,foo=1": invalid field "foo=1"'],
  ["check,ignorestatus=yes", 'Cannot use --call "check,ignorestatus=yes": invalid field "ignorestatus=yes"'],
];

for (const [call, message] of bad) {
  test(`refused: ${message}`, () => {
    assert.throws(() => parseCall({ call }), { code: "USAGE", message });
  });
}
