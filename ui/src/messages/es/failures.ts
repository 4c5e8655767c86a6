import type { failures as english } from "../en/failures";
import type { Translation } from "../translation";

export const failures: Translation<typeof english> = {
  file_missing: "Falta el archivo",
  file_unreadable: "Archivo ilegible",
  model_failed: "Sin respuesta",
  expired: "Lote caducado",
  refused: "Imagen rechazada",
  declined: "El modelo se negó",
  cut_off: "Respuesta cortada",
  answer_unreadable: "Respuesta ilegible",
  answer_unusable: "Respuesta inservible",
  coordinates_as_fractions: "Coordenadas 0..1",
  coordinates_as_thousandths: "Coordenadas 0..1000",
  internal_error: "Error interno",
};
