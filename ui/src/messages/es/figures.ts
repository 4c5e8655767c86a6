import type { Translation } from "../translation";
import type { figures as english } from "../en/figures";

export const figures: Translation<typeof english> = {
  under: (figure) => `menos de ${figure}`,
  andMore: (names, more) => `${names} y ${more} más`,
};
