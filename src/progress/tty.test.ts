import assert from "node:assert/strict";
import { test } from "node:test";
import type { BuildEvent } from "./build-event.ts";
import { createTtyRenderer } from "./tty.ts";
import { VirtualScreen } from "./virtual-screen.ts";

const t0 = Date.UTC(2026, 0, 1);

test("running steps are drawn in place with the end of their output; completed ones become history", () => {
  const { screen, renderer, at } = terminal(50, 12);
  const steps = ["[base 1/2] FROM alpine", "[base 2/2] RUN make"];
  for (const [id, name] of steps.entries())
    renderer.handle({ kind: "vertex", id: `${id}`, name, inputs: [] });
  renderer.handle({ kind: "vertex-completed", id: "0", timeMs: t0, outcome: "cached" });
  renderer.handle({ kind: "vertex-started", id: "1", timeMs: t0, reason: "main.c changed" });
  renderer.handle({ kind: "vertex-log", id: "1", timeMs: t0, stream: 1, text: "cc main.c\ncc util.c\n" });
  at(1500);
  assert.equal(
    screen.text,
    ` => CACHED [base 1/2] FROM alpine            0.0s
[+] Building 1.5s (1/2)
 => [base 2/2] RUN make (main.c changed)     1.5s
 => => # cc main.c
 => => # cc util.c
`,
  );
  renderer.handle({ kind: "vertex-completed", id: "1", timeMs: t0 + 2000, outcome: "done" });
  at(2000);
  renderer.close();
  assert.equal(
    screen.text,
    ` => CACHED [base 1/2] FROM alpine            0.0s
 => [base 2/2] RUN make (main.c changed)     2.0s
`,
  );
});

test("only lines that changed are written again, and an unchanged frame writes nothing", () => {
  const { screen, renderer, at } = terminal(50, 12);
  renderer.handle({ kind: "vertex-started", id: "a", timeMs: t0 });
  renderer.handle({ kind: "vertex-log", id: "a", timeMs: t0, stream: 1, text: "a long line of output\n" });
  at(100);
  const before = screen.bytesWritten;
  at(100);
  assert.equal(screen.bytesWritten, before);
  let rewritten = "";
  const write = screen.write.bind(screen);
  screen.write = (text) => {
    rewritten += text;
    write(text);
  };
  at(1100);
  assert.doesNotMatch(rewritten, /long line/);
  assert.match(screen.text, /Building 1\.1s/);
  renderer.close();
});

test("the cursor is hidden while drawing and comes back", () => {
  const { screen, renderer, at } = terminal(50, 12);
  renderer.handle({ kind: "vertex-started", id: "a", timeMs: t0 });
  at(0);
  assert.equal(screen.isCursorVisible, false);
  renderer.close();
  assert.equal(screen.isCursorVisible, true);
});

test("many running steps never take more rows than the terminal has", () => {
  const { screen, renderer, at } = terminal(40, 8);
  for (let id = 0; id < 20; id++) {
    renderer.handle({ kind: "vertex-started", id: `${id}`, timeMs: t0 });
    renderer.handle({ kind: "vertex-log", id: `${id}`, timeMs: t0, stream: 1, text: "x\n".repeat(9) });
  }
  for (let ms = 0; ms < 500; ms += 100) at(ms);
  assert.equal(screen.text.split("\n").length, 8);
  renderer.close();
  assert.equal(screen.text, "");
});

test("a long name is cut, wide characters count double, the time stays at the right edge", () => {
  const { screen, renderer, at } = terminal(30, 8);
  renderer.handle({ kind: "vertex", id: "a", name: "RUN echo 日本語日本語日本語日本語", inputs: [] });
  renderer.handle({ kind: "vertex-started", id: "a", timeMs: t0 });
  at(100);
  assert.equal(screen.text.split("\n")[1], " => RUN echo 日本語日本… 0.1s");
  renderer.close();
});

test("after a resize to fewer columns nothing of the old frame is left", () => {
  const { screen, renderer, at } = terminal(60, 12);
  renderer.handle({ kind: "vertex", id: "a", name: "RUN something", inputs: [] });
  renderer.handle({ kind: "vertex-started", id: "a", timeMs: t0 });
  at(0);
  screen.resize(30);
  at(100);
  assert.equal(screen.text, "[+] Building 0.1s (0/1)\n => RUN something        0.1s\n");
  renderer.close();
});

test("control characters and escape sequences of names, logs and reasons never reach the terminal", () => {
  const { screen, renderer, at } = terminal(80, 12);
  const hostile = "\u001b]0;title\u0007\u001b[2J\u001b[31mred\u009b1A\u0007\b\u001b[?1049h\u001bc\u0000";
  const written: string[] = [];
  const write = screen.write.bind(screen);
  screen.write = (text) => {
    written.push(text);
    write(text);
  };
  renderer.handle({ kind: "vertex", id: "a", name: `RUN ${hostile}`, inputs: [] });
  renderer.handle({ kind: "vertex-started", id: "a", timeMs: t0, reason: hostile });
  renderer.handle({ kind: "vertex-log", id: "a", timeMs: t0, stream: 1, text: `${hostile}\n` });
  renderer.handle({ kind: "note", text: hostile });
  at(0);
  renderer.handle({ kind: "vertex-completed", id: "a", timeMs: t0, outcome: "failed", error: hostile });
  at(10);
  renderer.close();
  const text = written.join("").replace(/\u001b\[(?:\d*[AKJ]|\?(?:25|2026)[hl])/g, "");
  assert.doesNotMatch(text, /[\u0000-\u0009\u000b\u000c\u000e-\u001f\u007f-\u009f]/);
  assert.match(text, /RUN red/);
});

test("the whole log of a failed step is printed last", () => {
  const { screen, renderer, at } = terminal(80, 12);
  const lines = Array.from({ length: 30 }, (_, index) => `line ${index}`);
  const events: BuildEvent[] = [
    { kind: "vertex", id: "a", name: "[1/1] RUN false", inputs: [] },
    { kind: "vertex-started", id: "a", timeMs: t0 },
    { kind: "vertex-log", id: "a", timeMs: t0, stream: 1, text: `${lines.join("\n")}\n` },
    { kind: "vertex-completed", id: "a", timeMs: t0 + 100, outcome: "failed", error: "exit code: 1" },
  ];
  for (const event of events) renderer.handle(event);
  at(200);
  renderer.close();
  const shown = screen.text.split("\n");
  assert.equal(shown[0]!.trimEnd().replace(/ {2,}/, " "), " => ERROR [1/1] RUN false 0.1s");
  assert.deepEqual(shown.slice(1), [
    "------",
    " > [1/1] RUN false:",
    ...lines.map((line) => `0.000 ${line}`),
    "------",
    "",
  ]);
});

function terminal(columns: number, rows: number) {
  const screen = new VirtualScreen(columns, rows);
  let nowMs = t0;
  const renderer = createTtyRenderer({ stream: screen, colours: false, now: () => nowMs, isManual: true });
  const at = (offsetMs: number) => {
    nowMs = t0 + offsetMs;
    renderer.draw();
  };
  return { screen, renderer, at };
}
