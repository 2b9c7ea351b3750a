import assert from "node:assert/strict";
import { test } from "node:test";
import type { BuildEvent, BuildSummary } from "./build-event.ts";
import { createPlainRenderer } from "./plain.ts";
import { createQuietRenderer } from "./quiet.ts";
import { createRawJsonRenderer } from "./rawjson.ts";
import type { Renderer, RendererOptions } from "./renderer.ts";

const t0 = Date.UTC(2026, 0, 1);
const base = `sha256:${"a".repeat(64)}`;
const build = `sha256:${"b".repeat(64)}`;

const summary: BuildSummary = {
  target: "production",
  outcome: "done",
  durationMs: 1240,
  stepsRun: 1,
  stepsCached: 1,
  stagesBuilt: ["stage", "production"],
  stagesSkipped: ["develop"],
  names: ["docker.io/library/app:latest"],
  outputs: ["docker archive out.tar (12.3MB)"],
};

const start: BuildEvent[] = [
  { kind: "vertex", id: base, name: "[stage 1/2] FROM docker.io/library/alpine:latest", inputs: [] },
  { kind: "vertex", id: build, name: "[stage 2/2] RUN make", inputs: [base] },
  { kind: "vertex-completed", id: base, timeMs: t0, outcome: "cached" },
  { kind: "vertex-started", id: build, timeMs: t0 + 10, reason: "src/main.c changed" },
  { kind: "vertex-log", id: build, timeMs: t0 + 133, stream: 1, text: "one\ntwo " },
  { kind: "vertex-log", id: build, timeMs: t0 + 200, stream: 2, text: "\u001b[2Jwarning\r\n" },
  { kind: "vertex-log", id: build, timeMs: t0 + 900, stream: 1, text: "half" },
];

const success: BuildEvent[] = [
  ...start,
  { kind: "vertex-completed", id: build, timeMs: t0 + 1210, outcome: "done" },
  { kind: "build-completed", timeMs: t0 + 1250, summary },
];

const failure: BuildEvent[] = [
  ...start,
  {
    kind: "vertex-completed",
    id: build,
    timeMs: t0 + 1210,
    outcome: "failed",
    error: 'process "/bin/sh -c make" did not complete successfully: exit code: 2',
  },
  { kind: "build-completed", timeMs: t0 + 1250, summary: { ...summary, outcome: "failed" } },
];

test("plain prints steps, output, outcome and summary as BuildKit does", () => {
  assert.equal(
    render(createPlainRenderer, success),
    `#1 [stage 1/2] FROM docker.io/library/alpine:latest
#1 CACHED

#2 [stage 2/2] RUN make
#2 why: src/main.c changed
#2 0.123 one
#2 0.190 warning
#2 0.123 two half
#2 DONE 1.2s

Built target production: 1 step run, 1 cached, 1.2s
built: stage, production
skipped: develop
image: docker.io/library/app:latest
wrote: docker archive out.tar (12.3MB)
`,
  );
});

test("plain tells once of a step that is found again", () => {
  const cached = { kind: "vertex-completed", id: base, timeMs: t0 + 20, outcome: "cached" } as const;
  const text = render(createPlainRenderer, [...success.slice(0, -1), cached, cached]);
  assert.equal(text.match(/CACHED/g)?.length, 1);
});

test("plain repeats the log of a failed step at the end, and no summary", () => {
  assert.equal(
    render(createPlainRenderer, failure).split("#2 ERROR: ")[1],
    `process "/bin/sh -c make" did not complete successfully: exit code: 2
------
 > [stage 2/2] RUN make:
0.123 one
0.190 warning
0.123 two half
------
`,
  );
});

test("plain lets one step speak at a time until it completes", () => {
  const events: BuildEvent[] = [
    { kind: "vertex", id: "a", name: "A", inputs: [] },
    { kind: "vertex", id: "b", name: "B", inputs: [] },
    { kind: "vertex-started", id: "a", timeMs: t0 },
    { kind: "vertex-started", id: "b", timeMs: t0 },
    { kind: "vertex-log", id: "a", timeMs: t0 + 100, stream: 1, text: "a1\n" },
    { kind: "vertex-log", id: "b", timeMs: t0 + 200, stream: 1, text: "b1\n" },
    { kind: "vertex-log", id: "a", timeMs: t0 + 300, stream: 1, text: "a2\n" },
    { kind: "vertex-completed", id: "b", timeMs: t0 + 400, outcome: "done" },
    { kind: "vertex-log", id: "a", timeMs: t0 + 500, stream: 1, text: "a3\n" },
    { kind: "vertex-completed", id: "a", timeMs: t0 + 600, outcome: "cancelled" },
  ];
  assert.equal(
    render(createPlainRenderer, events),
    `#1 A
#1 0.100 a1
#1 0.300 a2
#1 ...

#2 B
#2 0.200 b1
#2 DONE 0.4s

#1 A
#1 0.500 a3
#1 CANCELED
`,
  );
});

