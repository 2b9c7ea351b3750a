import { execFileSync } from "node:child_process";
import { appendFileSync, cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import fc from "fast-check";
import { busyboxRootfs } from "../e2e/rig.ts";
import { checkScenario, type Tally } from "./check.ts";
import { scenario } from "./random-scenario.ts";
import { StoreBuilder } from "./store-builder.ts";

export interface Search {
  readonly seed: number;
  readonly cases: number;
  /** No new case after this time. */
  readonly limitMs: number;
  /** Told each failure as soon as it is found, while a smaller one is looked for. */
  readonly onFailure?: (message: string) => void;
}

export interface Found {
  /** The smallest scenario that fails, and how; undefined for none. */
  readonly difference: string | undefined;
  readonly tally: Tally;
  readonly ran: number;
}

/** Looks for a scenario where a cache makes a difference. Needs root, crun or runc, and a built `dist/`. */
export async function findDifference({ seed, cases, limitMs, onFailure }: Search): Promise<Found> {
  const dir = mkdtempSync(path.join(tmpdir(), "slipway-equivalence-"));
  try {
    const bases = ["", "other"].map((text) => baseImage(path.join(dir, `base${text}`), text));
    await using cached = await StoreBuilder.create(path.join(dir, "cached"), bases);
    await using beside = await cached.beside();
    await using fresh = await StoreBuilder.create(path.join(dir, "fresh"), bases);
    const at = { contextDir: path.join(dir, "context"), exportedCache: path.join(dir, "exported") };
    const places = { cached, beside, fresh, ...at };
    const tally = { builds: 0, failed: 0 };
    let running = Promise.resolve();
    const property = fc.asyncProperty(scenario, async (found) => {
      running = checkScenario(found, places, tally);
      try {
        await running;
      } catch (error) {
        onFailure?.(error instanceof Error ? error.message : String(error));
        throw error;
      }
    });
    const limit = Number.isFinite(limitMs) ? { interruptAfterTimeLimit: limitMs } : {};
    const details = await fc.check(property, { seed, numRuns: cases, ...limit });
    await running.catch(() => {}); // the time limit does not wait for it
    return {
      difference: details.failed ? fc.defaultReportMessage(details) : undefined,
      tally,
      ran: details.numRuns,
    };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** A tar of busybox and some files for steps to work on.
 * @param text what makes it another image */
function baseImage(dir: string, text: string): string {
  const tree = path.join(dir, "tree");
  for (const name of ["w/d/sub", "o"]) mkdirSync(path.join(tree, name), { recursive: true });
  for (const name of ["w/a", "w/d/x", "w/d/sub/z", "o/a", "sum"]) writeFileSync(path.join(tree, name), name);
  appendFileSync(path.join(tree, "w/d/x"), text);
  symlinkSync("w/d", path.join(tree, "l"));
  const tar = path.join(dir, "rootfs.tar");
  cpSync(busyboxRootfs(), tar);
  execFileSync("tar", ["--owner=0", "--group=0", "--numeric-owner", "--append", "-f", tar, "-C", tree, "."]);
  return tar;
}
