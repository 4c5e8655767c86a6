import type {
  Connection,
  ConnectionCheck,
  ConnectionOverview,
  EndpointSettings,
  KeyPlace,
  LimitSettings,
  MonthSpending,
  SettingSource,
} from "../../api/bindings";
import type { RunSettingName } from "../../settings/run";
import { count, money } from "../format";
import type { LanguageChoice } from "../language.svelte";
import { here } from "../place.svelte";

/** Where a key is kept, and why not in the keychain. */
export interface KeptKey extends Pick<Connection, "key">, Pick<ConnectionOverview, "keychain_problem"> {
  /** The variable of the environment that may hold it. */
  variable: string;
}

const closing = () => here("Fieldmark is closed", "the server stops");

const keyPlaces: Record<KeyPlace, (kept: KeptKey) => string> = {
  keychain: () => "A key is stored in the system keychain.",
  session: ({ keychain_problem }) =>
    keychain_problem === null
      ? `A key is kept in memory until ${closing()}.`
      : `A key is kept in memory until ${closing()}, because no keychain is available.`,
  variable: ({ variable }) => `The key comes from the environment variable ${variable}; it is not stored.`,
  dot_env: ({ variable }) => `The key comes from ${variable} in the .env file of the working folder; it is not stored.`,
  command_line: () => "The key comes from the command line; it is not stored.",
};

