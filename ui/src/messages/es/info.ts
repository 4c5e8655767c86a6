import { count, decimal } from "../format";
import type { Translation } from "../translation";
import type { info as english } from "../en/info";

const seconds = (value: number) => (value < 0.3 ? `1/${String(Math.round(1 / value))} s` : `${decimal(value)} s`);
const degrees = (value: number) => `${decimal(Math.abs(value), 5)}°`;

export const info: Translation<typeof english> = {
  title: "Información",
  close: "Cerrar la información",
  loading: "Leyendo el archivo…",
  failed: "No se pudo leer la información.",
  camera: "Cámara",
  lens: "Objetivo",
  exposure: "Exposición",
  size: "Tamaño",
  taken: "Tomada",
  hash: "Huella (hash)",
  copyHash: "Copiar el hash",
  hashCopied: "Hash copiado",
  place: "Lugar",
  showPlace: "Ver coordenadas",
  placeNote: "Se lee del archivo. No se envía nada.",
  noPlace: "El archivo no indica el lugar.",
  files: (number) => (number === 1 ? "Archivo" : `Archivos ${count(number)}`),
  noFiles: "No se conoce ningún archivo.",
  missing: "Falta o ha cambiado",
  copyPath: (path) => `Copiar la ruta: ${path}`,
  runs: (number) => (number === 0 ? "Ejecuciones" : `Ejecuciones ${count(number)}`),
  noRuns: "Ninguna ejecución ha enviado esta imagen.",
  run: (run, model) => `Ejecución ${count(run)}, ${model}`,
  hasFailed: "con error",
  exposureOf: ({ exposure_seconds, f_number, iso, focal_length_mm }) =>
    [
      exposure_seconds === null ? null : seconds(exposure_seconds),
      f_number === null ? null : `f/${decimal(f_number)}`,
      iso === null ? null : `ISO ${String(iso)}`,
      focal_length_mm === null ? null : `${decimal(focal_length_mm)} mm`,
    ]
      .filter((part) => part !== null)
      .join(", "),
  coordinates: ({ latitude, longitude }) =>
    latitude === null || longitude === null
      ? null
      : `${degrees(latitude)} ${latitude < 0 ? "S" : "N"}, ${degrees(longitude)} ${longitude < 0 ? "O" : "E"}`,
};
