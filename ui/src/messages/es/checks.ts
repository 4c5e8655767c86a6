import type { Check } from "../../api/bindings";
import type { checks as english } from "../en/checks";
import { confidence, count } from "../format";
import type { Translation } from "../translation";

const images = (number: number) => `${count(number)} ${number === 1 ? "imagen" : "imágenes"}`;

const annotations = (number: number) => `${count(number)} ${number === 1 ? "anotación" : "anotaciones"}`;
const verb = (check: Check) => (check === "outside" ? "Recortar" : check === "misspelled" ? "Corregir" : "Rechazar");

const names: Record<Check, string> = {
  duplicate: "Duplica otra anotación",
  huge: "Más del 95 % de la imagen",
  tiny: "Menos del 0,1 % de la imagen",
  outside: "Fuera del borde",
  odd_aspect: "Proporciones inusuales",
  misspelled: "Etiqueta mal escrita",
};

const found: Record<Check, string> = {
  duplicate: "con anotaciones que duplican otra de la misma etiqueta",
  huge: "con anotaciones de más del 95 % de la imagen",
  tiny: "con anotaciones de menos del 0,1 % de la imagen",
  outside: "con anotaciones que se salen de la imagen",
  odd_aspect: "con recuadros mucho más anchos o altos que otros de su etiqueta",
  misspelled: "con etiquetas probablemente mal escritas",
};

export const checks: Translation<typeof english> = {
  names,
  group: "Errores probables",
  pending: (number) => `${images(number)} por comprobar`,
  found: (check, number) => `${images(number)} ${found[check]}`,
  repairs: (check, number) => {
    switch (check) {
      case "outside":
        return `Recortarlas en ${images(number)}`;
      case "misspelled":
        return `Corregirlas en ${images(number)}`;
      default:
        return `Rechazarlas en ${images(number)}`;
    }
  },
  ownRemoved: "Las que dibujaste tú se quitan.",
  repaired: (check, result) => {
    const where = `en ${images(result.images)}`;
    const one = result.annotations === 1;
    switch (check) {
      case "outside":
        return `${annotations(result.annotations)} ${one ? "recortada" : "recortadas"} ${where}`;
      case "misspelled":
        return `${count(result.annotations)} ${one ? "etiqueta corregida" : "etiquetas corregidas"} ${where}`;
      default:
        return `${annotations(result.annotations)} ${one ? "rechazada o quitada" : "rechazadas o quitadas"} ${where}`;
    }
  },
  ask: {
    title: (check, number) => {
      switch (check) {
        case "outside":
          return `¿Recortar anotaciones en ${images(number)}?`;
        case "misspelled":
          return `¿Corregir etiquetas en ${images(number)}?`;
        default:
          return `¿Rechazar anotaciones en ${images(number)}?`;
      }
    },
    what: (check, extent) => {
      const where = `${annotations(extent.annotations)} en ${images(extent.images)}`;
      switch (check) {
        case "outside":
          return `Se recortarán en el borde ${where}.`;
        case "misspelled":
          return `Se corregirá la etiqueta de ${where}.`;
        default:
          return `Se rechazarán ${where}.${extent.decided > 0 ? " Las que dibujaste tú se quitan." : ""}`;
      }
    },
    reviewed: ({ reviewed, images: all }) => {
      if (reviewed === 0) return all === 1 ? "La imagen no está revisada." : "Ninguna de estas imágenes está revisada.";
      if (reviewed === all)
        return all === 1 ? "La imagen está revisada." : `Las ${count(all)} imágenes están revisadas.`;
      return `${count(reviewed)} de estas imágenes ${reviewed === 1 ? "está revisada" : "están revisadas"}.`;
    },
    decided: ({ decided }) =>
      decided === 0
        ? ""
        : `${annotations(decided)} ${decided === 1 ? "fue aceptada, editada o dibujada" : "fueron aceptadas, editadas o dibujadas"} por una persona.`,
    note: (key) => `Deshacer (${key}) lo revierte todo como un solo paso.`,
    cancel: "Cancelar",
    all: (check, number) => `${verb(check)} ${annotations(number)}`,
    others: (check, number) =>
      number === 1 ? `${verb(check)} solo la otra` : `${verb(check)} solo las otras ${count(number)}`,
  },
  nothingToRepair: "No hay nada que corregir.",
  undo: "Deshacer",
  undone: (number) => `Deshecho en ${images(number)}`,
  undoneOn: (name) => `Deshecho en ${name}`,
  redone: (number) => `Rehecho en ${images(number)}`,
  redoneOn: (name) => `Rehecho en ${name}`,

  likelyMistake: "Error probable",
  why: (check, label, other) => {
    switch (check) {
      case "duplicate":
        return other === null
          ? "Duplica otra anotación."
          : `Duplica ${other.label}${other.confidence === null ? "" : ` ${confidence(other.confidence)}`}.`;
      case "huge":
        return "Cubre más del 95 % de la imagen.";
      case "tiny":
        return "Cubre menos del 0,1 % de la imagen.";
      case "outside":
        return "Se sale de la imagen.";
      case "odd_aspect":
        return `Sus proporciones son inusuales para ${label}.`;
      case "misspelled":
        return "Es probable que la etiqueta esté mal escrita.";
    }
  },
  repairAction: (repair) => {
    switch (repair.kind) {
      case "reject":
        return "Rechazarla";
      case "remove":
        return "Quitarla";
      case "crop":
        return "Recortarla en el borde";
      case "relabel":
        return `Cambiar la etiqueta a ${repair.label}`;
    }
  },
};
