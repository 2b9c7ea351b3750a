import type { ImageRecord } from "../image/index.ts";
import { layerIdentity, type Stack } from "./stack.ts";

/** The layers of an image of the store. */
export function imageStack(record: ImageRecord): Stack {
  return {
    layers: record.layers.map((layer) => {
      if (layer.kind === "directory") return { identity: layerIdentity(layer.identity), layer };
      const reference = layer.reference ?? record.origin?.reference;
      return { identity: layerIdentity(layer.diffID), layer, ...(reference !== undefined && { reference }) };
    }),
  };
}
