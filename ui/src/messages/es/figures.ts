import type { Words } from "../words";
import type { figures as english } from "../en/figures";

export const figures: Words<typeof english> = {
  under: (figure) => `menos de ${figure}`,
  andMore: (names, more) => `${names} y ${more} más`,
};
