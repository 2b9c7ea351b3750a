import assert from "node:assert/strict";
import { test } from "node:test";
import { FileServer } from "../../src/source/testing/file-server.ts";
import { missingForContainers, Rig } from "./rig.ts";

const skip = missingForContainers();
const numbers = Array.from({ length: 12 }, (_, n) => n);

/** Builds without a word on standard error: Node warns there of more than 10 listeners. */
async function buildQuietly(rig: Rig, lines: readonly string[]): Promise<void> {
  rig.file("Dockerfile", lines.join("\n"));
  const { exitCode, stderr } = await rig.slipway(["build", "-q", `--jobs=${numbers.length}`, rig.contextDir]);
  assert.deepEqual([exitCode, stderr], [0, ""]);
}

test("many stages run at once, their next steps made ready, without a warning", { skip }, async (t) => {
  const rig = await Rig.withBusybox(t);
  const stages = numbers.map(
    (n) => `FROM busybox AS s${n}\nRUN sleep 0.5; echo ${n} > /f${n}\nRUN sleep 0.1`,
  );
  const copies = numbers.map((n) => `COPY --from=s${n} /f${n} /`);
  await buildQuietly(rig, [...stages, "FROM busybox", ...copies]);
});

test("many files are fetched at once without a warning", { skip }, async (t) => {
  const rig = await Rig.withBusybox(t);
  const server = await FileServer.start(t);
  for (const n of numbers) server.files.set(`/f${n}`, { body: "x".repeat(1 << 20) });
  await buildQuietly(rig, ["FROM busybox", ...numbers.map((n) => `ADD ${server.url}/f${n} /`)]);
});
