/** The value that all items share; null if they differ. */
export function commonOf<Each, Value extends string>(
  all: readonly Each[],
  valueOf: (each: Each) => Value,
): Value | null {
  const [first, ...others] = all.map(valueOf);
  return first === undefined || others.some((other) => other !== first) ? null : first;
}
