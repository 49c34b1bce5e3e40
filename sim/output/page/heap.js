/**
 * A binary heap: the item that goes before all others is its first.
 *
 * Nothing is taken out of the middle. What has lost its meaning there is passed by when it comes to the head.
 * @template T
 */
class Heap {
  /** @type {T[]} */
  #items = [];
  #compare;

  /** @param {(item: T, other: T) => number} compare below 0 where `item` goes before `other`, as for Array.sort */
  constructor(compare) {
    this.#compare = compare;
  }

  /** The item that goes first, undefined where there is none. */
  get first() {
    return this.#items.at(0);
  }

  /** All items in their order. */
  get sorted() {
    return [...this.#items].sort(this.#compare);
  }

  /** @param {T} item */
  push(item) {
    const items = this.#items;
    let hole = items.length;
    while (hole > 0) {
      const parent = (hole - 1) >> 1;
      if (this.#compare(items[parent], item) <= 0) break;
      items[hole] = items[parent];
      hole = parent;
    }
    items[hole] = item;
  }

  /** Take the first item out; undefined where there is none. */
  pop() {
    const items = this.#items;
    const first = items.at(0);
    const last = items.pop();
    if (last === undefined || items.length === 0) return first;
    let hole = 0;
    for (let child = 1; child < items.length; child = 2 * hole + 1) {
      if (child + 1 < items.length && this.#compare(items[child + 1], items[child]) < 0) child += 1;
      if (this.#compare(last, items[child]) <= 0) break;
      items[hole] = items[child];
      hole = child;
    }
    items[hole] = last;
    return first;
  }
}

export { Heap };
