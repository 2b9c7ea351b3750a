import assert from "node:assert/strict";
import { test } from "node:test";
import type { BuildEvent } from "./build-event.ts";
import { createPlainRenderer } from "./plain.ts";
import { quietUntilWork } from "./quiet-until-work.ts";

const timeMs = Date.UTC(2026, 0, 1);
const cached: BuildEvent[] = [
  { kind: "vertex-started", id: "internal:load-build-definition", timeMs },
  { kind: "vertex-completed", id: "internal:load-build-definition", timeMs, outcome: "done" },
  { kind: "vertex-completed", id: "a", timeMs, outcome: "cached" },
];

test("nothing is shown while everything is found", () => {
  assert.equal(render(cached), "");
});

test("with the first step that runs, everything before it is shown too", () => {
  const text = render([...cached, { kind: "vertex-started", id: "b", timeMs }]);
  assert.match(text, /^#1 load-build-definition|^#1 \[internal\] load-build-definition/);
  assert.match(text, /#3 b\n$/);
});

test("a failure and a question to a registry are shown", () => {
  assert.match(
    render([{ kind: "vertex-completed", id: "a", timeMs, outcome: "failed", error: "no" }]),
    /ERROR: no/,
  );
  assert.match(render([{ kind: "vertex-started", id: "internal:load-metadata:x", timeMs }]), /load-metadata/);
});

function render(events: readonly BuildEvent[]): string {
  let written = "";
  const renderer = quietUntilWork(
    createPlainRenderer({ stream: { write: (text) => (written += text) }, colours: false }),
  );
  for (const event of events) renderer.handle(event);
  renderer.close();
  return written;
}
