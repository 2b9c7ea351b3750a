import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test, type TestContext } from "node:test";
import { mountChanges } from "./index.ts";

/** Two layers that hold `/v1/app` of other bytes, another file beside it, and `/out`, a link to the directory. */
function layers(t: TestContext): [string, string] {
  const root = mkdtempSync(path.join(tmpdir(), "slipway-mount-"));
  t.after(() => rmSync(root, { recursive: true }));
  const [one, two] = ["one", "two"].map((content) => {
    const dir = path.join(root, content);
    mkdirSync(path.join(dir, "v1"), { recursive: true });
    writeFileSync(path.join(dir, "v1/app"), content);
    writeFileSync(path.join(dir, "beside"), content);
    symlinkSync("/v1", path.join(dir, "out"));
    return dir;
  });
  return [one!, two!];
}

test("changes are told where the step sees them, and none beside what is mounted", (t) => {
  const [one, two] = layers(t);
  for (const [selector, dest, seen] of [
    ["/v1", "/m", "/m/app"],
    ["/out", "/m", "/m/app"],
    ["/v1/app", "/usr/bin/app", "/usr/bin/app"],
    ["/out/app", "/usr/bin/app", "/usr/bin/app"],
  ] as const) {
    assert.deepEqual(mountChanges([one], [two], { selector, dest }), {
      first: [{ path: seen, what: "changed" }],
      count: 1,
    });
  }
});

test("a whole tree is compared below its root", (t) => {
  const [one, two] = layers(t);
  const { first } = mountChanges([one], [two], { selector: "/", dest: "/m" })!;
  assert.deepEqual(
    first.map((change) => change.path),
    ["/m/beside", "/m/v1/app"],
  );
});

test("what was not there before is added, as is what it is mounted as", (t) => {
  const [one] = layers(t);
  const changes = mountChanges([], [one], { selector: "/v1", dest: "/m" });
  assert.deepEqual(changes?.first, [
    { path: "/m", what: "added" },
    { path: "/m/app", what: "added" },
  ]);
});

test("what is large is not read for a reason", (t) => {
  const [one, two] = layers(t);
  truncateSync(path.join(two, "v1/app"), 300 * 1024 * 1024);
  assert.equal(mountChanges([one], [two], { selector: "/v1", dest: "/m" }), undefined);
  assert.equal(mountChanges([one], [two], { selector: "/beside", dest: "/m" })?.count, 1);
});
