import { mkdirSync, readdirSync, rmSync } from "node:fs";
import path from "node:path";
import type { BuildOptions } from "../../src/build/index.ts";
import { CodedError } from "../../src/errors/index.ts";
import type { ImageRecord } from "../../src/image/index.ts";
import { compareLayers } from "../../src/layer/index.ts";
import { editContext } from "./context.ts";
import { firstFiles } from "./random-scenario.ts";
import { renderDockerfile, stageName } from "./render.ts";
import type { ContextFile, Edit, Scenario, Stage } from "./scenario.ts";
import type { StoreBuilder } from "./store-builder.ts";

export interface Places {
  /** Builds with what earlier builds left. */
  readonly cached: StoreBuilder;
  /** Forgets everything before each build. */
  readonly fresh: StoreBuilder;
  readonly contextDir: string;
}

export interface Tally {
  builds: number;
  failed: number;
}

/** Builds a scenario step by step, each time with the cache of the builds before and without any, and compares.
 * @throws {Error} with the Dockerfile and the difference */
export async function checkScenario(scenario: Scenario, places: Places, tally: Tally): Promise<void> {
  const { cached, fresh, contextDir } = places;
  await Promise.all([cached.forget(), fresh.forget()]);
  rmSync(contextDir, { recursive: true, force: true });
  mkdirSync(contextDir);
  writeFiles(contextDir, [...firstFiles, ...scenario.files]);
  let state: State = { stages: scenario.stages, args: {}, target: undefined };
  await compareBuilds(state, {}, places, tally);
  for (const edit of scenario.edits) {
    state = await applyEdit(state, edit, places);
    const isBuilt = await compareBuilds(state, noCacheOf(edit, state), places, tally);
    if (!isBuilt) restoreContext(contextDir);
  }
}

function writeFiles(contextDir: string, files: readonly ContextFile[]): void {
  for (const file of files) editContext(contextDir, { kind: "write", file });
}

/** Brings back what most copies look for, so that one file that is missing does not make every later build fail. */
function restoreContext(contextDir: string): void {
  rmSync(path.join(contextDir, ".dockerignore"), { force: true });
  writeFiles(contextDir, firstFiles);
}

interface State {
  readonly stages: readonly Stage[];
  readonly args: Readonly<Record<string, string>>;
  readonly target: number | undefined;
}

async function applyEdit(state: State, edit: Edit, { cached, contextDir }: Places): Promise<State> {
  switch (edit.kind) {
    case "args":
      return { ...state, args: edit.args };
    case "target":
      return { ...state, target: edit.stage % state.stages.length };
    case "step":
      return { ...state, stages: withStep(state.stages, edit) };
    case "no-cache":
      return state;
    case "lose":
      await lose(cached, edit);
      return state;
    case "write":
    case "chmod":
    case "delete":
    case "touch":
    case "rewrite":
    case "rename":
    case "ignore":
      editContext(contextDir, edit);
      return state;
  }
}

function withStep(stages: readonly Stage[], edit: Extract<Edit, { kind: "step" }>): Stage[] {
  const { position, step, inserts } = edit;
  return stages.map((stage, number) => {
    if (number !== edit.stage % stages.length) return stage;
    const removed = inserts && step ? 0 : 1;
    return {
      ...stage,
      steps: stage.steps.toSpliced(position % (stage.steps.length + 1), removed, ...(step ? [step] : [])),
    };
  });
}

function noCacheOf(edit: Edit, { stages }: State): Partial<BuildOptions> {
  if (edit.kind !== "no-cache") return {};
  if (edit.stage === undefined) return { noCache: true };
  return { noCacheFilter: [stageName(edit.stage % stages.length)] };
}

/** Takes every `nth` of something out of a store, as a prune or a damaged disk may. */
async function lose(cached: StoreBuilder, { what, nth }: Extract<Edit, { kind: "lose" }>): Promise<void> {
  const isLost = (_: unknown, index: number) => index % (nth + 1) === 0;
  if (what === "layers") return await cached.removeLayers(cached.layers().filter(isLost));
  if (what === "records")
    for (const key of [...cached.store.cache.list()].filter(isLost)) cached.store.cache.remove(key);
  const { contexts } = cached.store.paths;
  if (what === "index") for (const name of readdirSync(contexts)) rmSync(path.join(contexts, name));
}

/** @returns whether there is an image; @throws {Error} when a cache makes a difference */
async function compareBuilds(
  { stages, args, target }: State,
  noCache: Partial<BuildOptions>,
  { cached, fresh, contextDir }: Places,
  tally: Tally,
): Promise<boolean> {
  const text = renderDockerfile(stages);
  const options: BuildOptions = {
    contextDir,
    dockerfile: { kind: "text", text, name: "Dockerfile" },
    tags: [],
    buildArgs: args,
    labels: {},
    noCache: false,
    pull: false,
    outputs: [],
    storeImage: true,
    needDigest: false,
    ...(target !== undefined && { target: stageName(target) }),
  };
  await fresh.forget();
  if (text.includes("target=/ctx")) await Promise.all([cached.renewWorker(), fresh.renewWorker()]);
  const [actual, expected] = await Promise.all([
    cached.build({ ...options, ...noCache }),
    fresh.build(options),
  ]);
  tally.builds += 1;
  const isFailed = expected instanceof CodedError;
  if (isFailed) tally.failed += 1;
  const difference = compareResults({ cached, actual }, { fresh, expected });
  if (difference === undefined) return !isFailed;
  const given = JSON.stringify({ target: options.target, args, ...noCache });
  throw new Error(`${difference}\n--- Dockerfile, built with ${given}\n${text}---`);
}

function compareResults(
  { cached, actual }: { cached: StoreBuilder; actual: ImageRecord | CodedError },
  { fresh, expected }: { fresh: StoreBuilder; expected: ImageRecord | CodedError },
): string | undefined {
  if (actual instanceof CodedError || expected instanceof CodedError) {
    if (actual instanceof CodedError && expected instanceof CodedError) return undefined;
    return `with a cache: ${outcome(actual)}; without: ${outcome(expected)}`;
  }
  const [config, wanted] = [actual, expected].map((record) =>
    JSON.stringify(withoutTimes(record.config), undefined, 1),
  );
  if (config !== wanted) return `config ${config}\ninstead of ${wanted}`;
  if (actual.layers.length !== expected.layers.length)
    return `${actual.layers.length} layers instead of ${expected.layers.length}`;
  for (const [number, layer] of actual.layers.entries()) {
    const difference = compareLayers(fsOf(fresh, expected.layers[number]!), fsOf(cached, layer), {
      opaqueXattr: "trusted.overlay.opaque",
    });
    if (difference) return `layer ${number}: ${difference.path}: ${difference.what}`;
  }
  return undefined;
}

function outcome(result: ImageRecord | CodedError): string {
  return result instanceof CodedError ? `${result.code} ${result.message}` : "an image";
}

function fsOf({ store }: StoreBuilder, layer: ImageRecord["layers"][number]): string {
  if (layer.kind !== "directory") throw new Error("a layer is no directory");
  return store.layers.fsOf(layer.layer);
}

function withoutTimes(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value, (key, inner: unknown) => (key === "created" ? undefined : inner)));
}
