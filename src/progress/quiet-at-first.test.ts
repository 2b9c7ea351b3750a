import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import type { BuildEvent } from "./build-event.ts";
import { createPlainRenderer } from "./plain.ts";
import { quietAtFirst } from "./quiet-at-first.ts";

const timeMs = Date.UTC(2026, 0, 1);
const started: BuildEvent = { kind: "vertex-started", id: "a", timeMs };
const done: BuildEvent = { kind: "vertex-completed", id: "a", timeMs, outcome: "done" };
const failed: BuildEvent = { kind: "vertex-completed", id: "a", timeMs, outcome: "failed", error: "no" };

test("work that is soon done shows nothing", (t) => {
  const { renderer, written } = recorded(t);
  renderer.handle(started);
  renderer.handle(done);
  renderer.close();
  t.mock.timers.tick(1000);
  assert.equal(written(), "");
});

test("work that takes longer is shown from then on, what came before included", (t) => {
  const { renderer, written } = recorded(t);
  renderer.handle(started);
  t.mock.timers.tick(1000);
  assert.equal(written(), "#1 a\n");
  renderer.handle(done);
  renderer.close();
  assert.equal(written(), "#1 a\n#1 DONE 0.0s\n");
});

test("a failure is shown however soon it comes", (t) => {
  const { renderer, written } = recorded(t);
  renderer.handle(started);
  renderer.handle(failed);
  renderer.close();
  assert.match(written(), /#1 ERROR: no\n/);
});

function recorded(t: TestContext) {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  let written = "";
  const stream = { write: (text: string) => (written += text) };
  return {
    renderer: quietAtFirst(createPlainRenderer({ stream, colours: false })),
    written: () => written,
  };
}
