import type { DraftImageConfig, HistoryEntry } from "../oci/index.ts";

/** What is known of one layer of the finished image. */
export interface LayerFacts {
  /** When it came to be, RFC 3339. */
  readonly created?: string | undefined;
  /** Name of the step that made it. */
  readonly description?: string | undefined;
}

/** Completes a config once its layers exist, as BuildKit's image exporter does (exporter/containerimage/writer.go,
 * normalizeLayersAndHistory): every layer gets an entry; an entry of a layer takes the layer's time, an entry without layer
 * the time of the next new layer or else the last time known; the image's time is that of its last entry.
 * An entry that has a time, as a base image's, keeps it.
 * @param layers all layers of the image, base first */
export function finishHistory(config: DraftImageConfig, layers: readonly LayerFacts[]): DraftImageConfig {
  const history = fillTimes(fillLayerTimes(matchLayers(config.history, layers), layers));
  const created = config.created ?? history.findLast((entry) => entry.created !== undefined)?.created;
  return { ...config, ...(created !== undefined && { created }), history };
}

/** Makes the number of entries with a layer equal to the number of layers. */
function matchLayers(history: readonly HistoryEntry[], layers: readonly LayerFacts[]): HistoryEntry[] {
  let used = 0;
  const matched = history.map((entry) => {
    if (entry.empty_layer) return entry;
    return used++ < layers.length ? entry : { ...entry, empty_layer: true };
  });
  for (const layer of layers.slice(used)) {
    const created_by = layer.description ?? "created by buildkit";
    matched.push({ ...at(layer.created), created_by, comment: "buildkit.exporter.image.v0" });
  }
  return matched;
}

function fillLayerTimes(history: readonly HistoryEntry[], layers: readonly LayerFacts[]): HistoryEntry[] {
  let index = 0;
  return history.map((entry) => {
    if (entry.empty_layer) return entry;
    const layer = layers[index++];
    return entry.created === undefined ? { ...at(layer?.created), ...entry } : entry;
  });
}

function fillTimes(history: readonly HistoryEntry[]): HistoryEntry[] {
  let time = firstNewTime(history);
  let seenNew = false;
  return history.map((entry) => {
    if (entry.created === undefined) {
      seenNew = true;
      return { ...at(time), ...entry };
    }
    if (seenNew) time = entry.created;
    return entry;
  });
}

/** Time of the first layer after the first entry without a time; when there is none, the last time of all. */
function firstNewTime(history: readonly HistoryEntry[]): string | undefined {
  const firstWithout = history.findIndex((entry) => entry.created === undefined);
  const later = firstWithout < 0 ? [] : history.slice(firstWithout);
  const time = later.find((entry) => entry.created !== undefined)?.created;
  return time ?? history.findLast((entry) => entry.created !== undefined)?.created;
}

function at(created: string | undefined): { created?: string } {
  return created === undefined ? {} : { created };
}
