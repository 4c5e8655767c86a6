/** What is the same of all of several; null where they differ. */
export function commonOf<Each, Said extends string>(all: readonly Each[], said: (each: Each) => Said): Said | null {
  const [first, ...others] = all.map(said);
  return first === undefined || others.some((other) => other !== first) ? null : first;
}
