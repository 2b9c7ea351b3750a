import assert from "node:assert/strict";
import { test } from "node:test";
import { CodedError } from "../errors/index.ts";
import { exitCodeOf } from "./exit-code.ts";
import { InterruptedError } from "./interrupt.ts";
import { errorText } from "./report-error.ts";
import { UsageError } from "./usage-error.ts";

test("what begins like our own sentences, but is BuildKit's, stays as it is", () => {
  const message = 'cannot copy from stage "two", it needs to be defined before current stage "one"';
  assert.equal(errorText(new CodedError("X", message), { debug: false }), `ERROR: ${message}\n`);
});

test("an error is told with the lines it is about, its causes once, and a hint", () => {
  const text = "FROM alpine\nRUN false\n";
  const location = {
    file: "Dockerfile",
    text,
    range: { startLine: 2, startColumn: 1, endLine: 2, endColumn: 10 },
  };
  const cause = new CodedError("INNER", "connection refused");
  const error = new CodedError("OUTER", "Cannot pull alpine", { cause, location, hint: "try again" });
  assert.equal(
    errorText(error, { debug: false }),
    `Dockerfile:2
--------------------
   1 |     FROM alpine
   2 | >>> RUN false
   3 |     
--------------------
ERROR: Cannot pull alpine: connection refused
hint: try again
`,
  );
});

test("a cause that the message repeats already is left out", () => {
  const cause = new Error("no such host");
  const error = new CodedError("X", "Cannot reach registry: no such host", { cause });
  assert.equal(errorText(error, { debug: false }), "ERROR: Cannot reach registry: no such host\n");
});

test("what Node says of a connection is left out where words say it", () => {
  const cause = new Error("connect ECONNREFUSED 127.0.0.1:9");
  const error = new CodedError("X", "Cannot pull a: cannot reach localhost:9: connection refused", { cause });
  assert.equal(errorText(error, { debug: false }), `ERROR: ${error.message}\n`);
  assert.match(errorText(cause, { debug: false }), /^ERROR: connect ECONNREFUSED 127.0.0.1:9\n/);
});

test("system errors are told in words", () => {
  const cause = Object.assign(new Error("EACCES: permission denied, open '/x'"), { code: "EACCES" });
  const error = new CodedError("X", "Cannot read the store", { cause });
  assert.equal(
    errorText(error, { debug: false }),
    'ERROR: Cannot read the store: cannot open "/x": permission denied\n',
  );
});

test("where cleaning up fails too, the first failure is told", () => {
  const first = new CodedError("USAGE", "Cannot run", { cause: new Error("no space") });
  const both = Object.assign(new Error("An error was suppressed during disposal"), {
    name: "SuppressedError",
    error: new Error("busy"),
    suppressed: first,
  });
  assert.equal(errorText(both, { debug: false }), "ERROR: Cannot run: no space\n");
  assert.equal(exitCodeOf(both), 2);
});

test("credentials and control characters never reach the terminal", () => {
  const error = new CodedError("X", "Cannot get https://me:secret@host/\u001b[2J");
  assert.equal(errorText(error, { debug: false }), "ERROR: Cannot get https://xxxxx:xxxxx@host/\ufffd[2J\n");
});

test("a broken promise of ours asks for a report", () => {
  assert.match(errorText(new Error("Internal error: x"), { debug: false }), /This is a bug in Slipway/);
  assert.match(errorText("odd", { debug: false }), /^ERROR: Internal error: odd\n/);
});

test("--debug shows classes, codes and stacks of the chain", () => {
  const error = new UsageError("no", {});
  assert.match(errorText(error, { debug: true }), /UsageError \[USAGE\]: UsageError: no\n +at /);
});

test("each kind of failure has its own exit code, found anywhere in the chain", () => {
  const table: [unknown, number][] = [
    [new CodedError("RUN_FAILED", "x"), 1],
    [new CodedError("NEVER_HEARD_OF", "x"), 1],
    [new UsageError("x"), 2],
    [new CodedError("DOCKERFILE_NOT_FOUND", "x"), 4],
    [new CodedError("OTHER", "x", { cause: new CodedError("DIGEST_MISMATCH", "y") }), 8],
    [new CodedError("OTHER", "x", { cause: Object.assign(new Error("y"), { code: "ENOSPC" }) }), 9],
    [new Error("Internal error: x"), 70],
    [new InterruptedError("SIGINT"), 130],
    [new InterruptedError("SIGTERM"), 143],
  ];
  for (const [error, code] of table) assert.equal(exitCodeOf(error), code, String(error));
});
