import assert from "node:assert/strict";
import { test } from "node:test";
import type { DraftImageConfig, HistoryEntry } from "../oci/index.ts";
import { finishHistory } from "./finish-history.ts";

const layer = (created_by: string, created?: string): HistoryEntry => ({
  ...(created && { created }),
  created_by,
});
const empty = (created_by: string, created?: string): HistoryEntry => ({
  ...layer(created_by, created),
  empty_layer: true,
});
const draft = (history: HistoryEntry[]): DraftImageConfig => ({
  architecture: "amd64",
  os: "linux",
  config: {},
  history,
});
const times = (config: DraftImageConfig) =>
  config.history.map((entry) => `${entry.created_by}@${entry.created}`);

test("an entry without layer takes the time of the next new layer, trailing ones of the last", () => {
  const finished = finishHistory(
    draft([layer("base", "T0"), empty("ENV"), layer("RUN a"), empty("USER"), layer("RUN b"), empty("CMD")]),
    [{ created: "T0" }, { created: "T1" }, { created: "T2" }],
  );
  assert.deepEqual(times(finished), ["base@T0", "ENV@T1", "RUN a@T1", "USER@T1", "RUN b@T2", "CMD@T2"]);
  assert.equal(finished.created, "T2");
});

test("without a new layer the base image's last time is used", () => {
  const finished = finishHistory(draft([layer("base", "T0"), empty("ENV")]), [{ created: "T9" }]);
  assert.deepEqual(times(finished), ["base@T0", "ENV@T0"]);
});

test("layers that no entry tells of get one at the end, with the step's name", () => {
  const finished = finishHistory(draft([layer("COPY a b")]), [
    { created: "T1", description: "pulled from x" },
    { created: "T2", description: "[2/2] COPY a b" },
  ]);
  assert.deepEqual(finished.history, [
    { created: "T1", created_by: "COPY a b" },
    { created: "T2", created_by: "[2/2] COPY a b", comment: "buildkit.exporter.image.v0" },
  ]);
});

test("entries that claim more layers than there are become empty, from the end", () => {
  const finished = finishHistory(draft([layer("a"), layer("b")]), [{ created: "T1" }]);
  assert.deepEqual(
    finished.history.map((entry) => entry.empty_layer ?? false),
    [false, true],
  );
});

test("an image without any layer has no time", () => {
  assert.equal(finishHistory(draft([empty("CMD")]), []).created, undefined);
});
