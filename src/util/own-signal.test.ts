import assert from "node:assert/strict";
import { test } from "node:test";
import { ownSignal } from "./own-signal.ts";

test("many wait on one signal without a warning, and all hear of its end", async (t) => {
  const warnings: Error[] = [];
  const onWarning = (warning: Error) => warnings.push(warning);
  process.on("warning", onWarning);
  t.after(() => process.off("warning", onWarning));
  const controller = new AbortController();
  const heard: unknown[] = [];
  for (let n = 0; n < 20; n++) {
    const own = ownSignal(controller.signal);
    own.addEventListener("abort", () => heard.push(own.reason));
  }
  await new Promise((resolve) => setImmediate(resolve)); // when a warning would come
  controller.abort("enough");
  assert.deepEqual(
    heard,
    Array.from({ length: 20 }, () => "enough"),
  );
  assert.deepEqual(warnings, []);
});

test("a signal that has ended gives one that has", () => {
  const own = ownSignal(AbortSignal.abort("before"));
  assert.deepEqual([own.aborted, own.reason], [true, "before"]);
});
