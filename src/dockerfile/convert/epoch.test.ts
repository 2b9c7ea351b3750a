import assert from "node:assert/strict";
import { test } from "node:test";
import { httpSourceOp } from "../../llb/index.ts";
import { type ConvertSettings, convert } from "./test-helpers.ts";

const at = (epoch: string) => ({ buildArgs: { SOURCE_DATE_EPOCH: epoch } });
const text = "FROM alpine\nENV A=b\nWORKDIR /w\nCOPY a b\nLABEL x=y";

test("SOURCE_DATE_EPOCH is the time of the image, its new history and a WORKDIR", async () => {
  const { config, definition, epochSeconds } = await convert(text, at("1000000000"));
  assert.equal(epochSeconds, 1_000_000_000);
  assert.equal(config.created, "2001-09-09T01:46:40Z");
  const own = config.history.filter(({ comment }) => comment === "buildkit.dockerfile.v0");
  assert.deepEqual(
    own.map(({ created }) => created),
    Array(4).fill("2001-09-09T01:46:40Z"),
  );
  const [workdir] = [...definition.vertices.values()].flatMap(({ op }) =>
    op.kind === "file" ? op.actions : [],
  );
  assert.equal(workdir?.kind === "mkdir" && workdir.mtimeSeconds, 1_000_000_000);
});

test("without it, times are filled in when the image is finished", async () => {
  const { config, epochSeconds } = await convert(text);
  assert.equal(epochSeconds, undefined);
  assert.equal(config.created, undefined);
});

test("a reproducible image is of 1970 unless SOURCE_DATE_EPOCH says otherwise, and has the steps of any other", async () => {
  const plain = await convert(text);
  const reproducible = await convert(text, { reproducible: true });
  assert.equal(reproducible.config.created, "1970-01-01T00:00:00Z");
  assert.equal(reproducible.definition.root, plain.definition.root);
  assert.equal((await convert(text, { reproducible: true, ...at("5") })).epochSeconds, 5);
});

test("a global ARG can say it, and a build argument takes its place", async () => {
  const file = `ARG SOURCE_DATE_EPOCH=7\n${text}`;
  assert.equal((await convert(file)).epochSeconds, 7);
  assert.equal((await convert(file, at("8"))).epochSeconds, 8);
  assert.equal((await convert(file, at("+9"))).epochSeconds, 9);
  assert.equal((await convert(file, at("-1"))).config.created, "1969-12-31T23:59:59Z");
});

test("a local context has no time of its own", async () => {
  assert.equal((await convert(text, at("context"))).epochSeconds, undefined);
});

test("what has a time is asked for it: a named context, or the only thing that a stage adds", async () => {
  const asked: string[] = [];
  const sourceTime: ConvertSettings["sourceTime"] = ({ identifier }) => {
    asked.push(identifier);
    return Promise.resolve(7);
  };
  const named = new Map([
    [
      "n",
      {
        kind: "fetched",
        context: { op: httpSourceOp({ url: "http://h/n", filename: "n" }), description: "" },
      } as const,
    ],
  ]);
  const file = `ARG HOST=h\nFROM scratch AS t\nARG NAME=f\nADD https://$HOST/$NAME /\nFROM scratch\nLABEL a=b`;
  assert.equal((await convert(file, { ...at("t"), sourceTime })).epochSeconds, 7);
  assert.equal((await convert(file, { ...at("n"), sourceTime, namedContexts: named })).epochSeconds, 7);
  assert.deepEqual(asked, ["https://h/f", "http://h/n"]);
});

const stage = (body: string) => `FROM ${body}\n${text}`;
const bad: readonly (readonly [name: string, file: string, epoch: string, message: string])[] = [
  ["no number and no stage", text, "1.5", "invalid SOURCE_DATE_EPOCH: 1.5"],
  ["beyond the year 9999", text, "253402300800", "invalid SOURCE_DATE_EPOCH: 253402300800"],
  ["a stage on an image", stage("alpine AS t"), "t", "SOURCE_DATE_EPOCH stage must use FROM scratch"],
  [
    "an empty stage",
    stage("scratch AS t"),
    "T",
    "SOURCE_DATE_EPOCH stage must contain exactly one remote ADD",
  ],
  [
    "a stage that adds a file",
    stage("scratch AS t\nADD a b"),
    "t",
    "SOURCE_DATE_EPOCH stage source must be a single HTTP(S) or Git ADD",
  ],
  [
    "a stage that adds two files",
    stage("scratch AS t\nADD http://h/a http://h/b /"),
    "t",
    "SOURCE_DATE_EPOCH stage must contain exactly one remote ADD source",
  ],
  [
    "a stage that does more",
    stage("scratch AS t\nARG x\nCOPY a b"),
    "t",
    "SOURCE_DATE_EPOCH stage does not meet source-only requirements: unsupported copy instruction",
  ],
];
for (const [name, file, epoch, message] of bad) {
  test(`SOURCE_DATE_EPOCH, ${name}: ${message}`, async () => {
    await assert.rejects(convert(file, at(epoch)), { code: "DOCKERFILE_INSTRUCTION", message });
  });
}
