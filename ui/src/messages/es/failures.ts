import type { FailureKind } from "../../ipc/bindings";

/** Why an image failed, in two words. */
export const failures: Record<FailureKind, string> = {
  file_missing: "Falta el archivo",
  file_unreadable: "Archivo ilegible",
  model_failed: "Sin respuesta",
  refused: "Imagen rechazada",
  declined: "El modelo declinó",
  cut_off: "Respuesta cortada",
  answer_unreadable: "Respuesta ilegible",
};
