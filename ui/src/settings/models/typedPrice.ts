/** Typed prices of a million tokens: like other amounts of money, but they may be zero. */
import type { Dollars } from "../../api/bindings";
import { typedMoney } from "../../components/typedMoney";
import { decimal } from "../../messages/format";

/** The core keeps whole pico-dollars a token. */
const MAX_DIGITS = 6;

/** Null for what is no price, or has more digits than are kept. */
export function typedPrice(text: string): Dollars | null {
  const typed = text.trim();
  if (/^\$?0+(?:[.,]0*)?$/u.test(typed)) return 0;
  const { amount } = typedMoney(typed);
  return amount !== null && Number(amount.toFixed(MAX_DIGITS)) === amount ? amount : null;
}

/** With the decimal mark of the language, and no other. */
export function textOfPrice(price: Dollars | null): string {
  const mark = decimal(0.5).charAt(1);
  return price === null ? "" : String(Number(price.toFixed(MAX_DIGITS))).replace(".", mark);
}
