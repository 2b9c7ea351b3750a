interface Link<Item> {
  readonly item: Item;
  readonly before: Link<Item> | undefined;
}

/** A list that is never changed: adding to it, and going on from it in another stage, costs the same however long it is. */
export class GrowingList<Item> {
  readonly #last: Link<Item> | undefined;

  private constructor(last: Link<Item> | undefined) {
    this.#last = last;
  }

  static of<Item>(items: Iterable<Item> = []): GrowingList<Item> {
    return new GrowingList<Item>(undefined).with(items);
  }

  /** The same items and these. */
  with(items: Iterable<Item>): GrowingList<Item> {
    let last = this.#last;
    for (const item of items) last = { item, before: last };
    return new GrowingList(last);
  }

  toArray(): Item[] {
    const items: Item[] = [];
    for (let link = this.#last; link; link = link.before) items.push(link.item);
    return items.reverse();
  }
}
