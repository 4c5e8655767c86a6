import type { Translation } from "../translation";
import type { smart as english } from "../en/smart";

export const smart: Translation<typeof english> = {
  title: "Colecciones inteligentes",
  save: "Guardar búsqueda…",
  saveTitle: "Guardar la búsqueda como colección inteligente",
  name: "Nombre",
  confirm: "Guardar",
  saved: (name) => `«${name}» guardada`,
  rename: "Cambiar el nombre",
  plan: "Planificar una ejecución…",
  update: "Actualizar con la búsqueda actual",
  updated: (name) => `«${name}» tiene ahora la búsqueda actual`,
  delete: "Eliminar",
  deleted: (name) => `«${name}» eliminada`,
  restored: (name) => `«${name}» restaurada`,
};
