import type { builtIn as english } from "../en/builtIn";
import type { Translation } from "../translation";

export const builtIn: Translation<typeof english> = {
  recipes: {
    "Everyday objects": "Objetos cotidianos",
    "Bird vocabulary, Spanish and English": "Vocabulario de aves, español e inglés",
  },
  models: { "Built-in detector": "Detector integrado" },
};
