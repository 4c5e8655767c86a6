import type { KeyPlace } from "../../api/bindings";
import type { KeptKey, settings as english } from "../en/settings";
import { count, money } from "../format";
import type { Translation } from "../translation";
import { here } from "../place.svelte";

const untilClosing = () => here("hasta cerrar Fieldmark", "hasta que pare el servidor");

const keyPlaces: Record<KeyPlace, (kept: KeptKey) => string> = {
  keychain: () => "Hay una clave guardada en el llavero del sistema.",
  session: ({ keychain_problem }) =>
    keychain_problem === null
      ? `Hay una clave en memoria, ${untilClosing()}.`
      : `Hay una clave en memoria, ${untilClosing()}, porque no hay ningún llavero disponible.`,
  variable: ({ variable }) => `La clave viene de la variable de entorno ${variable}; no se guarda.`,
  dot_env: ({ variable }) => `La clave viene de ${variable} en el archivo .env de la carpeta de trabajo; no se guarda.`,
  command_line: () => "La clave viene de la línea de comandos; no se guarda.",
};

export const settings: Translation<typeof english> = {
  title: "Ajustes",
  parts: "Secciones de los ajustes",
  providers: "Proveedores",
  providersNote:
    "Empresas que ofrecen modelos, o servidores compatibles. Los precios se ven en el plan incluso sin clave.",
  providerModels: (models, hasBatches) =>
    `${count(models)} ${models === 1 ? "modelo" : "modelos"}${hasBatches ? ", lotes a menor precio" : ""}.`,
  source: (source, variable) => {
    if (source === "variable") return `Lo fija la variable de entorno ${variable}. Cámbialo allí.`;
    return source === "dot_env"
      ? `Lo fija ${variable} en el archivo .env de la carpeta de trabajo. Cámbialo allí.`
      : "";
  },
  save: "Guardar",
  key: "Clave",
  keyIs: (kept) =>
    kept.key === null
      ? `Aún no hay ninguna clave. También puede estar en la variable de entorno ${kept.variable}.`
      : keyPlaces[kept.key](kept),
  keyOf: (action, endpoint) => `${action}: ${endpoint}`,
  envFile: {
    title: "La carpeta de trabajo tiene un archivo .env que aún no se usa",
    path: "Archivo",
    server: "Servidor",
    vendor: (provider) => `El de ${provider}`,
    endsIn: (ending) => `termina en ${ending}`,
    note: "Úsalo solo si es tuyo: las fotos se envían a su servidor. Si cambia, se te vuelve a preguntar.",
    use: "Usar este archivo",
  },
  keyFor: ({ keychain_problem }) =>
    keychain_problem === null
      ? "Se guarda en el llavero del sistema y no se muestra nunca más."
      : `No hay ningún llavero disponible, así que la clave queda en memoria ${untilClosing()}.`,
  keyPlaceholder: "Pega la clave",
  keepKey: "Guardar clave",
  replaceKey: "Sustituir",
  dontReplaceKey: "Dejar la anterior",
  forgetKey: "Quitar clave",
  address: "URL base",
  addressNote: "La dirección del servidor, sin /v1/messages. Cada servidor tiene su propia clave.",
  region: "Región",
  regionNote:
    "Dónde procesa las imágenes el proveedor, por ejemplo eu-west-1. También puede ser una dirección propia. Cada región tiene su propia clave.",
  vendorsOwn: (provider) => `Usar la de ${provider}`,
  model: "Modelo",
  modelNote: "El modelo con el que empieza el plan.",
  concurrency: "Concurrencia",
  foundOut: "Automático",
  concurrencyNote: "Peticiones en paralelo. Vacío: se ajusta automáticamente. Baja cuando el servidor lo pide.",
  concurrencyRange: (least, most) => `Escribe un número entero de ${count(least)} a ${count(most)}.`,
  limits: "Límites por minuto",
  limitNames: {
    requests: "Peticiones",
    input_tokens: "Tokens de entrada",
    output_tokens: "Tokens de salida",
  },
  limitOf: (name) => `${name} por minuto`,
  limitsNote: "Vacío: se aplican los límites del servidor. Un límite menor deja margen a otros usuarios de la cuenta.",
  limitWrong: "Escribe un número entero mayor que 0, o vacío.",
  requests: "Peticiones",
  requestsNote: "Cómo se llama a los modelos remotos. Los límites y las caídas del servidor no gastan reintentos.",
  run: {
    retry_attempts: { title: "Máx. reintentos", note: "Por imagen.", usual: "3" },
    retry_delay_ms: {
      title: "Espera del primer reintento (ms)",
      note: "Se duplica con cada reintento.",
      usual: "1000",
    },
    task_timeout_ms: {
      title: "Tiempo de inactividad (ms)",
      note: "Cuánto puede estar una respuesta sin enviar datos antes de cancelar la petición.",
      usual: "60000",
    },
    rate_limit_delay_ms: {
      title: "Pausa entre peticiones (ms)",
      note: "Se aplica a cada petición en paralelo. Con pausa, la concurrencia es 4 salvo que la fijes.",
      usual: "0",
    },
    chunk_size: {
      title: "Imágenes preparadas por adelantado",
      note: "Vacío: de 5 a 20, según tamaño y velocidad.",
      usual: "Automático",
    },
    max_tokens: {
      title: "Máx. tokens de salida",
      note: "Vacío: el valor del modelo. Un valor menor limita el coste, pero puede cortar respuestas.",
      usual: "El del modelo",
    },
  },
  wholeNumber: (least, most) => `Escribe un número entero de ${count(least)} a ${count(most)}, o vacío.`,
  endpoints: "Endpoints adicionales",
  endpointsNote:
    "Otras regiones, cuentas o pasarelas con los mismos modelos. Las peticiones se reparten entre todos los endpoints en uso.",
  addEndpoint: "Añadir un endpoint",
  editEndpoint: "Editar",
  editEndpointOf: (name) => `Editar ${name}`,
  removeEndpoint: "Quitar",
  removeEndpointOf: (name) => `Quitar ${name}`,
  endpointUsed: "En uso",
  endpointUnused: "Sin usar",
  endpointFacts: ({ base_url, model_prefix = "", price_percent = 100, concurrency = null, limits = {} }) =>
    [
      base_url,
      ...(model_prefix === "" ? [] : [`los nombres de modelo empiezan por «${model_prefix}»`]),
      price_percent === 100 ? "precio de lista" : `${count(price_percent)} % del precio de lista`,
      concurrency === null ? "" : `${count(concurrency)} en paralelo`,
      ...(limits.requests ? [`${count(limits.requests)} peticiones por minuto`] : []),
      ...(limits.input_tokens ? [`${count(limits.input_tokens)} tokens de entrada por minuto`] : []),
      ...(limits.output_tokens ? [`${count(limits.output_tokens)} tokens de salida por minuto`] : []),
    ]
      .filter((fact) => fact !== "")
      .join(", "),
  endpointAwaits: (host) => `Aún no has permitido enviar imágenes a ${host}.`,
  endpointAsk: "Permitir…",
  endpointProblem: (problem) => `No se le envía nada: ${problem}.`,
  endpointForm: {
    addTitle: "Añadir un endpoint",
    editTitle: "Editar el endpoint",
    name: "Nombre",
    nameNote: "Se muestra en ejecuciones e informes.",
    addressNote: "La dirección del servidor, sin /v1/messages.",
    prefix: "Prefijo de los modelos",
    noPrefix: "Ninguno",
    prefixNote: "Si sus nombres empiezan de otra forma, como anthropic.",
    percent: "Precio (%)",
    percentNote: "Del precio de lista.",
    keyNote: "Su clave se introduce en la lista después de añadirlo.",
    wrong: {
      name: "Escribe un nombre que no tenga otro endpoint.",
      base_url: "Escribe una dirección como https://eu.example.com.",
      price_percent: "Escribe un número entero de 1 a 1.000.",
      concurrency: "Escribe un número entero de 1 a 64, o vacío.",
    },
    cancel: "Cancelar",
    add: "Añadir",
  },
  endpointAgree: {
    title: (host) => `¿Enviar imágenes también a ${host}?`,
    what: (host) =>
      `Con este endpoint, parte de las imágenes de una ejecución se envía a ${host}: copias reducidas, con el prompt.`,
    stays:
      "Se queda aquí: originales, nombres de archivo, EXIF, ubicación. Si no lo permites, el endpoint se guarda pero no se usa.",
    agree: (host) => `Enviar imágenes a ${host}`,
  },
  test: "Probar la conexión",
  testing: "Probando",
  testNote: "Pide la lista de modelos: no se envía ninguna imagen y no cuesta nada.",
  check: (check, host) => {
    switch (check.kind) {
      case "works":
        return `Funciona: ${host} ${check.with_key ? "acepta la clave y tiene" : "no necesita clave y tiene"} ${check.model}, uno de ${count(check.model_count)} modelos.`;
      case "no_key":
        return `No hay clave para ${host}. Introduce una arriba.`;
      case "local_only":
        return `Todo está bloqueado en ${here("este equipo", "el servidor")}, así que no se ha enviado nada. Se desbloquea en la página Privacidad.`;
      case "unusable":
        return "No se ha enviado nada, porque la conexión no está bien configurada. Corrígela arriba.";
      case "key_rejected":
        return `${host} rechazó la clave. Puede estar mal escrita, revocada o ser de otro servidor. Sustitúyela.`;
      case "not_permitted":
        return `${host} acepta la clave, pero le falta el permiso. Pídelo a quien administra la cuenta o sustitúyela.`;
      case "no_credit":
        return "La clave funciona, pero su cuenta no tiene saldo. Recárgala en la página de facturación del proveedor.";
      case "unknown_model":
        return check.available.length === 0
          ? `${host} acepta la clave pero no tiene ${check.model}, y no ofrece ningún modelo.`
          : `${host} acepta la clave pero no tiene ${check.model}. Tiene:`;
      case "not_such_a_server":
        return `${host} no es un servidor compatible. Comprueba la URL base.`;
      case "unreachable":
        return `No se puede conectar con ${host}. Comprueba que el servidor funcione, y revisa la red y el proxy.`;
      case "server_failing":
        return `${host} está saturado o falla. Vuelve a intentarlo más tarde.`;
    }
  },
  details: (detail) => `Detalles: ${detail}`,
  privacy: "Privacidad",
  get localOnly() {
    return here("Dejar todo en este equipo", "Dejar todo en el servidor");
  },
  get localOnlyNote() {
    const what = here("No se envía nada a otro equipo", "El servidor no envía nada a otro");
    return `${what}, sean cuales sean los demás ajustes. El plan sigue mostrando lo que costarían otros modelos.`;
  },
  agreed: "Las imágenes se pueden enviar a",
  agreedNote: "Has permitido estos servidores tras ver lo que se envía.",
  withdraw: "Revocar",
  withdrawFrom: (host) => `Revocar para ${host}`,
  importing: "Importación",
  includesLeftovers: "Importar también archivos de sistema",
  includesLeftoversNote:
    "Miniaturas de sistemas NAS (@eaDir), papeleras, archivos __MACOSX y ._, vistas previas de Lightroom y las copias reducidas de las fototecas de Apple. Si sueltas una de esas carpetas, se importa siempre.",
  decodingMemory: "Memoria para decodificar (MB)",
  get decodingMemoryNote() {
    return `La comparten todas las fotos que se están decodificando. Vacío: una cuarta parte de la memoria del ${here("equipo", "servidor")}, o el 60 % para una foto que se decodifica sola.`;
  },
  automatic: "Automático",
  appearance: "Aspecto",
  theme: "Tema",
  themes: { system: "Sistema", dark: "Oscuro", light: "Claro" },
  themeNote: "Las fotos se aprecian mejor con el tema oscuro. Los dos usan grises neutros.",
  language: "Idioma",
  languages: { system: "Sistema", en: "English", es: "Español" },
  languageNote: "Los números, las fechas y los importes siguen el idioma.",
  month: {
    title: "Gasto",
    cap: "Tope mensual",
    none: "sin tope",
    note: (month) =>
      [
        "Lo que pueden gastar en un mes natural todas las ejecuciones de esta biblioteca. Ninguna envía una petición que pueda superarlo.",
        ...(month === null ? [] : [`Gastado este mes: ${money(month.spent_dollars)}.`]),
      ].join(" "),
  },
  metrics: "Métricas",
  writesMetrics: "Escribir las métricas de cada ejecución en un archivo",
  metricsNote:
    "Duraciones, rendimiento, reintentos y fallos de cada ejecución y de la última, como JSON para otros programas.",
  folder: "Carpeta",
  file: "Archivo de ajustes",
  fileNote:
    "Todos los ajustes, para la ventana y la línea de comandos. El archivo explica cada ajuste; las variables de entorno tienen prioridad.",
  get folderNote() {
    return here(
      "La base de datos, las miniaturas y las respuestas. Tus fotos no están en ella: siguen donde están.",
      "La base de datos, las miniaturas, las respuestas y las fotos subidas. Las fotos de carpetas del servidor siguen donde están.",
    );
  },
  about: "Acerca de",
  version: "Versión",
  processors: "Procesadores",
  get privacyNote() {
    return `Sin cuenta ni telemetría. El detector integrado funciona en ${here("este equipo", "el servidor")} y no envía nada. Un modelo remoto recibe copias reducidas y el prompt cuando inicias una ejecución con él; nunca nombres de archivo, EXIF ni ubicación.`;
  },
  licences: "Licencias",
  licencesNote:
    "Fieldmark es software libre bajo MIT o Apache 2.0. La tipografía es Inter (SIL Open Font License 1.1), los iconos son Lucide (ISC). Fotos de ejemplo: NASA, SpaceX, Stefan van der Walt, Rachel Michetti; danielbuechele y vultilion bajo CC BY 2.0, reducidas para la bienvenida.",
  pages: {
    named: (page) => `Ajustes: ${page}`,
    connection: "Conexión",
    test: "Prueba de conexión",
    metricsFile: "Archivo",
    nameAndPrice: "Nombre y precio",
    concurrencyNote: "Vacío: como en Peticiones.",
    percentNote: "Del precio de lista. Lo usan presupuestos y topes.",
    states: { good: "Listo", caution: "Revisar ajustes", none: "Sin clave" },
  },
};
