import type { ModelQuality } from "../../api/bindings";
import type { savings as english } from "../en/savings";
import { count, duration } from "../format";
import type { Translation } from "../translation";

const images = (number: number) => `${count(number)} ${number === 1 ? "imagen" : "imágenes"}`;

/** How often people agreed with a model, and with the one that it replaces. */
function quality(name: string, own: ModelQuality | null, other: string, its: ModelQuality | null): string {
  if (own === null) return "Calidad no medida.";
  const accepted = ({ accepted: yes, decided }: ModelQuality) => `el ${count(Math.round((yes / decided) * 100))} %`;
  const of = `de ${count(own.decided)} anotaciones de ${name}`;
  return its === null
    ? `Se aceptó sin cambios ${accepted(own)} ${of}.`
    : `Se aceptó sin cambios ${accepted(own)} ${of}, y ${accepted(its)} de las de ${other}.`;
}

export const savings: Translation<typeof english> = {
  title: "Gastar menos",
  note: (number, model) =>
    `cada medida por sí sola, para ${number === 1 ? "esta" : "estas"} ${images(number)} y ${model}`,
  saves: (amount) => `ahorra ${amount}`,
  savesOfBound: (amount) => `límite ${amount} menor`,
  use: "Usar",
  useThis: (title) => `Usar: ${title}`,
  undo: "Deshacer",
  undoThis: (title) => `Deshacer: ${title}`,
  time: (longerMillis) =>
    longerMillis < 0 ? `Tarda ${duration(-longerMillis)} menos.` : `Tarda ${duration(longerMillis)} más.`,
  changes: (change) => {
    switch (change.kind) {
      case "batch":
        return {
          title: "Ejecutar en lotes",
          effect: "Al precio por lotes del proveedor; los resultados llegan en 24 horas.",
        };
      case "skip_similar":
        return {
          title: `Omitir ${count(change.images)} ${change.images === 1 ? "casi duplicada" : "casi duplicadas"}`,
          effect: "Se envía una imagen de cada grupo y sus anotaciones se proponen para las demás.",
        };
      case "smaller_images":
        return {
          title: `Enviar a ${count(change.longest_edge)} px, no a ${count(change.instead_of)}`,
          effect: "Menos tokens de imagen; pueden pasarse por alto objetos pequeños.",
        };
      case "cheaper_model":
        return {
          title: `Usar ${change.name}, no ${change.instead_of}`,
          effect: quality(change.name, change.quality, change.instead_of, change.quality_now),
        };
      case "fewer_examples":
        return {
          title:
            change.count === 0
              ? "No mostrar ejemplos"
              : `Mostrar ${count(change.count)} de ${count(change.of)} ${change.of === 1 ? "ejemplo" : "ejemplos"}`,
          effect: "Instrucciones más cortas; las respuestas pueden seguir menos los ejemplos.",
        };
      case "max_tokens":
        return {
          title: `Limitar las respuestas a ${count(change.tokens)} tokens`,
          effect:
            change.longest === null
              ? "Solo limita el peor caso: las respuestas más largas se cortan y no se piden de nuevo."
              : `Solo limita el peor caso: las respuestas más largas se cortan. La más larga hasta ahora tuvo ${count(change.longest)} tokens.`,
        };
    }
  },
  without: (reason) => {
    switch (reason.kind) {
      case "cached":
        return `Las instrucciones (unos ${count(reason.instruction_tokens)} tokens) ya se leen de la caché.`;
      case "too_short_to_cache":
        return `Las instrucciones (unos ${count(reason.instruction_tokens)} tokens) son demasiado cortas para la caché, que admite ${count(reason.least_tokens)} o más.`;
      case "not_cached":
        return `No se cuenta con la caché: las instrucciones (unos ${count(reason.instruction_tokens)} tokens) se cuentan enteras.`;
      case "low_effort":
        return "Al modelo ya se le pide el menor esfuerzo.";
      case "no_effort":
        return "El esfuerzo de este modelo no se puede elegir.";
      case "no_batches":
        return "El proveedor no tiene lotes.";
      case "not_in_batches":
        return "Sin lotes: una imagen de esta receta puede necesitar varias peticiones, que se envían en directo.";
    }
  },
};
