import { count } from "../format";
import type { Translation } from "../translation";
import type { menus as english } from "../en/menus";

const images = (number: number) => `${count(number)} ${number === 1 ? "imagen" : "imágenes"}`;
const several = (text: string, number: number) => (number === 1 ? text : `${text} ${count(number)}`);

export const menus: Translation<typeof english> = {
  image: "Imagen",
  images,
  photo: "Foto",
  annotation: "Anotación",
  review: (number) => several("Revisar", number),
  annotate: (number) => (number === 1 ? "Anotar…" : `Anotar ${images(number)}…`),
  showFile: "Mostrar en la carpeta",
  copyPath: "Copiar la ruta",
  pathCopied: "Ruta copiada",
  noPath: "No queda ningún archivo de esta imagen.",
  info: "Información",
  remove: (number) => several("Quitar de la biblioteca", number),
  removed: (number) =>
    `${images(number)} ${number === 1 ? "quitada" : "quitadas"} de la biblioteca. Los archivos no se tocan.`,
  restored: (number) => `${images(number)} ${number === 1 ? "restaurada" : "restauradas"}`,
  rename: "Cambiar la etiqueta…",
  accept: (number) => several("Aceptar", number),
  reject: (number) => several("Rechazar", number),
  delete: (number) => several("Eliminar", number),
  duplicate: (number) => several("Duplicar", number),
  fit: "Ajustar",
  full: "Zoom al 100 %",
  hide: "Ocultar las anotaciones",
  show: "Mostrar las anotaciones",
  tools: "Herramientas",
};
