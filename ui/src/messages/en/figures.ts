/** Words within formatted numbers. They format nothing, so that `format.ts` can use them. */
export const figures = {
  under: (figure: string) => `under ${figure}`,
  andMore: (names: string, more: string) => `${names} and ${more} more`,
};
