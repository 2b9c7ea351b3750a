import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import { containerEnv } from "./container-env.ts";
import { parseMount, parseVolume } from "./parse-volume.ts";
import { parseRunArguments, type RunSubject } from "./run-arguments.ts";

const cwd = mkdtempSync(path.join(tmpdir(), "slipway-run-flags-"));
after(() => rmSync(cwd, { recursive: true }));

test("run takes an image and a command, with or without a double dash", () => {
  const table: [string[], RunSubject][] = [
    [["app"], { kind: "image", image: "app", command: [] }],
    [["app", "sh", "-c", "x"], { kind: "image", image: "app", command: ["sh", "-c", "x"] }],
    [["app", "--", "ls", "-l"], { kind: "image", image: "app", command: ["ls", "-l"] }],
    [["app", "ls", "--", "-l"], { kind: "image", image: "app", command: ["ls", "--", "-l"] }],
  ];
  for (const [operands, expected] of table)
    assert.deepEqual(parseRunArguments(operands, { isTarget: false, args: ["run", ...operands] }), expected);
  assert.throws(() => parseRunArguments([], { isTarget: false, args: ["run"] }), {
    message: "Cannot run: an image's name is missing",
  });
});

test("with a target, run takes a context and a command, or a command alone behind a double dash", () => {
  const options = ["run", "--target", "dev"];
  const table: [string[], string[], RunSubject][] = [
    [["dir"], ["dir"], { kind: "target", context: "dir", command: [] }],
    [
      ["dir", "--", "go", "version"],
      ["dir", "--", "go", "version"],
      { kind: "target", context: "dir", command: ["go", "version"] },
    ],
    [["dir", "go", "-x"], ["dir", "go", "-x"], { kind: "target", context: "dir", command: ["go", "-x"] }],
    [
      ["go", "version"],
      ["--", "go", "version"],
      { kind: "target", context: ".", command: ["go", "version"] },
    ],
    [[], [], { kind: "target", context: ".", command: [] }],
    [[], ["--"], { kind: "target", context: ".", command: [] }],
  ];
  for (const [operands, rest, expected] of table)
    assert.deepEqual(parseRunArguments(operands, { isTarget: true, args: [...options, ...rest] }), expected);
});

test("volumes bind paths of the host", () => {
  const table: [string, unknown][] = [
    ["/a:/b", { source: "/a", dest: "/b", readonly: false }],
    ["./a:/b:ro", { source: path.join(cwd, "a"), dest: "/b", readonly: true }],
    ["..:/b/../c/", { source: path.dirname(cwd), dest: "/c/", readonly: false }],
    [".:/b:rw,z", { source: cwd, dest: "/b", readonly: false }],
  ];
  for (const [text, expected] of table) assert.deepEqual(parseVolume(text, cwd), expected, text);
  assert.deepEqual(parseMount("type=bind,src=x,dst=/y,readonly", cwd), {
    source: path.join(cwd, "x"),
    dest: "/y",
    readonly: true,
  });
});

test("volumes that cannot be bound are refused with a reason", () => {
  const table: [string, string][] = [
    ["data:/x", 'Cannot use --volume "data:/x": named volumes are not supported'],
    ["/x", 'Cannot parse --volume "/x": SOURCE:DEST or SOURCE:DEST:ro is expected'],
    ["/x:y", 'Cannot use --volume "/x:y": the path in the container must be absolute'],
    ["/x:/y:nope", 'Cannot use --volume "/x:/y:nope": unknown option "nope"'],
  ];
  for (const [text, message] of table) assert.throws(() => parseVolume(text, cwd), { message });
  assert.throws(() => parseMount("type=volume,src=x,dst=/y", cwd), {
    message: 'Cannot use --mount "type=volume,src=x,dst=/y": only type=bind is supported',
  });
});

test("variables come from files, then from options, and unset ones are left out", () => {
  writeFileSync(path.join(cwd, "vars"), '\ufeff# comment\nA=file\n  B="quoted"\r\nC\n\nD\n');
  const flags = { env: ["A=option", "C", "E"], envFile: ["vars"] };
  assert.deepEqual(containerEnv(flags, { cwd, env: { C: "caller" } }), [
    "A=option",
    'B="quoted"',
    "C=caller",
  ]);
  assert.throws(() => containerEnv({ env: [], envFile: ["none"] }, { cwd, env: {} }), {
    message: 'Cannot read --env-file "none": no such file',
  });
});
