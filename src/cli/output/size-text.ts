import { printable } from "../../errors/index.ts";
import type { LayerSize } from "../../image/index.ts";
import { formatBytes } from "../../util/index.ts";
import { shortStepName } from "./step-name.ts";
import { formatTable } from "./table.ts";

/** What makes an image large. Sizes are bytes. */
export interface ImageSizeReport {
  readonly title: string;
  /** Of the files that are seen. */
  readonly sizeBytes: number;
  /** Bottom first; a file that a later layer hides counts too. */
  readonly layers: readonly (LayerSize & { readonly compressedBytes?: number })[];
  readonly directories: readonly { readonly path: string; readonly sizeBytes: number }[];
  /** Layers of the image that the target had before. */
  readonly previous?: readonly LayerSize[];
}

export function sizeText(report: ImageSizeReport): string {
  const { title, sizeBytes, layers, directories } = report;
  const stored = layers.reduce((sum, layer) => sum + layer.sizeBytes, 0);
  const hidden = stored > sizeBytes ? `, ${formatBytes(stored)} in its layers` : "";
  const known = layers.every(({ compressedBytes }) => compressedBytes !== undefined);
  const packed = layers.reduce((sum, { compressedBytes = 0 }) => sum + compressedBytes, 0);
  const compressed = known && layers.length > 0 ? `, ${formatBytes(packed)} compressed` : "";
  return [
    `${printable(title)}: ${formatBytes(sizeBytes)}${hidden}${compressed}\n`,
    formatTable(["STAGE", "SIZE"], stageRows(layers)),
    formatTable(
      ["STEP", "SIZE", "COMPRESSED"],
      layers.map((layer) => [
        shortStepName(layer.step),
        formatBytes(layer.sizeBytes),
        layer.compressedBytes === undefined ? "" : formatBytes(layer.compressedBytes),
      ]),
    ),
    formatTable(
      ["DIRECTORY", "SIZE"],
      directories.map(({ path, sizeBytes: size }) => [path, formatBytes(size)]),
    ),
    growthText(report),
  ]
    .filter((part) => part !== "")
    .join("\n");
}

/** Layers of a step `[builder 2/3] …` are the stage's; those of the base image have no such name. */
function stageRows(layers: readonly LayerSize[]): string[][] {
  const stages = new Map<string, number>();
  for (const { step, sizeBytes } of layers) {
    const stage = /^\[(.*?) ?\d+\/\d+\]/.exec(step)?.[1];
    const name = stage === undefined ? "(base image)" : stage || "(the only one)";
    stages.set(name, (stages.get(name) ?? 0) + sizeBytes);
  }
  return [...stages].map(([name, size]) => [name, formatBytes(size)]);
}

/** Which step made the image grow or shrink since its target's last image. */
function growthText({ layers, previous }: ImageSizeReport): string {
  if (!previous) return "";
  const before = new Map(previous.map(({ step, sizeBytes }) => [step, sizeBytes]));
  const changes = layers.flatMap(({ step, sizeBytes }) => {
    const growth = sizeBytes - (before.get(step) ?? 0);
    before.delete(step);
    return growth === 0 ? [] : [{ step, growth }];
  });
  for (const [step, sizeBytes] of before) changes.push({ step, growth: -sizeBytes });
  const total = changes.reduce((sum, { growth }) => sum + growth, 0);
  if (changes.length === 0) return "";
  const rows = changes
    .sort((a, b) => Math.abs(b.growth) - Math.abs(a.growth))
    .map(({ step, growth }) => [shortStepName(step), signed(growth)]);
  return `${signed(total)} since the last image of this target:\n${formatTable(["STEP", "CHANGE"], rows)}`;
}

function signed(bytes: number): string {
  return `${bytes < 0 ? "-" : "+"}${formatBytes(Math.abs(bytes))}`;
}
