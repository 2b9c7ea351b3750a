import assert from "node:assert/strict";
import { test } from "node:test";
import type { Vertex, VertexDigest } from "../../llb/index.ts";
import { TreeError } from "../../tree/index.ts";
import { WorkerError } from "../../worker/index.ts";
import { explainSource, processFailure } from "./step-failure.ts";

test("a process that cannot start failed, for a reason", () => {
  const why = (code: string, message: string) =>
    processFailure(["sh", "-c", "a\nb"], new WorkerError(code, message)) as Error;
  const said = String.raw`process "sh -c a\nb" did not complete successfully: `;
  const user = "unable to find user x: no matching entries in passwd file";
  assert.equal(why("UNKNOWN_USER", user).message, said + user);
  const command = 'exec: "sh": executable file not found in $PATH';
  assert.equal(why("COMMAND_NOT_FOUND", command).message, `${said}exit code: 1: ${command}`);
  const mount = 'Cannot mount "/a" on "/b": no such file or directory';
  assert.equal(why("ENOENT", mount).message, said + mount);
  assert.equal(why("NO_SPACE", "no space left").message, "no space left");
});

const [image, context, stage] = ["i", "c", "s"] as VertexDigest[];
const source = (digest: VertexDigest, identifier: string): [VertexDigest, Vertex] => [
  digest,
  { digest, inputs: [], op: { kind: "source", identifier }, metadata: { description: "" } },
];
const vertices = new Map([
  source(image!, `docker-image://docker.io/library/a:1@sha256:${"0".repeat(64)}`),
  source(context!, "local://context"),
]);

test("a missing source is told with where it was looked for", () => {
  const reader = (input: VertexDigest): Vertex => ({
    digest: stage!,
    inputs: [image!, input],
    op: { kind: "file", base: 0, actions: [{ ...copyAction, from: 1 }] },
    metadata: { description: "" },
  });
  const explain = (input: VertexDigest, error: Error) =>
    (explainSource(error, reader(input), vertices) as Error).message;
  const missing = () => new TreeError("NOT_FOUND", '"/x": not found');
  assert.equal(explain(context!, missing()), 'failed to calculate checksum of ref context: "/x": not found');
  assert.equal(
    explain(image!, missing()),
    'failed to calculate checksum of ref docker.io/library/a:1: "/x": not found',
  );
  assert.equal(explain(image!, new WorkerError("NOT_FOUND", "blob is gone")), "blob is gone");
});

test("what may not be read of a context is told with .dockerignore, and of an image without", () => {
  const reader = (input: VertexDigest): Vertex => ({
    digest: stage!,
    inputs: [input],
    op: { kind: "file", base: -1, actions: [{ ...copyAction, from: 0 }] },
    metadata: { description: "" },
  });
  const forbidden = () => new TreeError("UNREADABLE", 'Cannot read "/c/key": permission denied');
  const explain = (input: VertexDigest) => explainSource(forbidden(), reader(input), vertices) as TreeError;
  assert.equal(explain(context!).message, 'Cannot read "/c/key": permission denied');
  assert.match(explain(context!).hint ?? "", /\.dockerignore$/);
  assert.equal(explain(image!).hint, undefined);
});

const copyAction = {
  kind: "copy",
  source: "x",
  dest: "/",
} as Extract<Extract<Vertex["op"], { kind: "file" }>["actions"][number], { kind: "copy" }>;
