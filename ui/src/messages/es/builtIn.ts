import type { builtIn as english } from "../en/builtIn";
import type { Translation } from "../translation";

export const builtIn: Translation<typeof english> = {
  recipes: {
    "Everyday objects": "Objetos cotidianos",
    "Bird vocabulary, Spanish and English": "Vocabulario de aves, español e inglés",
    "Camera trap": "Cámara trampa",
    "Retail shelf": "Estante de tienda",
    "Product defects": "Defectos de producto",
    Documents: "Documentos",
    "Street scene": "Escena urbana",
    "Image quality": "Calidad de imagen",
    "Alt text": "Texto alternativo",
  },
  models: { "Built-in detector": "Detector integrado" },
};
