import { mkdirSync, readdirSync, rmSync } from "node:fs";
import path from "node:path";
import type { BuildOptions } from "../../src/build/index.ts";
import { CodedError } from "../../src/errors/index.ts";
import { compareLayers } from "../../src/layer/index.ts";
import { editContext } from "./context.ts";
import { firstFiles } from "./random-scenario.ts";
import { renderDockerfile, stageName } from "./render.ts";
import type { ContextFile, Edit, Scenario, Stage } from "./scenario.ts";
import type { BuiltImage, StoreBuilder } from "./store-builder.ts";

export interface Places {
  /** Builds with what earlier builds left. */
  readonly cached: StoreBuilder;
  /** With the same store, at the same time. */
  readonly beside: StoreBuilder;
  /** Forgets everything before each build. */
  readonly fresh: StoreBuilder;
  readonly contextDir: string;
  /** Where a cache for other machines is. */
  readonly exportedCache: string;
}

export interface Tally {
  builds: number;
  failed: number;
}

/** Builds a scenario step by step, each time with the cache of the builds before and without any, and compares.
 * @throws {Error} with the Dockerfile and the difference */
export async function checkScenario(scenario: Scenario, places: Places, tally: Tally): Promise<void> {
  const { cached, fresh, contextDir, exportedCache } = places;
  await Promise.all([cached.forget(), fresh.forget()]);
  for (const builder of [cached, fresh]) builder.useBase(0);
  for (const directory of [contextDir, exportedCache]) rmSync(directory, { recursive: true, force: true });
  mkdirSync(contextDir);
  writeFiles(contextDir, [...firstFiles, ...scenario.files]);
  let state: State = { stages: scenario.stages, args: {}, target: undefined };
  await compareBuilds(state, undefined, places, tally);
  for (const edit of scenario.edits) {
    state = await applyEdit(state, edit, places);
    const isBuilt = await compareBuilds(state, edit, places, tally);
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

async function applyEdit(state: State, edit: Edit, places: Places): Promise<State> {
  const { cached, fresh, contextDir } = places;
  switch (edit.kind) {
    case "args":
      return { ...state, args: edit.args };
    case "target":
      return { ...state, target: edit.stage % state.stages.length };
    case "step":
      return { ...state, stages: withStep(state.stages, edit) };
    case "no-cache":
    case "beside":
    case "travel":
      return state;
    case "base":
      for (const builder of [cached, fresh]) builder.useBase(edit.number);
      return state;
    case "lose":
      await lose(cached, edit);
      return state;
    case "write":
    case "chmod":
    case "delete":
    case "touch":
    case "rewrite":
    case "xattr":
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

function noCacheOf(edit: Edit | undefined, { stages }: State): Partial<BuildOptions> {
  if (edit?.kind !== "no-cache") return {};
  if (edit.stage === undefined) return { noCache: true };
  return { noCacheFilter: [stageName(edit.stage % stages.length)] };
}

/** Takes every `nth` of something out of a store, as a prune or a damaged disk may. */
async function lose(cached: StoreBuilder, { what, nth }: Extract<Edit, { kind: "lose" }>): Promise<void> {
  const isLost = (_: unknown, index: number) => index % (nth + 1) === 0;
  if (what === "layers") return await cached.removeLayers(cached.layers().filter(isLost));
  if (what === "records")
    for (const key of [...cached.store.cache.list()].filter(isLost)) cached.store.cache.remove(key);
  const { contexts, blobs } = cached.store.paths;
  if (what === "index") for (const name of readdirSync(contexts)) rmSync(path.join(contexts, name));
  if (what === "blobs") for (const name of readdirSync(blobs).filter(isLost)) rmSync(path.join(blobs, name));
}

/** @returns whether there is an image; @throws {Error} when a cache makes a difference */
async function compareBuilds(
  state: State,
  edit: Edit | undefined,
  places: Places,
  tally: Tally,
): Promise<boolean> {
  const { cached, beside, fresh } = places;
  const options = toOptions(state, places);
  const { text } = options.dockerfile;
  await fresh.forget();
  // a context that a step mounts is copied once for a worker
  if (/target=\/(ctx|from,from=extra)/.test(text))
    await Promise.all([cached, beside, fresh].map((builder) => builder.renewWorker()));
  const how = noCacheOf(edit, state);
  const [expected, ...results] = await Promise.all([
    fresh.build(options),
    ...(edit?.kind === "travel"
      ? [buildFromExported(options, edit.mode, places)]
      : [cached.build({ ...options, ...how })]),
    ...(edit?.kind === "beside" ? [beside.build(options)] : []),
  ]);
  tally.builds += 1;
  const isFailed = expected instanceof CodedError;
  if (isFailed) tally.failed += 1;
  const difference = results.map((actual) => compareResults(actual, expected)).find(Boolean);
  if (difference === undefined) return !isFailed;
  const given = JSON.stringify({ target: options.target, args: state.args, edit });
  throw new Error(`${difference}\n--- Dockerfile, built with ${given}\n${text}---`);
}

/** A build that keeps its results in an exported cache, and then one that has nothing else. */
async function buildFromExported(
  options: BuildOptions,
  mode: "min" | "max",
  { cached, exportedCache }: Places,
): Promise<BuiltImage | CodedError> {
  const location = { type: "local", directory: exportedCache, name: "latest" } as const;
  const built = await cached.build({ ...options, cacheTo: [{ ...location, mode, ignoreError: false }] });
  if (built instanceof CodedError) return built;
  await cached.forget();
  return await cached.build({ ...options, cacheFrom: [location] });
}

function toOptions({ stages, args, target }: State, { contextDir }: Places) {
  return {
    contextDir,
    namedContexts: new Map([["extra", { kind: "local" as const, directory: path.join(contextDir, "e") }]]),
    dockerfile: { kind: "text" as const, text: renderDockerfile(stages), name: "Dockerfile" },
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
}

function compareResults(
  actual: BuiltImage | CodedError,
  expected: BuiltImage | CodedError,
): string | undefined {
  if (actual instanceof CodedError || expected instanceof CodedError) {
    if (actual instanceof CodedError && expected instanceof CodedError) return undefined;
    return `with a cache: ${outcome(actual)}; without: ${outcome(expected)}`;
  }
  const [config, wanted] = [actual, expected].map((image) =>
    JSON.stringify(withoutTimes(image.config), undefined, 1),
  );
  if (config !== wanted) return `config ${config}\ninstead of ${wanted}`;
  if (actual.layers.length !== expected.layers.length)
    return `${actual.layers.length} layers instead of ${expected.layers.length}`;
  for (const [number, layer] of actual.layers.entries()) {
    const options = { opaqueXattr: "trusted.overlay.opaque" } as const;
    const difference = compareLayers(expected.layers[number]!, layer, options);
    if (difference) return `layer ${number}: ${difference.path}: ${difference.what}`;
  }
  return undefined;
}

function outcome(result: BuiltImage | CodedError): string {
  return result instanceof CodedError ? `${result.code} ${result.message}` : "an image";
}

function withoutTimes(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value, (key, inner: unknown) => (key === "created" ? undefined : inner)));
}
