import type { browser as english } from "../en/browser";
import { byteCount, count } from "../format";
import type { Translation } from "../translation";

const photos = (number: number) => `${count(number)} ${number === 1 ? "archivo" : "archivos"}`;

export const browser: Translation<typeof english> = {
  readOnly: "Solo lectura",
  readOnlyNote: "Puedes mirar, comparar y exportar. Aquí no se puede cambiar nada.",
  readOnlyPlan: "Solo lectura: aquí no se puede iniciar ninguna ejecución.",
  emptyReadOnly:
    "Esta biblioteca aún no tiene fotos, y aquí no se puede añadir nada: está abierta en modo de solo lectura.",
  lost: "Reconectando… No se puede cambiar nada hasta que Fieldmark vuelva a responder.",
  signedOut: "Sesión cerrada: abre un enlace nuevo de fieldmark serve. Esta ventana continuará después.",
  add: "Añadir fotos",
  chooseFiles: "Elegir archivos…",
  addFolder: "Añadir carpeta…",
  dropTitle: "Suelta aquí fotos o carpetas",
  dropHint: "Suelta fotos o carpetas en cualquier punto de esta ventana. Se envían al servidor.",
  dropNote: "Cada carpeta se convierte en una colección. Las fotos se envían al servidor.",
  welcomeNote: "JPEG, PNG, WebP, GIF, TIFF, BMP, también en subcarpetas. Se copian en la biblioteca del servidor.",
  upload: {
    label: "Subiendo",
    progress: (sent, total, sentBytes, totalBytes) =>
      `Subiendo ${count(sent)} de ${photos(total)}, ${byteCount(sentBytes)} de ${byteCount(totalBytes)}`,
    cancel: "Cancelar",
    cancelled: "Subida cancelada. No se ha añadido nada.",
    failed: (why) => `La subida se ha detenido y no se ha añadido nada. ${why}`,
    nothing: "No había nada que añadir.",
  },
  folders: {
    title: "Añadir una carpeta del servidor",
    none: "Este servidor no ofrece carpetas. Inícialo con `fieldmark serve --root CARPETA` para añadir las fotos de esa carpeta, o sube fotos de este equipo.",
    all: "Carpetas del servidor",
    up: "Subir un nivel",
    list: "Carpetas",
    inside: (images) =>
      images === 0
        ? "Ninguna foto directamente en esta carpeta. También se añaden las de sus subcarpetas."
        : `${count(images)} ${images === 1 ? "foto" : "fotos"} directamente en esta carpeta. También se añaden las de sus subcarpetas.`,
    noFolders: "Aquí no hay carpetas",
    choose: "Elige una carpeta.",
    add: "Añadir esta carpeta",
  },
  download: "Descargar",
};
