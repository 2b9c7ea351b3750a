import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { missingForContainers, mountsBelow, Rig } from "./rig.ts";

const skip = missingForContainers();
/** `KILLS=200` for a thorough run. */
const kills = Number(process.env["KILLS"] ?? 20);

const dockerfile = `
FROM busybox AS builder
WORKDIR /src
COPY . .
RUN mkdir /out && for i in 1 2 3 4 5 6 7 8 9 10; do cat /src/data > /out/$i; done; sleep 0.2
FROM busybox AS other
RUN sleep 0.3; echo other > /other && rm /bin/vi
FROM busybox
COPY --from=builder /out /out
COPY --from=other /other /other
RUN rm /out/10 && mkdir -p /a/b && ln -s b /a/c
CMD ["cat", "/other"]
`;

test(`a build killed at ${kills} random moments ends like an undisturbed one`, {
  skip,
  timeout: 60_000 + kills * 12_000,
}, async (t) => {
  const undisturbed = await Rig.withBusybox(t);
  writeContext(undisturbed);
  const startedAt = Date.now();
  const expected = await snapshot(undisturbed);
  const typicalMs = Date.now() - startedAt;

  const rig = await Rig.withBusybox(t);
  for (let kill = 0; kill < kills; kill++) {
    writeContext(rig, `round ${kill}`); // so that every round has steps to run
    const args = ["build", "--progress=plain", "-t", "killed", rig.contextDir];
    await rig.slipway(args, { killAfterMs: 50 + Math.random() * typicalMs });
    await nothingRunsBelow(rig.dir);
    assert.deepEqual(mountsBelow(rig.dir), []);
  }
  writeContext(rig);
  assert.deepEqual(await snapshot(rig), expected);
  assert.deepEqual(readdirSync(path.join(rig.root, "tmp")), []);
  assert.deepEqual(readdirSync(path.join(rig.root, "locks")), []);
});

function writeContext(rig: Rig, data = "data"): void {
  rig.file("Dockerfile", dockerfile);
  rig.file("data", data.repeat(10_000));
}

/** Config without times, and every file with its type, mode, owner and content. */
async function snapshot(rig: Rig): Promise<unknown> {
  const tree = await rig.exportTree("-t", "result");
  const { stdout, exitCode, stderr } = await rig.slipway(["inspect", "result"]);
  assert.equal(exitCode, 0, stderr);
  const [inspected] = JSON.parse(stdout) as [{ Config: unknown; RootFS: { Layers: unknown[] } }];
  const list = execFileSync("find", [".", "-printf", "%p %y %m %U:%G %l\n"], { cwd: tree, encoding: "utf8" });
  const sums = execFileSync("sh", ["-c", "find . -type f -exec sha256sum {} +"], {
    cwd: tree,
    encoding: "utf8",
  });
  const files = [...list.split("\n"), ...sums.split("\n")].toSorted((a, b) => (a < b ? -1 : 1));
  return { config: inspected.Config, layers: inspected.RootFS.Layers.length, files };
}

/** No process has `dir` in its command line or as its directory; those that were just killed get a moment to go. */
async function nothingRunsBelow(dir: string): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    const left = processesBelow(dir);
    if (left.length === 0) return;
    assert.ok(attempt < 100, `still running: ${left.join("; ")}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function processesBelow(dir: string): string[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .flatMap((pid) => {
      try {
        const command = readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
        return command.includes(dir) ? [`${pid} ${command}`] : [];
      } catch {
        return [];
      }
    });
}
