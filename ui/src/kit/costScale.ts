/** The scale of quote whiskers: logarithmic, because models differ by factors, not by sums. */
import type { Dollars } from "../ipc/bindings";

/** Less is not told apart on a scale. */
const LEAST: Dollars = 1e-9;

export interface CostScale {
  from: Dollars;
  to: Dollars;
}

/** Where a cost is on the scale, from 0 to 1. */
export function shareOnScale(cost: Dollars, scale: CostScale): number {
  const from = Math.log(Math.max(LEAST, scale.from));
  const to = Math.log(Math.max(2 * LEAST, scale.to));
  const share = to > from ? (Math.log(Math.max(LEAST, cost)) - from) / (to - from) : 0.5;
  return Math.min(1, Math.max(0, share));
}

/** Nearer to an end of the scale than this share of it, a power's label would reach beyond. */
const MARGIN = 0.1;

/** Powers of ten on the scale, as few of them as `most`, at even steps, none too near to its ends. */
export function powersOfTen({ from, to }: CostScale, most: number): Dollars[] {
  const [low, high] = [Math.log10(Math.max(LEAST, from)), Math.log10(Math.max(LEAST, to))];
  const first = Math.ceil(low + (high - low) * MARGIN);
  const last = Math.floor(high - (high - low) * MARGIN);
  const step = Math.max(1, Math.ceil((last - first + 1) / most));
  const powers: Dollars[] = [];
  for (let exponent = first; exponent <= last; exponent += step) powers.push(10 ** exponent);
  return powers;
}
