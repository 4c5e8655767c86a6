/** Parses typed whole numbers. */

/** `count` is null if nothing or something invalid is typed. */
export interface TypedCount {
  count: number | null;
  isWrong: boolean;
}

/** "8", " 8 ", "2,000,000" and "2.000.000"; an empty field is valid and has no count. */
export function typedCount(typed: string, least: number, most: number): TypedCount {
  const digits = typed.trim().replaceAll(/[.,](?=\d{3}(?!\d))/gu, "");
  if (digits === "") return { count: null, isWrong: false };
  const number = Number(digits);
  return /^\d+$/u.test(digits) && number >= least && number <= most
    ? { count: number, isWrong: false }
    : { count: null, isWrong: true };
}

/** Range of the concurrency setting. */
export const MIN_AT_ONCE = 1;
export const MAX_AT_ONCE = 64;
