/** Sums of money as people type them. */
import type { PicoDollars } from "../ipc/bindings";

/** `amount` is null when nothing is typed, and when what is typed is no sum that can be meant. */
export type TypedMoney =
  { amount: PicoDollars | null; problem: null } | { amount: null; problem: "no_money" | "not_positive" | "too_much" };

const PICO_DIGITS = 12;
const PICO_DOLLARS = 10 ** PICO_DIGITS;
const MOST_DOLLARS = 1_000_000;

/** Thousands are parted only before a decimal sign of the other kind: "1,234" alone is the smaller of its two readings. */
const SUM = /^(-?)(?:(\d{1,3}(?:,\d{3})+)\.(\d+)|(\d{1,3}(?:\.\d{3})+),(\d+)|(\d*)(?:[.,](\d*))?)$/u;

/** "0.60", "$0.60", "0,60", "1,234.50" and "1.234,50 $" as pico-dollars; more than twelve digits after the point are cut off. */
export function typedMoney(text: string): TypedMoney {
  const typed = text.replaceAll(/[\s$]/gu, "");
  if (text.trim() === "") return { amount: null, problem: null };
  const found = SUM.exec(typed);
  if (!found || !/\d/u.test(typed)) return { amount: null, problem: "no_money" };
  const [, sign, byCommas, afterPoint, byPoints, afterComma, plain, afterPlain] = found;
  const dollars = Number((byCommas ?? byPoints ?? plain ?? "").replaceAll(/[.,]/gu, ""));
  const fraction = (afterPoint ?? afterComma ?? afterPlain ?? "").padEnd(PICO_DIGITS, "0").slice(0, PICO_DIGITS);
  const amount = dollars * PICO_DOLLARS + Number(fraction);
  if (sign === "-" || amount === 0) return { amount: null, problem: "not_positive" };
  return amount > MOST_DOLLARS * PICO_DOLLARS ? { amount: null, problem: "too_much" } : { amount, problem: null };
}
