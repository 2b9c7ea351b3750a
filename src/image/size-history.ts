import { createHash } from "node:crypto";
import { mkdirSync } from "node:fs";
import path from "node:path";
import { readJsonFile, type Store } from "../content/index.ts";
import { writeFileAtomic } from "../util/index.ts";
import type { ImageRecord } from "./image-record.ts";
import { ImageSizes } from "./image-size.ts";

/** One layer of an image, and what made it. */
export interface LayerSize {
  /** `[builder 3/4] RUN go build`, or the history's text for a base image's layer. */
  readonly step: string;
  /** Bytes of its files. */
  readonly sizeBytes: number;
}

/** Layers of an image, bottom first. */
export function layerSizes(store: Store, record: ImageRecord): readonly LayerSize[] {
  const sizes = new ImageSizes(store);
  const described = record.config.history.filter(({ empty_layer: isEmpty }) => !isEmpty);
  return record.layers.map((layer, index) => ({
    step: record.build?.steps?.[index] ?? described[index]?.created_by ?? "layer",
    sizeBytes: sizes.layerSize(layer),
  }));
}

/** Remembers the sizes of a target's image, and those of its image before, when that was another one. */
export function noteSizes(store: Store, record: ImageRecord): void {
  const file = historyFile(store, record);
  if (file === undefined) return;
  const layers = layerSizes(store, record);
  const known = readHistory(file);
  if (known && JSON.stringify(known.current) === JSON.stringify(layers)) return;
  mkdirSync(path.dirname(file), { recursive: true });
  const history: SizeHistory = { current: layers, ...(known && { previous: known.current }) };
  writeFileAtomic(file, JSON.stringify(history), store.temp.dir());
}

/** The layers of the image that the same target had before; undefined when none is known. */
export function previousSizes(store: Store, record: ImageRecord): readonly LayerSize[] | undefined {
  const file = historyFile(store, record);
  return file === undefined ? undefined : readHistory(file)?.previous;
}

interface SizeHistory {
  readonly current: readonly LayerSize[];
  readonly previous?: readonly LayerSize[];
}

function historyFile(store: Store, { build }: ImageRecord): string | undefined {
  if (!build) return undefined;
  const target = `${build.contextDir ?? ""}\n${build.dockerfile}\n${build.target}`;
  const name = createHash("sha256").update(target).digest("hex").slice(0, 32);
  return path.join(store.paths.builds, "sizes", `${name}.json`);
}

/** What does not look like one is none. */
function readHistory(file: string): SizeHistory | undefined {
  const { current, previous } = (readJsonFile(file) ?? {}) as Partial<SizeHistory>;
  if (!isList(current)) return undefined;
  return { current, ...(isList(previous) && { previous }) };
}

function isList(value: unknown): value is readonly LayerSize[] {
  return (
    Array.isArray(value) &&
    value.every((layer: Partial<LayerSize> | null) => {
      return typeof layer?.step === "string" && typeof layer.sizeBytes === "number";
    })
  );
}
