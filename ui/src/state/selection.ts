/** An immutable set of selected images: one bit per id, so 100,000 are 13 kB. */
import type { ImageId } from "../api/bindings";

export class Selection implements Iterable<ImageId> {
  static readonly none = new Selection(new Uint32Array(0));
  readonly size: number;
  readonly #bits: Uint32Array;

  private constructor(bits: Uint32Array, size = bits.reduce((sum, word) => sum + ones(word), 0)) {
    this.#bits = bits;
    this.size = size;
  }

  static of(ids: Iterable<ImageId>): Selection {
    const list = ids instanceof Uint32Array ? ids : Uint32Array.from(ids);
    const bits = new Uint32Array((list.reduce((most, id) => Math.max(most, id), 0) >>> 5) + 1);
    for (const id of list) bits[id >>> 5] = (bits[id >>> 5] ?? 0) | (1 << (id & 31));
    return new Selection(bits);
  }

  has(id: ImageId): boolean {
    return ((this.#bits[id >>> 5] ?? 0) & (1 << (id & 31))) !== 0;
  }

  /** Toggles these ids. Costs O(`ids`). */
  toggled(ids: readonly ImageId[]): Selection {
    const most = ids.reduce((most, id) => Math.max(most, id), 0);
    const bits = new Uint32Array(Math.max(this.#bits.length, (most >>> 5) + 1));
    bits.set(this.#bits);
    let { size } = this;
    for (const id of ids) {
      const word = (bits[id >>> 5] ?? 0) ^ (1 << (id & 31));
      bits[id >>> 5] = word;
      size += (word & (1 << (id & 31))) !== 0 ? 1 : -1;
    }
    return new Selection(bits, size);
  }

  /** The intersection with `ids`; returns itself if nothing changes. */
  within(ids: Iterable<ImageId>): Selection {
    const others = Selection.of(ids).#bits;
    const common = new Selection(this.#bits.map((word, place) => word & (others[place] ?? 0)));
    return common.size === this.size ? this : common;
  }

  /** In order of ids. */
  *[Symbol.iterator](): Iterator<ImageId> {
    for (const [place, word] of this.#bits.entries()) {
      for (let left = word; left !== 0; left &= left - 1) yield place * 32 + 31 - Math.clz32(left & -left);
    }
  }
}

function ones(word: number): number {
  let count = 0;
  for (let left = word; left !== 0; left &= left - 1) count += 1;
  return count;
}
