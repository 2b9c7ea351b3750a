// One target until its time is over, in a process of its own: main.js TARGET FIRST-SEED DEADLINE-MS SEED-FILE. Each seed is written
// to the seed file before it is tried, so that the process above sees which one hangs. Findings go to standard output,
// one JSON line each.
import { openSync, writeSync } from "node:fs";
import { archiveTarget } from "./archive.ts";
import { composeTarget } from "./compose.ts";
import { copyTarget } from "./copy.ts";
import { dockerfileTarget } from "./dockerfile.ts";
import { ignoreTarget } from "./ignore.ts";
import { Random } from "./random.ts";
import { gitTarget, imageJsonTarget, imageNameTarget } from "./references.ts";
import { signatureTarget } from "./signature.ts";
import type { FuzzTarget } from "./target.ts";

const targets: Readonly<Record<string, FuzzTarget>> = {
  dockerfile: dockerfileTarget,
  archive: archiveTarget,
  compose: composeTarget,
  copy: copyTarget,
  ignore: ignoreTarget,
  git: gitTarget,
  "image-name": imageNameTarget,
  "image-json": imageJsonTarget,
  signature: signatureTarget,
};

const [name = "", firstSeed = "1", deadlineMs = "0", seedFile = "/dev/null"] = process.argv.slice(2);
if (name === "") console.log(Object.keys(targets).join("\n"));
else await fuzz(targets[name]!);

async function fuzz(target: FuzzTarget): Promise<void> {
  const seeds = openSync(seedFile, "w");
  const known = new Set<string>();
  let seed = Number(firstSeed);
  do {
    writeSync(seeds, `${seed}`.padEnd(20), 0);
    const input = target.generate(new Random(seed));
    const startedAtMs = performance.now();
    const finding = await attempt(target, input);
    const tookMs = performance.now() - startedAtMs;
    const message = finding ?? (tookMs > 5000 ? `took ${Math.round(tookMs)} ms` : undefined);
    if (message !== undefined && !known.has(firstLine(message))) {
      known.add(firstLine(message));
      const shown = (typeof input === "string" ? input : input.toString("latin1")).slice(0, 2000);
      process.stdout.write(`${JSON.stringify({ seed, message, input: shown })}\n`);
    }
    seed += 1;
  } while (Date.now() < Number(deadlineMs));
}

async function attempt(target: FuzzTarget, input: string | Buffer): Promise<string | undefined> {
  try {
    await target.attempt(input);
    return undefined;
  } catch (error) {
    return error instanceof Error ? (error.stack ?? error.message) : String(error);
  }
}

/** Findings that differ in numbers and quotations alone are one. */
function firstLine(message: string): string {
  return message.split("\n", 1)[0]!.replace(/\d+|"[^"]*"/g, "…");
}