export const settings = {
  title: "Settings",
  parts: "Settings sections",
  providers: "Providers",
  providersNote: "Vendors of models, or servers compatible with theirs. The plan shows prices even without a key.",
  providerModels: (models: number, hasBatches: boolean) =>
    `${count(models)} ${models === 1 ? "model" : "models"}${hasBatches ? ", batches at a lower price" : ""}.`,
  /** By whose word a setting is as it is, where that is not for the window to change. */
  source: (source: SettingSource, variable: string): string => {
    if (source === "variable") return `Set by the environment variable ${variable}. Change it there.`;
    return source === "dot_env" ? `Set by ${variable} in the .env file of the working folder. Change it there.` : "";
  },
  save: "Save",
  key: "Key",
  keyIs: (kept: KeptKey) =>
    kept.key === null
      ? `There is no key yet. It can also be set in the environment variable ${kept.variable}.`
      : keyPlaces[kept.key](kept),
  keyOf: (action: string, endpoint: string) => `${action}: ${endpoint}`,
  envFile: {
    title: "The working folder has a .env file that is not used yet",
    path: "File",
    server: "Server",
    vendor: (provider: string) => `${provider}’s own`,
    endsIn: (ending: string) => `ends in ${ending}`,
    note: "Use it only if it is yours: photos are sent to its server. If it changes, you are asked again.",
    use: "Use this file",
  },
  keyFor: ({ keychain_problem }: KeptKey) =>
    keychain_problem === null
      ? "It is stored in the system keychain and never shown again."
      : `No keychain is available, so the key stays in memory until ${closing()}.`,
  keyPlaceholder: "Paste the key",
  keepKey: "Save key",
  replaceKey: "Replace",
  dontReplaceKey: "Keep the old key",
  forgetKey: "Remove key",
  address: "Base URL",
  addressNote: "The server’s address, without /v1/messages. Each server has its own key.",
  region: "Region",
  regionNote:
    "Where the vendor processes images, such as eu-west-1. An address of your own is possible too. Each region has its own key.",
  vendorsOwn: (provider: string) => `Use ${provider}’s`,
  model: "Model",
  modelNote: "The model that the plan starts with.",
  concurrency: "Concurrency",
  foundOut: "Automatic",
  concurrencyNote: "Requests in parallel. Empty: set automatically. It is lowered when the server asks for it.",
  concurrencyRange: (least: number, most: number) => `Enter a whole number from ${count(least)} to ${count(most)}.`,
  limits: "Limits per minute",
  limitNames: {
    requests: "Requests",
    input_tokens: "Input tokens",
    output_tokens: "Output tokens",
  } satisfies Record<keyof LimitSettings, string>,
  limitOf: (name: string) => `${name} per minute`,
  limitsNote: "Empty: the server’s own limits apply. A lower limit here leaves room for others on the account.",
  limitWrong: "Enter a whole number above 0, or empty.",
  requests: "Requests",
  requestsNote: "How remote models are called. Rate limits and server outages do not use up retries.",
  run: {
    retry_attempts: { title: "Max retries", note: "Per image.", usual: "3" },
    retry_delay_ms: {
      title: "First retry delay (ms)",
      note: "Doubles with each further retry.",
      usual: "1000",
    },
    task_timeout_ms: {
      title: "Idle timeout (ms)",
      note: "How long an answer may send no data before the request is cancelled.",
      usual: "60000",
    },
    rate_limit_delay_ms: {
      title: "Pause between requests (ms)",
      note: "Applied to each parallel request. With a pause, concurrency is 4 unless you set it.",
      usual: "0",
    },
    chunk_size: {
      title: "Images prepared ahead",
      note: "Empty: 5 to 20, depending on size and speed.",
      usual: "Automatic",
    },
    max_tokens: {
      title: "Max output tokens",
      note: "Empty: the model’s default. A lower value caps the cost but may cut answers off.",
      usual: "Model default",
    },
  } satisfies Record<RunSettingName, { title: string; note: string; usual: string }>,
  wholeNumber: (least: number, most: number) =>
    `Enter a whole number from ${count(least)} to ${count(most)}, or empty.`,
  endpoints: "Additional endpoints",
  endpointsNote:
    "Other regions, accounts or gateways with the same models. Requests are spread across all endpoints in use.",
  addEndpoint: "Add an endpoint",
  editEndpoint: "Edit",
  editEndpointOf: (name: string) => `Edit ${name}`,
  removeEndpoint: "Remove",
  removeEndpointOf: (name: string) => `Remove ${name}`,
  endpointUsed: "In use",
  endpointUnused: "Not used",
  endpointFacts: ({
    base_url,
    model_prefix = "",
    price_percent = 100,
    concurrency = null,
    limits = {},
  }: EndpointSettings) =>
    [
      base_url,
      ...(model_prefix === "" ? [] : [`model names begin with “${model_prefix}”`]),
      price_percent === 100 ? "list price" : `${count(price_percent)} % of the list price`,
      concurrency === null ? "" : `${count(concurrency)} in parallel`,
      ...(limits.requests ? [`${count(limits.requests)} requests per minute`] : []),
      ...(limits.input_tokens ? [`${count(limits.input_tokens)} input tokens per minute`] : []),
      ...(limits.output_tokens ? [`${count(limits.output_tokens)} output tokens per minute`] : []),
    ]
      .filter((fact) => fact !== "")
      .join(", "),
  endpointAwaits: (host: string) => `You have not allowed sending images to ${host} yet.`,
  endpointAsk: "Allow…",
  endpointProblem: (problem: string) => `Nothing is sent to it: ${problem}.`,
  endpointForm: {
    addTitle: "Add an endpoint",
    editTitle: "Edit the endpoint",
    name: "Name",
    nameNote: "Shown in runs and reports.",
    addressNote: "The server’s address, without /v1/messages.",
    prefix: "Model name prefix",
    noPrefix: "None",
    prefixNote: "If its model names start differently, such as anthropic.",
    percent: "Price (%)",
    percentNote: "Of the list price.",
    keyNote: "You enter its key in the list after you add it.",
    wrong: {
      name: "Enter a name that no other endpoint has.",
      base_url: "Enter an address such as https://eu.example.com.",
      price_percent: "Enter a whole number from 1 to 1,000.",
      concurrency: "Enter a whole number from 1 to 64, or empty.",
    },
    cancel: "Cancel",
    add: "Add",
  },
  endpointAgree: {
    title: (host: string) => `Send images to ${host} too?`,
    what: (host: string) =>
      `With this endpoint, some images of a run are sent to ${host}: resized copies, with the prompt.`,
    stays:
      "Stays here: originals, file names, EXIF, location. Without your consent the endpoint is saved but not used.",
    agree: (host: string) => `Send images to ${host}`,
  },
  test: "Test connection",
  testing: "Testing",
  testNote: "Requests the list of models: no image is sent, and it costs nothing.",
  check: (check: ConnectionCheck, host: string): string => {
    switch (check.kind) {
      case "works":
        return `It works: ${host} ${check.with_key ? "accepts the key and has" : "needs no key and has"} ${check.model}, one of ${count(check.model_count)} models.`;
      case "no_key":
        return `There is no key for ${host}. Enter one above.`;
      case "local_only":
        return `Everything is locked to ${here("this machine", "the server")}, so nothing was sent. The Privacy page unlocks it.`;
      case "unusable":
        return "Nothing was sent, because the connection is not set up correctly. Correct it above.";
      case "key_rejected":
        return `${host} rejected the key. It may be mistyped, revoked, or for another server. Replace it.`;
      case "not_permitted":
        return `${host} accepts the key, but it lacks the permission. Ask the account's administrator, or replace it.`;
      case "no_credit":
        return "The key works, but its account has no credit. Add credit on the vendor's billing page.";
      case "unknown_model":
        return check.available.length === 0
          ? `${host} accepts the key but does not have ${check.model}, and lists no models.`
          : `${host} accepts the key but does not have ${check.model}. It has:`;
      case "not_such_a_server":
        return `${host} is not a compatible server. Check the base URL.`;
      case "unreachable":
        return `${host} cannot be reached. Check that the server is running, and check the network and the proxy.`;
      case "server_failing":
        return `${host} is overloaded or failing. Try again later.`;
    }
  },
  details: (detail: string) => `Details: ${detail}`,
  privacy: "Privacy",
  get localOnly() {
    return here("Keep everything on this machine", "Keep everything on the server");
  },
  get localOnlyNote() {
    const what = here("Nothing is sent to another machine", "The server sends nothing to another one");
    return `${what}, whatever the other settings say. The plan still shows what other models would cost.`;
  },
  agreed: "Images may be sent to",
  agreedNote: "You allowed these servers after seeing what is sent.",
  withdraw: "Revoke",
  withdrawFrom: (host: string) => `Revoke for ${host}`,
  importing: "Import",
  includesLeftovers: "Import system files too",
  includesLeftoversNote:
    "Thumbnails of NAS systems (@eaDir), recycle bins, __MACOSX and ._ files, Lightroom previews, and the smaller copies in Apple's photo libraries. Such a folder is always imported if you drop it directly.",
  decodingMemory: "Decoding memory (MB)",
  get decodingMemoryNote() {
    return `Limit for all photos that are decoded at the same time. Empty: a quarter of ${here("this machine", "the server")}’s memory, or 60 % when one photo is decoded alone.`;
  },
  automatic: "Automatic",
  appearance: "Appearance",
  theme: "Theme",
  themes: { system: "System", dark: "Dark", light: "Light" },
  themeNote: "Photos are easiest to judge in the dark theme. Both use neutral grays.",
  language: "Language",
  /** Each in its own language. */
  languages: { system: "System", en: "English", es: "Español" } satisfies Record<LanguageChoice, string>,
  languageNote: "Numbers, dates and amounts follow the language.",
  month: {
    title: "Spending",
    cap: "Monthly cap",
    none: "no cap",
    note: (month: MonthSpending | null) =>
      [
        "What all runs of this library may spend in a calendar month. No run sends a request that could exceed it.",
        ...(month === null ? [] : [`Spent this month: ${money(month.spent_dollars)}.`]),
      ].join(" "),
  },
  metrics: "Metrics",
  writesMetrics: "Write the metrics of every run to a file",
  metricsNote:
    "Durations, throughput, retries and failures of each run and of the latest one, as JSON for other programs.",
  folder: "Folder",
  file: "Settings file",
  fileNote:
    "All settings, for the window and the command line. The file explains every setting; environment variables override it.",
  get folderNote() {
    return here(
      "The database, thumbnails and answers. Your photos are not in it: they stay where they are.",
      "The database, thumbnails and answers, and photos that were uploaded. Photos in folders of the server stay where they are.",
    );
  },
  about: "About",
  version: "Version",
  processors: "Processors",
  get privacyNote() {
    return `No account, no telemetry. The built-in detector runs on ${here("this machine", "the server")} and sends nothing. A remote model gets resized copies and the prompt when you start a run with it; never file names, EXIF or location.`;
  },
  licences: "Licenses",
  licencesNote:
    "Fieldmark is free software under MIT or Apache 2.0. The typeface is Inter (SIL Open Font License 1.1), the icons are Lucide (ISC). Sample photos: NASA, SpaceX, Stefan van der Walt, Rachel Michetti; danielbuechele and vultilion under CC BY 2.0, made smaller for the welcome.",
  pages: {
    /** In the command palette. */
    named: (page: string) => `Settings: ${page}`,
    connection: "Connection",
    test: "Connection test",
    metricsFile: "File",
    nameAndPrice: "Name and price",
    concurrencyNote: "Empty: follows Requests.",
    percentNote: "Of the list price. Quotes and budgets use it.",
    states: { good: "Ready", caution: "Check settings", none: "No key" },
  },
};
