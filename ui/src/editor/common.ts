/** The value that all items share; null if they differ. */
export function commonOf<Each, Said extends string>(all: readonly Each[], said: (each: Each) => Said): Said | null {
  const [first, ...others] = all.map(said);
  return first === undefined || others.some((other) => other !== first) ? null : first;
}
