import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Store } from "../content/index.ts";
import { isErrno, writeFileAtomic } from "../util/index.ts";
import { ComposeError } from "./compose-error.ts";

/** What `up` leaves for `down`: the process that holds the project up. `startTicks` tells it from a later process with its pid. */
interface ProjectState {
  readonly pid: number;
  readonly startTicks: string;
}

/** Claims a project for this process: a file of the store. Dispose it when the services have ended.
 * @throws {ComposeError} `COMPOSE_RUNNING` another process holds it up */
export function claimProject(store: Store, project: string): Disposable {
  const file = stateFile(store, project);
  const own = { pid: process.pid, startTicks: startTicksOf(process.pid) ?? "" };
  mkdirSync(path.dirname(file), { recursive: true });
  if (!createExclusive(file, own)) {
    const holder = readState(file);
    if (holder && isAlive(holder))
      throw new ComposeError(
        "COMPOSE_RUNNING",
        `Project "${project}" is up already (process ${holder.pid})`,
        {
          hint: "end it with: slipway compose down",
        },
      );
    writeFileAtomic(file, JSON.stringify(own)); // its holder was killed
  }
  return {
    [Symbol.dispose]() {
      if (readState(file)?.pid === process.pid) rmSync(file, { force: true });
    },
  };
}

/** Ends what holds the project up: asks its process to stop, and waits until it has. False when the project is not up.
 * @throws {ComposeError} `COMPOSE_RUNNING` it did not end in time */
export async function endProject(
  store: Store,
  project: string,
  { timeoutMs, signal }: { readonly timeoutMs: number; readonly signal: AbortSignal },
): Promise<boolean> {
  const file = stateFile(store, project);
  const holder = readState(file);
  if (!holder || !isAlive(holder)) {
    rmSync(file, { force: true });
    return false;
  }
  process.kill(holder.pid, "SIGTERM");
  for (const endMs = Date.now() + timeoutMs; isAlive(holder); ) {
    if (Date.now() > endMs)
      throw new ComposeError(
        "COMPOSE_RUNNING",
        `Project "${project}" is still up: process ${holder.pid} does not end`,
      );
    await sleep(50, undefined, { signal });
  }
  return true;
}

/** Project names are checked to be `[a-z0-9_-]`, so they are safe as file names. */
function stateFile({ paths }: Store, project: string): string {
  return path.join(paths.compose, `${project}.json`);
}

function createExclusive(file: string, state: ProjectState): boolean {
  try {
    writeFileSync(file, JSON.stringify(state), { flag: "wx" });
    return true;
  } catch (error) {
    if (isErrno(error, "EEXIST")) return false;
    throw error;
  }
}

function readState(file: string): ProjectState | undefined {
  try {
    const { pid, startTicks } = JSON.parse(readFileSync(file, "utf8")) as Partial<ProjectState>;
    return typeof pid === "number" && pid > 1 && typeof startTicks === "string"
      ? { pid, startTicks }
      : undefined;
  } catch (error) {
    if (isErrno(error, "ENOENT") || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function isAlive({ pid, startTicks }: ProjectState): boolean {
  return startTicksOf(pid) === startTicks;
}

/** When the process started, in clock ticks since boot: field 22 of `/proc/<pid>/stat`, counted after the name, which may hold blanks. */
function startTicksOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
  } catch {
    return undefined;
  }
}
