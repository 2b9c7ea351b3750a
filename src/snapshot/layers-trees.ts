import { LayersTree } from "./layers-tree.ts";

/** Trees of the stacks that a process used last, so that a step reads of its stack only what the step before it did not: mostly one
 * layer more. */
export class LayersTrees {
  /** The one used last is the last. */
  readonly #trees: LayersTree[] = [];

  /** A tree that nobody else has until it is given back; until then it does not change.
   * @param layers absolute directories, bottom first, which never change */
  take(layers: readonly string[]): LayersTree {
    const tree = this.#takeBelow(layers) ?? new LayersTree();
    for (const layer of layers.slice(tree.layers.length)) tree.cover(layer);
    return tree;
  }

  giveBack(tree: LayersTree): void {
    if (tree.layers.length === 0 || tree.namesKept > MOST_NAMES) return;
    this.#trees.push(tree);
    if (this.#trees.length > MOST_TREES) this.#trees.shift();
  }

  /** The tree that is nearest to a stack of these layers. */
  #takeBelow(layers: readonly string[]): LayersTree | undefined {
    let nearest = -1;
    for (const [index, tree] of this.#trees.entries()) {
      const isNearer = nearest < 0 || tree.layers.length >= this.#trees[nearest]!.layers.length;
      if (isNearer && isBelow(tree.layers, layers)) nearest = index;
    }
    return nearest < 0 ? undefined : this.#trees.splice(nearest, 1)[0];
  }
}

const MOST_TREES = 4;
/** Some 100 bytes each. */
const MOST_NAMES = 100_000;

function isBelow(lower: readonly string[], layers: readonly string[]): boolean {
  return lower.length <= layers.length && lower.every((layer, index) => layer === layers[index]);
}
