/** The scale of quote whiskers: logarithmic, because models differ by factors, not by sums. */
import type { PicoDollars } from "../ipc/bindings";

export interface CostScale {
  from: PicoDollars;
  to: PicoDollars;
}

/** Where a cost is on the scale, from 0 to 1. */
export function shareOnScale(cost: PicoDollars, scale: CostScale): number {
  const from = Math.log(Math.max(1, scale.from));
  const to = Math.log(Math.max(2, scale.to));
  const share = to > from ? (Math.log(Math.max(1, cost)) - from) / (to - from) : 0.5;
  return Math.min(1, Math.max(0, share));
}

/** Nearer to an end of the scale than this share of it, a power's label would reach beyond. */
const MARGIN = 0.1;

/** Powers of ten on the scale, as few of them as `most`, at even steps, none too near to its ends. */
export function powersOfTen({ from, to }: CostScale, most: number): PicoDollars[] {
  const [low, high] = [Math.log10(Math.max(1, from)), Math.log10(Math.max(1, to))];
  const first = Math.ceil(low + (high - low) * MARGIN);
  const last = Math.floor(high - (high - low) * MARGIN);
  const step = Math.max(1, Math.ceil((last - first + 1) / most));
  const powers: PicoDollars[] = [];
  for (let exponent = first; exponent <= last; exponent += step) powers.push(10 ** exponent);
  return powers;
}
