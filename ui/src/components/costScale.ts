/** The scale of quote whiskers: logarithmic, because prices of models differ by factors. */
import type { Dollars } from "../api/bindings";

/** Smaller costs are not distinguished. */
const MIN: Dollars = 1e-9;

export interface CostScale {
  from: Dollars;
  to: Dollars;
}

/** Position of a cost on the scale, 0 to 1. */
export function shareOnScale(cost: Dollars, scale: CostScale): number {
  const from = Math.log(Math.max(MIN, scale.from));
  const to = Math.log(Math.max(2 * MIN, scale.to));
  const share = to > from ? (Math.log(Math.max(MIN, cost)) - from) / (to - from) : 0.5;
  return Math.min(1, Math.max(0, share));
}

/** Closer to an end than this share of the scale, a label would overflow. */
const MARGIN = 0.1;

/** At most `most` powers of ten on the scale, evenly spaced and not too close to its ends. */
export function powersOfTen({ from, to }: CostScale, most: number): Dollars[] {
  const [low, high] = [Math.log10(Math.max(MIN, from)), Math.log10(Math.max(MIN, to))];
  const first = Math.ceil(low + (high - low) * MARGIN);
  const last = Math.floor(high - (high - low) * MARGIN);
  const step = Math.max(1, Math.ceil((last - first + 1) / most));
  const powers: Dollars[] = [];
  for (let exponent = first; exponent <= last; exponent += step) powers.push(10 ** exponent);
  return powers;
}
