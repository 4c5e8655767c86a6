import type {
  Connection,
  ConnectionCheck,
  FurtherRoute,
  KeyPlace,
  RouteLimits,
  SettingSource,
} from "../../ipc/bindings";
import type { RunSettingName } from "../../settings/run.svelte";
import { count } from "../format";
import type { LanguageChoice } from "../language.svelte";

/** Where a key is kept, and why not in the keychain. */
export interface KeptKey extends Pick<Connection, "key" | "keychain_problem"> {
  /** The variable of the environment that may hold it. */
  variable: string;
}

const keyPlaces: Record<KeyPlace, (kept: KeptKey) => string> = {
  keychain: () => "A key is kept in the keychain of this system.",
  session: ({ keychain_problem }) =>
    keychain_problem === null
      ? "A key is kept in memory, until Fieldmark is closed."
      : "A key is kept in memory, until Fieldmark is closed: there is no keychain to use.",
  variable: ({ variable }) => `The key comes from the variable ${variable}; it is not stored.`,
  dot_env: ({ variable }) => `The key comes from ${variable} in the .env file here; it is not stored anew.`,
  command_line: () => "The key comes from the command line; it is not stored.",
};

export const settings = {
  title: "Settings",
  parts: "Parts of the settings",
  claude: "Claude",
  claudeNote:
    "Models of Anthropic, or of a server that speaks as theirs do. Prices show in the plan even without a key.",
  /** By whose word a setting is as it is, where that is not for the window to change. */
  source: (source: SettingSource, variable: string): string => {
    if (source === "variable") return `From the variable ${variable}; to change it, change that.`;
    return source === "dot_env" ? `From ${variable} in the .env file here; to change it, change that.` : "";
  },
  variables: { address: "ANTHROPIC_BASE_URL", model: "ANTHROPIC_MODEL", concurrency: "CONCURRENCY" },
  save: "Save",
  key: "Key",
  keyIs: (kept: KeptKey) =>
    kept.key === null ? `There is no key yet. The variable ${kept.variable} can hold one.` : keyPlaces[kept.key](kept),
  keyOf: (action: string, route: string) => `${action}: ${route}`,
  envFile: {
    title: "The working folder has a .env file that is not used yet",
    path: "File",
    server: "Server",
    vendor: "Anthropic's own",
    endsIn: (ending: string) => `ends in ${ending}`,
    note: "Use it only if it is yours: photos go to its server. It is used until it changes.",
    use: "Use this file",
  },
  keyFor: ({ keychain_problem }: KeptKey) =>
    keychain_problem === null
      ? "It goes straight into the keychain of this system and is never shown again."
      : "There is no keychain to use, so the key stays in memory until Fieldmark is closed.",
  keyPlaceholder: "sk-ant-…",
  keepKey: "Keep key",
  replaceKey: "Replace",
  dontReplaceKey: "Keep the old one",
  forgetKey: "Forget",
  address: "Address",
  addressNote: "Of the server, without /v1/messages. Keys are kept for each server apart.",
  vendorsOwn: "Use Anthropic's own",
  model: "Model",
  modelNote: "Chosen in the plan when nobody has chosen another.",
  concurrency: "Images at once",
  foundOut: "found out",
  concurrencyNote:
    "Empty: Fieldmark finds out how many go well. Either way it goes slower when the server asks for it.",
  concurrencyRange: (least: number, most: number) => `A whole number from ${count(least)} to ${count(most)}.`,
  limits: "Limits a minute",
  limitNames: {
    requests: "Requests",
    input_tokens: "Input tokens",
    output_tokens: "Output tokens",
  } satisfies Record<keyof RouteLimits, string>,
  limitOf: (name: string) => `${name} a minute`,
  limitsNote:
    "Empty: what the server announces or refuses is followed. A number here is kept to as well, such as to leave room for others on the account.",
  limitWrong: "A whole number above nought, or nothing.",
  requests: "Requests",
  requestsNote: "How models elsewhere are asked. Limits and outages of the server use up no try.",
  run: {
    retry_attempts: { title: "Tries beyond the first", note: "For one image.", usual: "3" },
    retry_delay_ms: { title: "Before the second try, ms", note: "Doubles with each further one.", usual: "1000" },
    task_timeout_ms: {
      title: "Longest silence, ms",
      note: "While an answer is on its way; then the request is given up.",
      usual: "60000",
    },
    rate_limit_delay_ms: {
      title: "Pause between requests, ms",
      note: "Each of the images at once rests so long. With a pause there are four at once, unless a number is set.",
      usual: "0",
    },
    chunk_size: {
      title: "Images prepared ahead",
      note: "Empty: five to twenty, by size and speed.",
      usual: "found out",
    },
    max_tokens: {
      title: "Longest answer, tokens",
      note: "Empty: as the model usually needs. Shorter caps the cost and may cut answers off.",
      usual: "by model",
    },
  } satisfies Record<RunSettingName, { title: string; note: string; usual: string }>,
  wholeNumber: (least: number, most: number) => `A whole number from ${count(least)} to ${count(most)}, or nothing.`,
  further: "Further routes",
  furtherNote:
    "Other regions, accounts or gateways with the same models. Requests are spread over all that are in use.",
  addRoute: "Add a route",
  editRoute: "Edit",
  editRouteOf: (name: string) => `Edit ${name}`,
  removeRoute: "Remove",
  removeRouteOf: (name: string) => `Remove ${name}`,
  routeUsed: "In use",
  routeUnused: "Not used",
  routeFacts: ({ base_url, model_prefix = "", price_percent = 100, concurrency, limits = {} }: FurtherRoute) =>
    [
      base_url,
      ...(model_prefix === "" ? [] : [`model names begin with “${model_prefix}”`]),
      price_percent === 100 ? "list price" : `${count(price_percent)} % of the list price`,
      concurrency === null ? "" : `${count(concurrency)} at once`,
      ...(limits.requests ? [`${count(limits.requests)} requests a minute`] : []),
      ...(limits.input_tokens ? [`${count(limits.input_tokens)} input tokens a minute`] : []),
      ...(limits.output_tokens ? [`${count(limits.output_tokens)} output tokens a minute`] : []),
    ]
      .filter((fact) => fact !== "")
      .join(", "),
  routeAwaits: (host: string) => `You have not agreed yet that images are sent to ${host}.`,
  routeAsk: "Agree…",
  routeProblem: (problem: string) => `Nothing is sent there: ${problem}.`,
  routeForm: {
    addTitle: "Add a route",
    editTitle: "Edit the route",
    name: "Name",
    nameNote: "As it is to be called in runs.",
    addressNote: "Of the server, without /v1/messages.",
    prefix: "Before model names",
    noPrefix: "nothing",
    prefixNote: "Where they have another name there, such as anthropic.",
    percent: "Price in percent",
    percentNote: "Of the list price.",
    keyNote: "Its key is entered in the list once the route is there.",
    wrong: {
      name: "A name, and one that no other route has.",
      base_url: "An address such as https://eu.example.com.",
      price_percent: "A whole number from 1 to 1,000.",
      concurrency: "A whole number from 1 to 64, or nothing.",
    },
    cancel: "Cancel",
    add: "Add",
  },
  routeAgree: {
    title: (host: string) => `Send images to ${host} too?`,
    what: (host: string) =>
      `With this route, some of the images of a run with Claude go to ${host}: resized copies, with the words of the recipe.`,
    stays: "Stays here: originals, file names, EXIF, place. Without your agreement the route is kept, and not used.",
    agree: (host: string) => `Send images to ${host}`,
  },
  test: "Test the connection",
  testing: "Asking the server",
  testNote: "Asks for the list of models: no image is sent, and it costs nothing.",
  check: (check: ConnectionCheck, host: string): string => {
    switch (check.kind) {
      case "works":
        return `It works: ${host} takes the key and has ${check.model}, one of ${count(check.model_count)} models.`;
      case "no_key":
        return `There is no key for ${host}. Enter one above.`;
      case "local_only":
        return "Everything is locked to this machine, so nothing was sent. Privacy, below, unlocks it.";
      case "unusable":
        return "Nothing was sent, because the way there is not usable as it is set up. Correct it above.";
      case "key_rejected":
        return `${host} did not take the key. It may be mistyped, withdrawn, or for another server: replace it.`;
      case "not_permitted":
        return `${host} knows the key, but does not let it do this. Ask whoever runs the account, or replace it.`;
      case "no_credit":
        return "The key works, but its account has no credit. Add some where you pay for it.";
      case "unknown_model":
        return check.available.length === 0
          ? `${host} takes the key but does not have ${check.model}, and lists no model at all.`
          : `${host} takes the key but does not have ${check.model}. It has:`;
      case "not_such_a_server":
        return `Something answers at ${host}, but it does not speak as Claude's servers do. Check the address.`;
      case "unreachable":
        return `${host} cannot be reached. Does the server run? Is there a network, or a proxy in between?`;
      case "unwell":
        return `${host} is there, but busy or ill. Try again in a while.`;
    }
  },
  details: (said: string) => `Details: ${said}`,
  privacy: "Privacy",
  localOnly: "Keep everything on this machine",
  localOnlyNote:
    "Nothing is sent to another machine, whatever else is set up. The plan still shows what other models would cost.",
  agreed: "Images may go to",
  agreedNote: "You agreed to these servers, having seen what is sent.",
  withdraw: "Ask again",
  withdrawFrom: (host: string) => `Ask again before images go to ${host}`,
  importing: "Import",
  includesLeftovers: "Import leftovers of other systems too",
  includesLeftoversNote:
    "Thumbnails of NAS systems (@eaDir), recycle bins, __MACOSX and ._ files, Lightroom previews, and the smaller copies in Apple's photo libraries. A folder of these that you drop itself is always imported.",
  decodingMemory: "Memory for decoding, in MB",
  decodingMemoryNote:
    "What all decoding in progress may use together. Empty: a quarter of this computer's memory, and 60 % for a photo that is decoded alone.",
  automatic: "Automatic",
  appearance: "Appearance",
  theme: "Theme",
  themes: { system: "As the desktop", dark: "Dark", light: "Light" },
  themeNote: "Photographs are judged best in the dark one. Both keep their greys neutral.",
  language: "Language",
  /** Each by its own name, for whoever reads no other. */
  languages: { system: "As the system", en: "English", es: "Español" } satisfies Record<LanguageChoice, string>,
  languageNote: "Numbers, days and sums are written as in that language.",
  metrics: "Metrics",
  writesMetrics: "Write the figures of every run to a file",
  metricsNote: "Durations, throughput, retries and failures of the latest run, as JSON for other programs.",
  library: "Library",
  folder: "Folder",
  file: "Settings file",
  fileNote:
    "All settings, for the window and the command line. The file explains every key; variables of the environment win over it.",
  folderNote: "The database, thumbnails and answers. Your photos are not in it: they stay where they are.",
  about: "About",
  version: "Version",
  processors: "Processors",
  privacyNote:
    "No account, no telemetry. The built-in detector runs on this machine and sends nothing. A model elsewhere gets resized copies and the words of the recipe when you start a run with it; never file names, EXIF or place.",
  licences: "Licences",
  licencesNote:
    "Fieldmark is free software under MIT or Apache 2.0. The typeface is Inter (SIL Open Font License 1.1), the icons are Lucide (ISC). Sample photos: NASA, SpaceX, Stefan van der Walt, Rachel Michetti; danielbuechele and vultilion under CC BY 2.0, made smaller for the welcome.",
};
