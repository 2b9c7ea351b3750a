import assert from "node:assert/strict";
import { test } from "node:test";
import type { BuildPlan } from "../../build/index.ts";
import { diffText } from "./diff-text.ts";
import { fileLines } from "./file-text.ts";
import { planText } from "./plan-text.ts";
import { shortStepName } from "./step-name.ts";
import { storyText } from "./story-text.ts";
import { formatTable } from "./table.ts";
import { timeAgo } from "./time-ago.ts";

test("a table's columns are as wide as their widest cell", () => {
  assert.equal(
    formatTable(
      ["IMAGE", "ID", "SIZE"],
      [
        ["日本", "1", "2MB"],
        ["debian", "12345", "30MB"],
      ],
    ),
    "IMAGE    ID      SIZE\n日本     1       2MB\ndebian   12345   30MB\n",
  );
});

test("control characters of a cell never reach the terminal", () => {
  assert.equal(formatTable(["A"], [["x\u001b[2J\ny"]]), "A\nx\ufffd[2J y\n");
});

test("times are told in Docker's words", () => {
  const second = 1000;
  const hour = 3600 * second;
  const table: [number, string][] = [
    [-5, "Less than a second ago"],
    [second, "1 second ago"],
    [59 * second, "59 seconds ago"],
    [61 * second, "About a minute ago"],
    [50 * 60 * second, "50 minutes ago"],
    [hour, "About an hour ago"],
    [2 * hour, "2 hours ago"],
    [47 * hour, "47 hours ago"],
    [50 * hour, "2 days ago"],
    [15 * 24 * hour, "2 weeks ago"],
    [90 * 24 * hour, "3 months ago"],
    [800 * 24 * hour, "2 years ago"],
  ];
  for (const [age, text] of table) assert.equal(timeAgo(1e12 - age, 1e12), text);
});

test("a file is one line, whatever its name", () => {
  const file = {
    type: "file",
    mode: 0o4755,
    uid: 0,
    gid: 7,
    sizeBytes: 3,
    mtimeSeconds: 0,
    layer: 0,
  } as const;
  assert.match(fileLines([{ ...file, path: "/", mtimeSeconds: -1 }]), / 1969-12-31 23:59 /);
  assert.match(fileLines([{ ...file, path: "/", mtimeSeconds: 253_402_300_800 }]), / \+010000-01-01 00:00 /);
  assert.match(fileLines([{ ...file, path: "/", mtimeSeconds: 1e15 }]), / @1000000000000000 /);
  const lines = fileLines([{ ...file, path: "/a\nb\u001b[2J" }]);
  assert.equal(lines, "-rwsr-xr-x 0:7 3 1970-01-01 00:00 /a\\nb\ufffd[2J\n");
});

test("a build was as long ago as its end is", () => {
  const story = {
    dockerfile: "Dockerfile",
    startedAtMs: 1e12,
    durationMs: 200_000,
    outcome: "done",
    stagesBuilt: [],
    stagesSkipped: [],
    steps: [],
  } as const;
  const [headline] = storyText(story, { isDetailed: false, nowMs: 1e12 + 205_000 }).split("\n");
  assert.equal(headline, "Dockerfile: done in 200.0s, 5 seconds ago");
  assert.match(storyText(story, { isDetailed: false, nowMs: 1e12 + 200_000 }), /, less than a second ago\n/);
});

test("a table has room for a step's name: the command goes before its mounts", () => {
  const digest = `sha256:${"1234567890abcdef".repeat(4)}`;
  const mount = "--mount=type=cache,target=/var/cache/apt,sharing=locked";
  const table: readonly (readonly [name: string, shown: string])[] = [
    ["[a 1/3] RUN make   all", "[a 1/3] RUN make all"],
    [`[a 1/3] FROM debian@${digest}`, "[a 1/3] FROM debian@sha256:1234567890ab"],
    [`[a 2/3] RUN ${mount} apt-get`, `[a 2/3] RUN ${mount} apt-get`],
    [`[a 2/3] RUN ${mount}     ${mount} apt-get update`, "[a 2/3] RUN --mount=… apt-get update"],
    [`RUN echo ${"x".repeat(80)}`, `RUN echo ${"x".repeat(70)}…`],
  ];
  for (const [name, shown] of table) assert.equal(shortStepName(name), shown);
});

test("one file below a directory is no files", () => {
  const removed = { kind: "removed", sizeBefore: 1 } as const;
  const image = { title: "a", sizeBytes: 0 };
  const files = [
    { ...removed, path: "/d" },
    { ...removed, path: "/d/f" },
  ];
  assert.match(diffText({ before: image, after: image, config: [], files }), /- \/d \(1 file below, -2B\)/);
});

test("a plan of one step is no plan of steps", () => {
  const plan = (outcome: "cached" | "run") => ({
    target: "app",
    stagesBuilt: ["app"],
    stagesSkipped: [],
    steps: [{ vertex: { metadata: { description: "RUN true" } }, outcome }],
  });
  const lastLine = (outcome: "cached" | "run") =>
    planText(plan(outcome) as unknown as BuildPlan)
      .trimEnd()
      .split("\n")
      .at(-1);
  assert.equal(lastLine("cached"), "app: nothing to do, 1 step cached");
  assert.equal(lastLine("run"), "app: 1 of 1 step to run");
});
