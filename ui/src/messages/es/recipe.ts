import type { RecipeSource, ShapeKind } from "../../api/bindings";
import type { recipe as english } from "../en/recipe";
import { count, moment, names, pixels } from "../format";
import type { Translation } from "../translation";
import { visible } from "../visible";

const shapes: Record<ShapeKind, string> = {
  box: "recuadros",
  point: "puntos",
  polygon: "polígonos",
  image_tag: "etiquetas de imagen",
  caption: "descripciones",
};

const programs: Record<RecipeSource, string> = {
  recipe_file: "Fieldmark",
  cvat: "CVAT",
  label_studio: "Label Studio",
  coco: "COCO",
  yolo: "YOLO",
  list: "una lista",
};

export const recipe: Translation<typeof english> = {
  title: "Receta",
  back: "Volver al plan",
  yours: "Tus recetas",
  builtIn: "Integradas",
  builtInNote: "Al guardar una receta integrada se crea una copia tuya.",
  add: "Nueva receta",
  untitled: "Nueva receta",
  version: (version) => `v${count(version)}`,
  changed: "Modificada",
  name: "Nombre",
  edit: "Editar la receta",
  save: "Guardar",
  saveVersion: (version) => `Guardar como v${count(version)}`,
  saveCopy: "Guardar una copia",
  discard: "Descartar cambios",
  duplicate: "Duplicar",
  delete: "Borrar la receta",
  saved: (name, version) => `${name}: guardada como versión ${count(version)}`,
  again: (name, version) => `${name}: la versión ${count(version)} vuelve a ser la actual`,
  deleted: (name) => `Receta borrada: ${name}`,
  restored: (name) => `Receta recuperada: ${name}`,
  import: "Importar un archivo",
  importNote:
    "Un archivo de receta, etiquetas de CVAT, una configuración de Label Studio, categorías de COCO, data.yaml de YOLO o una lista",
  copyFile: "Copiar como archivo",
  copied: "El archivo de la receta está en el portapapeles",
  importedFrom: (source) => `Importada de ${programs[source]}. Aún sin guardar.`,
  remarks: "Cambiado o no importado",
  remark: ({ about, remark }) => {
    const said = ((): string => {
      switch (remark.kind) {
        case "setting_not_imported":
          return `se omite el ajuste «${remark.setting}»`;
        case "shape_not_imported":
          return `se omiten las anotaciones de tipo «${remark.shape}»`;
        case "shape_changed":
          return `«${remark.shape}» pasa a ${shapes[remark.became]}`;
        case "changed":
          return `pasa a «${remark.became}»`;
        case "of_all_labels":
          return "era de algunas etiquetas y ahora es de todas";
        case "duplicate_not_imported":
          return "duplicada: solo se importa la primera";
        case "entry_not_imported":
          return `«${remark.entry}» no tiene nombre y se omite`;
      }
    })();
    return about === "" ? said : `${about}: ${said}`;
  },

  versions: "Versiones",
  versionNote: (runs, savedAt) =>
    [
      ...(savedAt === null ? [] : [moment(savedAt)]),
      runs === 0 ? "sin usar" : `usada en ${count(runs)} ${runs === 1 ? "ejecución" : "ejecuciones"}`,
    ].join(", "),
  current: "actual",
  restoreVersion: (version) => `Recuperar la versión ${count(version)}`,

  shapes: "Formas",
  language: "Idioma de la respuesta",
  languages: {
    "": "A elección del modelo",
    en: "Inglés",
    es: "Español",
    de: "Alemán",
    fr: "Francés",
    it: "Italiano",
    pt: "Portugués",
    ja: "Japonés",
    zh: "Chino",
  },

  labels: "Etiquetas",
  addLabel: "Añadir etiqueta",
  paste: "Pegar una lista",
  pasteNote: "Una etiqueta por línea, o separadas por comas. Tras dos puntos puede ir una definición.",
  pasted: (added, skipped) =>
    `${count(added)} ${added === 1 ? "etiqueta añadida" : "etiquetas añadidas"}, ${count(skipped)} omitidas por estar repetidas`,
  pasteAdd: "Añadir etiquetas",
  noLabels: "Aún no hay etiquetas",
  definition: "Definición",
  definitionHint: "Qué cuenta y qué no, como lo lee el modelo",
  synonyms: "Sinónimos",
  synonymsHint: "Otros nombres, separados por comas",
  parent: "Superior",
  noParent: "Ninguna",
  color: "Color",
  colorName: (color) => `Color ${count(color)}`,
  key: "Tecla",
  noKey: "Ninguna",
  done: "Listo",
  editLabel: "Editar la etiqueta",
  deleteLabel: "Borrar etiqueta",
  moveUp: "Subir",
  moveDown: "Bajar",

  attributes: "Atributos",
  addAttribute: "Añadir atributo",
  noAttributes: "Sin atributos",
  of: "Describe",
  subjects: { annotation: "Anotación", image: "Imagen" },
  kind: "Tipo",
  kinds: { text: "Texto", number: "Número", choice: "Una de", several_of: "Varias de", yes_no: "Sí o no" },
  kindOf: (kind) => {
    switch (kind.kind) {
      case "text":
        return "Texto";
      case "number":
        return `Número, de ${count(kind.min)} a ${count(kind.max)}`;
      case "choice":
        return `Una de ${count(kind.options.length)}`;
      case "several_of":
        return `Varias de ${count(kind.options.length)}`;
      case "yes_no":
        return "Sí o no";
    }
  },
  question: "Pregunta",
  questionHint: "Qué dice el atributo, como lo lee el modelo",
  options: "Opciones",
  optionsHint: "Separadas por comas",
  min: "Desde",
  max: "Hasta",
  required: "Obligatorio",
  editAttribute: "Editar el atributo",
  deleteAttribute: "Borrar atributo",

  instructions: "Instrucciones",
  instructionsHint: "Lo demás que el modelo deba saber",
  requestsTitle: "Peticiones",
  requestsNote: "cada una consume sus propios tokens",
  tiles: "Objetos pequeños: enviar también las fotos grandes por partes",
  tilesNote:
    "Cada parte se envía como una imagen aparte, además de la foto entera, y los resultados se combinan. Una foto que el modelo ve a tamaño completo no se divide.",
  tileEdge: "Tamaño",
  tileEdgeUnit: "px",
  tileOverlap: "Solape",
  tilesAtMost: "Máximo",
  tilesAtMostUnit: "partes",
  check: "Comprobar en una segunda petición",
  checkNote: "La misma imagen con lo encontrado: el modelo lo confirma, corrige, elimina o completa.",

  examplesTitle: "Ejemplos",
  examplesNote: "el modelo los ve antes de cada foto",
  addExamples: (number) =>
    number === 0
      ? "Añadir fotos seleccionadas"
      : number === 1
        ? "Añadir la foto seleccionada"
        : `Añadir ${count(number)} fotos seleccionadas`,
  selectFirst: "Selecciona fotos en la biblioteca para añadirlas aquí.",
  noExamples:
    "Sin ejemplos. Las fotos con sus anotaciones muestran al modelo lo que quieres; una foto sin anotaciones muestra lo que no hay que anotar.",
  exampleNumber: (number) => `Ejemplo ${count(number)}`,
  exampleOf: (annotations) =>
    annotations === 0 ? "Sin anotaciones" : annotations === 1 ? "1 anotación" : `${count(annotations)} anotaciones`,
  examplesKnown: (number) => (number === 1 ? "1 foto ya es un ejemplo" : `${count(number)} fotos ya son ejemplos`),
  photoMissing: "Foto no disponible",
  removeExample: (name) => `Quitar el ejemplo ${name}`,
  exampleTokens: (examples, tokens) =>
    `${count(examples)} ${examples === 1 ? "ejemplo" : "ejemplos"}: unos ${count(tokens)} tokens con cada foto`,

  sent: "Lo que se envía",
  sentNote: "con cada foto",
  model: "Modelo",
  copy: "Copiar",
  prompt: "Instrucción",
  schema: "Esquema JSON",
  furtherRequests: (photo, requests) =>
    requests === 1
      ? `1 petición por una foto de ${pixels(photo)}`
      : `${count(requests)} peticiones por una foto de ${pixels(photo)}`,
  tileText: "Junto a cada parte",
  checkText: "Segunda petición",
  checkTextNote: "Con una anotación como ejemplo",
  tokens: (number) => `unos ${count(number)} tokens`,
  tokensNote: (atMost) => `Estimación por la longitud del texto; nunca más de ${count(atMost)}`,
  nothingSent: "Este modelo no recibe instrucciones: busca las etiquetas que conoce.",
  noModel: "Abre antes el plan con alguna imagen para elegir un modelo.",
  cannotDo: "Lo que este modelo no puede hacer con la receta",
  canDoAll: "Este modelo puede hacer todo lo de la receta.",
  tryOnOne: "Probar con una foto",
  tryNote: "Guarda la receta y prepara el plan de una imagen, con su coste",

  problem: (problem) => {
    switch (problem.kind) {
      case "empty_name":
        return "Falta un nombre";
      case "long_name":
        return `Un nombre tiene más de ${count(problem.limit)} caracteres`;
      case "hidden_characters":
        return `«${visible(problem.name)}» tiene caracteres ocultos`;
      case "duplicate_name":
        return `«${problem.name}» está dos veces`;
      case "reserved_name":
        return `«${problem.name}» se reserva para los atributos de la imagen`;
      case "unknown_parent":
        return `La superior «${problem.parent}» no es una etiqueta de esta receta`;
      case "parent_cycle":
        return "Una etiqueta no puede estar debajo de sí misma";
      case "invalid_key":
        return `«${problem.key}» no es una cifra del 1 al 9 ni una letra`;
      case "duplicate_key":
        return `La tecla ${problem.key} se usa dos veces`;
      case "invalid_color":
        return "El color no está en la paleta";
      case "min_above_max":
        return `${count(problem.min)} es mayor que ${count(problem.max)}`;
      case "too_few_options":
        return "Hacen falta al menos dos opciones";
      case "empty_option":
        return "Hay una opción vacía";
      case "duplicate_option":
        return `La opción «${problem.option}» está dos veces`;
      case "no_shapes":
        return "Elige una forma o añade un atributo de la imagen";
      case "duplicate_shape":
        return "Hay una forma repetida";
      case "no_labels":
        return "Añade una etiqueta";
      case "invalid_language":
        return `«${problem.language}» no es un código de idioma`;
      case "too_many_examples":
        return `Más de ${count(problem.limit)} ejemplos`;
      case "no_photo":
        return "El ejemplo no tiene foto";
      case "unknown_label":
        return `«${problem.label}» no es una etiqueta de esta receta`;
      case "other_shape":
        return `La receta no tiene ${shapes[problem.shape]}`;
      case "outside_photo":
        return "Una anotación queda fuera de la foto";
      case "unknown_attribute":
        return `«${problem.name}» no es un atributo de esta receta`;
      case "invalid_tiles":
        return "Las partes miden de 128 a 16.384 px, se solapan como mucho un 50 % y son de 1 a 256";
      case "nothing_in_tiles":
        return "Dividir la foto solo sirve para recuadros, puntos o polígonos";
    }
  },
  names: (all) => names(all, 4),
};