test("plain gives a step that was kept waiting for five seconds its turn", () => {
  const events: BuildEvent[] = [
    { kind: "vertex-started", id: "a", timeMs: t0 },
    { kind: "vertex-started", id: "b", timeMs: t0 },
    { kind: "vertex-log", id: "b", timeMs: t0 + 4999, stream: 1, text: "held\n" },
    { kind: "vertex-log", id: "b", timeMs: t0 + 5000, stream: 1, text: "now\n" },
  ];
  assert.equal(render(createPlainRenderer, events), "#1 a\n#1 ...\n\n#2 b\n#2 4.999 held\n#2 5.000 now\n");
});

test("plain tells the progress of a download at its start and its end", () => {
  const status = {
    kind: "vertex-status",
    id: "a",
    item: "sha256:ab12",
    unit: "bytes",
    total: 30_000_000,
  } as const;
  const events: BuildEvent[] = [
    { kind: "vertex-started", id: "a", timeMs: t0 },
    { ...status, timeMs: t0, current: 0, isDone: false },
    { ...status, timeMs: t0 + 1000, current: 10_000_000, isDone: false },
    { ...status, timeMs: t0 + 2500, current: 30_000_000, isDone: true },
    { ...status, timeMs: t0 + 2600, current: 30_000_000, isDone: true },
  ];
  assert.equal(
    render(createPlainRenderer, events),
    "#1 a\n#1 sha256:ab12 0B / 30MB\n#1 sha256:ab12 30MB / 30MB 2.5s done\n",
  );
});

test("warnings are listed once, at the end, with their lines", () => {
  const range = { startLine: 3, startColumn: 1, endLine: 3, endColumn: 9 };
  const location = { file: "Dockerfile", text: "", range };
  const diagnostic = {
    severity: "warning",
    rule: "FromAsCasing",
    message: "casing differs",
    location,
  } as const;
  assert.equal(
    render(createPlainRenderer, [{ kind: "warning", diagnostic }]),
    "\n 1 warning found:\n - FromAsCasing: casing differs (line 3)\n",
  );
});

test("a build in which no step ran says that it is up to date", () => {
  const upToDate = { ...summary, stepsRun: 0, stepsCached: 5, durationMs: 80, outputs: [] };
  assert.equal(
    render(createPlainRenderer, [{ kind: "build-completed", timeMs: t0, summary: upToDate }]),
    `
Target production is up to date: 5 steps cached, 0.1s
built: stage, production
skipped: develop
image: docker.io/library/app:latest
`,
  );
});

test("quiet says nothing on success and shows the log of a failed step", () => {
  assert.equal(render(createQuietRenderer, success), "");
  assert.match(render(createQuietRenderer, failure), /^------\n > \[stage 2\/2\] RUN make:\n0\.123 one\n/);
});

test("rawjson writes BuildKit's SolveStatus objects", () => {
  const lines = render(createRawJsonRenderer, failure).trimEnd().split("\n");
  const objects = lines.map((line) => JSON.parse(line) as unknown);
  const name = "[stage 2/2] RUN make";
  const started = "2026-01-01T00:00:00.010Z";
  assert.deepEqual(objects[1], { vertexes: [{ digest: build, inputs: [base], name }] });
  assert.deepEqual(objects[2], {
    vertexes: [
      {
        digest: base,
        name: "[stage 1/2] FROM docker.io/library/alpine:latest",
        started: "2026-01-01T00:00:00.000Z",
        completed: "2026-01-01T00:00:00.000Z",
        cached: true,
      },
    ],
  });
  assert.deepEqual(objects[3], { vertexes: [{ digest: build, inputs: [base], name, started }] });
  assert.deepEqual(objects[4], {
    logs: [{ vertex: build, stream: 1, data: "b25lCnR3byA=", timestamp: "2026-01-01T00:00:00.133Z" }],
  });
  assert.deepEqual(objects[7], {
    vertexes: [
      {
        digest: build,
        inputs: [base],
        name,
        started,
        completed: "2026-01-01T00:00:01.210Z",
        error: 'process "/bin/sh -c make" did not complete successfully: exit code: 2',
      },
    ],
  });
  assert.equal(objects.length, 8);
});

test("rawjson gives work that is no step a digest of its own", () => {
  const id = "internal:load build definition";
  const events: BuildEvent[] = [{ kind: "vertex", id, name: "[internal] load build definition", inputs: [] }];
  assert.match(
    render(createRawJsonRenderer, events),
    /^\{"vertexes":\[\{"digest":"sha256:[0-9a-f]{64}","name":/,
  );
});

function render(create: (options: RendererOptions) => Renderer, events: readonly BuildEvent[]): string {
  let written = "";
  const renderer = create({ stream: { write: (text) => (written += text) }, colours: false });
  for (const event of events) renderer.handle(event);
  renderer.close();
  renderer.close();
  return written;
}
