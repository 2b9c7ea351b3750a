import type { Store } from "../content/index.ts";
import type { SolveResult, Stack, StackLayer, StepResult } from "../engine/index.ts";
import type { CacheTarget } from "./options.ts";

export interface ChooseOptions {
  /** The image's layers travel anyway. */
  readonly isPushed: boolean;
  /** Bytes of a layer's files. */
  readonly sizeOf: (layer: StackLayer) => number;
}

/** The results that a cache keeps, in the order of `results`. */
export function chooseResults(
  mode: CacheTarget["mode"],
  { results, stacks }: Pick<SolveResult, "results" | "stacks">,
  { isPushed, sizeOf }: ChooseOptions,
): readonly StepResult[] {
  if (mode === "max") return results;
  const inImage = new Set(stacks.flatMap(({ layers }) => layers).map(({ identity }) => identity));
  if (mode === "min") return results.filter(({ layer }) => inImage.has(layer.identity));
  return worthMoving(
    results.filter(({ isCheap }) => !isCheap),
    { isNeeded: ({ identity }) => isPushed && inImage.has(identity), sizeOf },
  );
}

/** Files that are packed, sent, fetched and unpacked in a millisecond: 50 MB in a second, of which gzip alone takes most. */
const movedBytesPerMs = 50_000;

interface MoveOptions {
  readonly isNeeded: (layer: StackLayer) => boolean;
  readonly sizeOf: ChooseOptions["sizeOf"];
}

/** Results that take longer to make again than to move, and those that one of them stands on or reads from: without these it would
 * not be found. To make one again, a machine needs the files of its inputs, which are moved or made again themselves.
 * @param results inputs first */
function worthMoving(
  results: readonly StepResult[],
  { isNeeded, sizeOf }: MoveOptions,
): readonly StepResult[] {
  const costMs = new Map<string, number>();
  const moveMs = (layer: StackLayer) => sizeOf(layer) / movedBytesPerMs;
  const costOf = (layer: StackLayer) => costMs.get(layer.identity) ?? moveMs(layer);
  const isWorth = results.map(({ layer, durationMs, inputs }) => {
    const againMs = distinctLayers(inputs).reduce((sum, input) => sum + costOf(input), durationMs);
    costMs.set(layer.identity, Math.min(moveMs(layer), againMs));
    return againMs >= moveMs(layer);
  });
  const needed = new Set<string>();
  const kept = results
    .map((_, index) => index)
    .reverse()
    .filter((index) => {
      const { layer, inputs } = results[index]!;
      const isKept = isWorth[index]! || isNeeded(layer) || needed.has(layer.identity);
      if (isKept) for (const input of distinctLayers(inputs)) needed.add(input.identity);
      return isKept;
    });
  return kept.reverse().map((index) => results[index]!);
}

function distinctLayers(stacks: readonly Stack[]): readonly StackLayer[] {
  return [
    ...new Map(stacks.flatMap(({ layers }) => layers).map((layer) => [layer.identity, layer])).values(),
  ];
}

/** A packed layer has about twice its size in files. */
const unpackedRatio = 2;

/** Bytes of a layer's files, as far as they are known without a look at them. */
export function layerSizeBytes({ layer }: StackLayer, { layers }: Store): number {
  if (layer.kind === "blob") return layer.blob.size * unpackedRatio;
  return layers.readMeta(layer.layer)?.sizeBytes ?? 0;
}
