import assert from "node:assert/strict";
import { test } from "node:test";
import type { CliIo } from "../cli-io.ts";
import { type PruneFlags, toPruneRequest } from "./prune-options.ts";

const io = { cwd: "/work" } as CliIo;
const request = (flags: Partial<PruneFlags>) => toPruneRequest({ filter: [], ...flags }, io, "/");

test("without options, results that no image needs are removed, and no cache mount", () => {
  assert.deepEqual(request({}), {
    results: { cache: "unused" },
    cacheMounts: false,
    volumes: false,
    usedBeforeMs: Infinity,
  });
});

test("options of docker builder prune mean what they mean there", () => {
  const day = 24 * 60 * 60 * 1000;
  const { results, usedBeforeMs } = request({ all: true, filter: ["until=24h"] });
  assert.equal(results?.cache, "all");
  assert.ok(Math.abs(usedBeforeMs - (Date.now() - day)) < 10_000);
  assert.equal(results.usedBeforeMs, usedBeforeMs);
  assert.equal(request({ maxUsedSpace: "10GB" }).results?.keepBytes, 10_000_000_000);
  assert.equal(request({ reservedSpace: "1GB" }).results?.keepBytes, 1_000_000_000);
  assert.equal(request({ minFreeSpace: "1kB" }).results?.freeBytes, 0, "there is as much already");
  assert.ok(request({ minFreeSpace: "1000TB" }).results!.freeBytes! > 1e12);
  assert.equal(request({ filter: ["type=regular"] }).results?.keepImages, true);
  const mounts = request({ filter: ["type==exec.cachemount"] });
  assert.deepEqual([mounts.results, mounts.cacheMounts], [undefined, true]);
});

test("of several ages the longest counts", () => {
  const { usedBeforeMs } = request({ olderThan: "1h", filter: ["until=7d", "unused-for=1m"] });
  assert.ok(usedBeforeMs < Date.now() - 6 * 86_400_000);
});

test("what cannot be carried out is refused with a reason", () => {
  const cases: [Partial<PruneFlags>, string][] = [
    [{ filter: ["id=abc"] }, 'Cannot use --filter "id=abc": unknown filter'],
    [{ filter: ["type=frontend"] }, 'Cannot use --filter "type=frontend": unknown filter'],
    [{ filter: ["until"] }, 'Cannot parse --filter until= "": expected an age such as 90m, 24h or 7d'],
    [{ minFreeSpace: "lots" }, 'Cannot parse --min-free-space "lots": expected a size such as 500MB or 10GB'],
    [
      { cacheMounts: true, project: "app" },
      "Cannot empty the cache mounts of one project or stage: they may be used by all",
    ],
  ];
  for (const [flags, message] of cases) assert.throws(() => request(flags), { message });
});
