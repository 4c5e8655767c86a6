import type { screens as english } from "../en/screens";
import type { Translation } from "../translation";

export const screens: Translation<typeof english> = {
  library: { name: "Biblioteca", open: "Ir a la biblioteca" },
  plan: { name: "Plan", open: "Ir al plan" },
  run: { name: "Ejecución", open: "Ir a la ejecución" },
  review: { name: "Revisión", open: "Ir a la revisión" },
  history: { name: "Historial", open: "Ir al historial" },
  compare: { name: "Comparación", open: "Comparar ejecuciones" },
  evaluate: { name: "Evaluación", open: "Evaluar ejecuciones con datos de referencia" },
  spend: { name: "Gasto", open: "Ir al gasto" },
  audit: { name: "Muestra" },
  recipe: { name: "Receta" },
  settings: { name: "Ajustes", open: "Ir a los ajustes" },
};
