import type { tour as english } from "../en/tour";
import type { Translation } from "../translation";
import { here } from "../place.svelte";

export const tour: Translation<typeof english> = {
  title: "Recorrido",
  place: (step, steps) => `${step} de ${steps}`,
  next: "Siguiente",
  done: "Listo",
  skip: "Omitir el recorrido",
  startRun: "Pulsa Anotar para empezar: el detector integrado funciona aquí y no cuesta nada. El recorrido sigue allí.",
  toRun: "Entendido",
  waitForAnswers: "El siguiente paso llega cuando se anote la primera imagen.",
  steps: {
    drop: {
      title: "Añade fotos aquí",
      get text() {
        return here(
          "Suelta carpetas en cualquier punto de la ventana. Las fotos se quedan donde están y solo se leen.",
          "Suelta carpetas en cualquier punto de la ventana para enviarlas al servidor, o elige carpetas que ya están en él.",
        );
      },
    },
    plan: {
      title: "El coste, por adelantado",
      text: "Elige qué encontrar y un modelo. El tiempo y el coste de justo estas imágenes se ven antes de ejecutar nada.",
    },
    run: {
      title: "Déjalo en marcha",
      get text() {
        return here(
          "Pausa, reanuda o cierra la ventana: cada respuesta se guarda según llega y nada se paga dos veces.",
          "Pausa, reanuda o cierra esta página: el servidor sigue, cada respuesta se guarda según llega y nada se paga dos veces.",
        );
      },
    },
    review: {
      title: "Decide con dos teclas",
      text: "Primero van las anotaciones más inciertas. Una tecla acepta, otra rechaza, y ambas pasan a la siguiente; toda decisión se puede deshacer.",
    },
    export: {
      title: "Exporta los datos",
      get text() {
        const end = here("para guardarlas o arrastrarlas a otro programa", "para descargarlas");
        return `Aquí queda cada ejecución con su coste y sus métricas. Exportar escribe sus anotaciones como COCO, YOLO, CSV y otros formatos, ${end}.`;
      },
    },
  },
};
