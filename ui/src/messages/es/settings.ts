import type { KeyPlace } from "../../ipc/bindings";
import type { KeptKey, settings as english } from "../en/settings";
import { count } from "../format";
import type { Words } from "../words";

const keyPlaces: Record<KeyPlace, (kept: KeptKey) => string> = {
  keychain: () => "Hay una clave guardada en el llavero de este sistema.",
  session: ({ keychain_problem }) =>
    keychain_problem === null
      ? "Hay una clave en memoria, hasta cerrar Fieldmark."
      : "Hay una clave en memoria, hasta cerrar Fieldmark: no hay ningún llavero que usar.",
  variable: ({ variable }) => `La clave viene de la variable ${variable}; no se guarda.`,
  dot_env: ({ variable }) => `La clave viene de ${variable} en el archivo .env de aquí; no se guarda de nuevo.`,
  command_line: () => "La clave viene de la línea de comandos; no se guarda.",
};

export const settings: Words<typeof english> = {
  title: "Ajustes",
  parts: "Partes de los ajustes",
  claude: "Claude",
  claudeNote: "Modelos de Anthropic, o de un servidor compatible. Los precios se ven en el plan incluso sin clave.",
  source: (source, variable) => {
    if (source === "variable") return `Viene de la variable ${variable}; para cambiarlo, cambia esa.`;
    return source === "dot_env" ? `Viene de ${variable} en el archivo .env de aquí; para cambiarlo, cambia ese.` : "";
  },
  variables: { address: "ANTHROPIC_BASE_URL", model: "ANTHROPIC_MODEL", concurrency: "CONCURRENCY" },
  save: "Guardar",
  key: "Clave",
  keyIs: (kept) => (kept.key === null ? "Aún no hay ninguna clave." : keyPlaces[kept.key](kept)),
  keyOf: (action, route) => `${action}: ${route}`,
  envFile: {
    title: "La carpeta de trabajo tiene un archivo .env que aún no se usa",
    path: "Archivo",
    server: "Servidor",
    vendor: "El de Anthropic",
    endsIn: (ending) => `termina en ${ending}`,
    note: "Úsalo solo si es tuyo: las fotos van a su servidor. Se usa hasta que cambie.",
    use: "Usar este archivo",
  },
  keyFor: ({ keychain_problem }) =>
    keychain_problem === null
      ? "Va directa al llavero de este sistema y no se muestra nunca más."
      : "No hay ningún llavero que usar, así que la clave queda en memoria hasta cerrar Fieldmark.",
  keyPlaceholder: "sk-ant-…",
  keepKey: "Guardar clave",
  replaceKey: "Sustituir",
  dontReplaceKey: "Dejar la anterior",
  forgetKey: "Olvidar",
  address: "Dirección",
  addressNote: "Del servidor, sin /v1/messages. Las claves se guardan por separado para cada servidor.",
  vendorsOwn: "Usar la de Anthropic",
  model: "Modelo",
  modelNote: "Se elige en el plan cuando nadie ha elegido otro.",
  concurrency: "Imágenes a la vez",
  foundOut: "automático",
  concurrencyNote:
    "Vacío: Fieldmark averigua cuántas van bien. En todo caso va más despacio cuando el servidor lo pide.",
  concurrencyRange: (least, most) => `Un número entero de ${count(least)} a ${count(most)}.`,
  limits: "Límites por minuto",
  limitNames: {
    requests: "Peticiones",
    input_tokens: "Tokens de entrada",
    output_tokens: "Tokens de salida",
  },
  limitOf: (name) => `${name} por minuto`,
  limitsNote:
    "Vacío: se sigue lo que el servidor anuncia o rechaza. Un número aquí también se respeta, por ejemplo para dejar sitio a otros en la cuenta.",
  limitWrong: "Un número entero mayor que cero, o nada.",
  requests: "Peticiones",
  requestsNote: "Cómo se pregunta a los modelos externos. Los límites y las caídas del servidor no gastan intentos.",
  run: {
    retry_attempts: { title: "Reintentos", note: "Por imagen.", usual: "3" },
    retry_delay_ms: { title: "Antes del segundo intento, ms", note: "Se duplica con cada uno.", usual: "1000" },
    task_timeout_ms: {
      title: "Espera máxima sin datos, ms",
      note: "Mientras llega una respuesta; después se abandona la petición.",
      usual: "60000",
    },
    rate_limit_delay_ms: {
      title: "Pausa entre peticiones, ms",
      note: "Cada imagen en curso espera ese tiempo. Con pausa van cuatro a la vez, salvo que indiques otro número.",
      usual: "0",
    },
    chunk_size: {
      title: "Imágenes preparadas por adelantado",
      note: "Vacío: de cinco a veinte, según tamaño y rapidez.",
      usual: "automático",
    },
    max_tokens: {
      title: "Respuesta más larga, tokens",
      note: "Vacío: lo que el modelo suele necesitar. Si es más corta, limita el coste y puede cortar respuestas.",
      usual: "por modelo",
    },
  },
  wholeNumber: (least, most) => `Un número entero de ${count(least)} a ${count(most)}, o nada.`,
  further: "Otras rutas",
  furtherNote:
    "Otras regiones, cuentas o pasarelas con los mismos modelos. Las peticiones se reparten entre todas las que están en uso.",
  addRoute: "Añadir una ruta",
  editRoute: "Editar",
  editRouteOf: (name) => `Editar ${name}`,
  removeRoute: "Quitar",
  removeRouteOf: (name) => `Quitar ${name}`,
  routeUsed: "En uso",
  routeUnused: "Sin usar",
  routeFacts: ({ base_url, model_prefix = "", price_percent = 100, concurrency, limits = {} }) =>
    [
      base_url,
      ...(model_prefix === "" ? [] : [`los nombres de modelo empiezan por «${model_prefix}»`]),
      price_percent === 100 ? "precio de lista" : `${count(price_percent)} % del precio de lista`,
      concurrency === null ? "" : `${count(concurrency)} a la vez`,
      ...(limits.requests ? [`${count(limits.requests)} peticiones por minuto`] : []),
      ...(limits.input_tokens ? [`${count(limits.input_tokens)} tokens de entrada por minuto`] : []),
      ...(limits.output_tokens ? [`${count(limits.output_tokens)} tokens de salida por minuto`] : []),
    ]
      .filter((fact) => fact !== "")
      .join(", "),
  routeAwaits: (host) => `Aún no has aceptado que se envíen imágenes a ${host}.`,
  routeAsk: "Aceptar…",
  routeProblem: (problem) => `No se envía nada allí: ${problem}.`,
  routeForm: {
    addTitle: "Añadir una ruta",
    editTitle: "Editar la ruta",
    name: "Nombre",
    nameNote: "Como se llamará en las ejecuciones.",
    addressNote: "Del servidor, sin /v1/messages.",
    prefix: "Delante de los modelos",
    noPrefix: "nada",
    prefixNote: "Donde allí tienen otro nombre, como anthropic.",
    percent: "Precio en tanto por ciento",
    percentNote: "Del precio de lista.",
    keyNote: "Su clave se introduce en la lista cuando la ruta esté ahí.",
    wrong: {
      name: "Un nombre que no tenga otra ruta.",
      base_url: "Una dirección como https://eu.example.com.",
      price_percent: "Un número entero de 1 a 1.000.",
      concurrency: "Un número entero de 1 a 64, o nada.",
    },
    cancel: "Cancelar",
    add: "Añadir",
  },
  routeAgree: {
    title: (host) => `¿Enviar imágenes también a ${host}?`,
    what: (host) =>
      `Con esta ruta, parte de las imágenes de una ejecución con Claude va a ${host}: copias reducidas, con las palabras de la receta.`,
    stays: "Se queda aquí: originales, nombres de archivo, EXIF, lugar. Si no aceptas, la ruta se guarda y no se usa.",
    agree: (host) => `Enviar imágenes a ${host}`,
  },
  test: "Probar la conexión",
  testing: "Preguntando al servidor",
  testNote: "Pide la lista de modelos: no se envía ninguna imagen y no cuesta nada.",
  check: (check, host) => {
    switch (check.kind) {
      case "works":
        return `Funciona: ${host} acepta la clave y tiene ${check.model}, uno de ${count(check.model_count)} modelos.`;
      case "no_key":
        return `No hay clave para ${host}. Introduce una arriba.`;
      case "local_only":
        return "Todo está bloqueado en este equipo, así que no se ha enviado nada. Se desbloquea abajo, en Privacidad.";
      case "unusable":
        return "No se ha enviado nada, porque la conexión no sirve tal como está configurada. Corrígela arriba.";
      case "key_rejected":
        return `${host} no aceptó la clave. Puede estar mal escrita, retirada o ser de otro servidor: sustitúyela.`;
      case "not_permitted":
        return `${host} conoce la clave, pero no le permite hacer esto. Pregunta a quien lleve la cuenta o sustitúyela.`;
      case "no_credit":
        return "La clave funciona, pero su cuenta no tiene saldo. Recárgala donde se paga.";
      case "unknown_model":
        return check.available.length === 0
          ? `${host} acepta la clave pero no tiene ${check.model}, y no muestra ningún modelo.`
          : `${host} acepta la clave pero no tiene ${check.model}. Tiene:`;
      case "not_such_a_server":
        return `Algo responde en ${host}, pero no es un servidor compatible con Claude. Comprueba la dirección.`;
      case "unreachable":
        return `No se puede conectar con ${host}. ¿Funciona el servidor? ¿Hay red, o un proxy en medio?`;
      case "unwell":
        return `${host} responde, pero está ocupado o tiene problemas. Vuelve a intentarlo dentro de un rato.`;
    }
  },
  details: (said) => `Detalles: ${said}`,
  privacy: "Privacidad",
  localOnly: "Dejar todo en este equipo",
  localOnlyNote:
    "No se envía nada a otro equipo, sea cual sea el resto de ajustes. El plan sigue mostrando lo que costarían otros modelos.",
  agreed: "Las imágenes pueden ir a",
  agreedNote: "Has aceptado estos servidores, tras ver lo que se envía.",
  withdraw: "Volver a preguntar",
  withdrawFrom: (host) => `Volver a preguntar antes de enviar imágenes a ${host}`,
  importing: "Importación",
  includesLeftovers: "Importar también los restos de otros sistemas",
  includesLeftoversNote:
    "Miniaturas de sistemas NAS (@eaDir), papeleras, archivos __MACOSX y ._, vistas previas de Lightroom y las copias reducidas de las fototecas de Apple. Si sueltas una de esas carpetas, se importa siempre.",
  decodingMemory: "Memoria para decodificar, en MB",
  decodingMemoryNote:
    "Lo que puede usar todo lo que se decodifica a la vez. Vacío: una cuarta parte de la memoria del equipo, y el 60 % para una foto que se decodifica sola.",
  automatic: "Automático",
  appearance: "Aspecto",
  theme: "Tema",
  themes: { system: "Como el escritorio", dark: "Oscuro", light: "Claro" },
  themeNote: "Las fotografías se juzgan mejor en el oscuro. Los dos mantienen neutros sus grises.",
  language: "Idioma",
  languages: { system: "Como el sistema", en: "English", es: "Español" },
  languageNote: "Los números, las fechas y los importes se escriben como en ese idioma.",
  metrics: "Métricas",
  writesMetrics: "Escribir las cifras de cada ejecución en un archivo",
  metricsNote: "Duraciones, rendimiento, reintentos y fallos de la última ejecución, como JSON para otros programas.",
  library: "Biblioteca",
  folder: "Carpeta",
  file: "Archivo de ajustes",
  fileNote:
    "Todos los ajustes, para la ventana y la línea de órdenes. El archivo explica cada clave; las variables del entorno mandan sobre él.",
  folderNote: "La base de datos, las miniaturas y las respuestas. Tus fotos no están en ella: siguen donde están.",
  about: "Acerca de",
  version: "Versión",
  processors: "Procesadores",
  privacyNote:
    "Sin cuenta ni telemetría. El detector integrado funciona en este equipo y no envía nada. Un modelo externo recibe copias reducidas y las palabras de la receta cuando inicias una ejecución con él; nunca nombres de archivo, EXIF ni lugar.",
  licences: "Licencias",
  licencesNote:
    "Fieldmark es software libre bajo MIT o Apache 2.0. La tipografía es Inter (SIL Open Font License 1.1), los iconos son Lucide (ISC). Fotos de ejemplo: NASA, SpaceX, Stefan van der Walt, Rachel Michetti; danielbuechele y vultilion bajo CC BY 2.0, reducidas para la bienvenida.",
};
