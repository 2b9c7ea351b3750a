import type { LayerId } from "./protocol.ts";

/** Layers that running requests are to make, for those that stand on them. */
export class ComingLayers {
  readonly #isThere: (layer: LayerId) => boolean;
  readonly #coming = new Map<LayerId, Promise<boolean>>();

  /** @param isThere asked of a layer that nobody makes now */
  constructor(isThere: (layer: LayerId) => boolean) {
    this.#isThere = isThere;
  }

  /** @returns `made` tells that the layer is there; without it, it counts as not made once this is disposed of */
  announce(layer: LayerId | undefined): Disposable & { readonly made: () => void } {
    if (layer === undefined) return { made: () => {}, [Symbol.dispose]: () => {} };
    let settle: (isMade: boolean) => void = () => {};
    this.#coming.set(layer, new Promise((resolve) => (settle = resolve)));
    return {
      made: () => settle(true),
      [Symbol.dispose]: () => {
        settle(false);
        this.#coming.delete(layer);
      },
    };
  }

  /** Resolves when it is made, or with false when it will not be. */
  get(layer: LayerId): Promise<boolean> {
    return this.#coming.get(layer) ?? Promise.resolve(this.#isThere(layer));
  }
}
