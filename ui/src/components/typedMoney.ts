/** Parses typed amounts of money. */
import type { Dollars } from "../api/bindings";

/** `amount` is null if nothing or something invalid is typed. */
export type TypedMoney =
  { amount: Dollars | null; problem: null } | { amount: null; problem: "no_money" | "not_positive" | "too_much" };

/** More digits are cut off. */
const MAX_DIGITS = 12;
const MAX_DOLLARS = 1_000_000;

/** Thousands separators only before a decimal sign of the other kind: "1,234" alone is read as the smaller value. */
const SUM = /^(-?)(?:(\d{1,3}(?:,\d{3})+)\.(\d+)|(\d{1,3}(?:\.\d{3})+),(\d+)|(\d*)(?:[.,](\d*))?)$/u;

/** "0.60", "$0.60", "0,60", "1,234.50" and "1.234,50 $" in dollars; more than twelve decimals are cut off. */
export function typedMoney(text: string): TypedMoney {
  const typed = text.replaceAll(/[\s$]/gu, "");
  if (text.trim() === "") return { amount: null, problem: null };
  const found = SUM.exec(typed);
  if (!found || !/\d/u.test(typed)) return { amount: null, problem: "no_money" };
  const [, sign, byCommas, afterPoint, byPoints, afterComma, plain, afterPlain] = found;
  const whole = (byCommas ?? byPoints ?? plain ?? "").replaceAll(/[.,]/gu, "");
  const fraction = (afterPoint ?? afterComma ?? afterPlain ?? "").slice(0, MAX_DIGITS);
  const amount = Number(`${whole}.${fraction}0`);
  if (sign === "-" || amount === 0) return { amount: null, problem: "not_positive" };
  return amount > MAX_DOLLARS ? { amount: null, problem: "too_much" } : { amount, problem: null };
}
