/**
 * The way to Claude of the core in memory. A key is looked at once, for what the server would say to it, and not kept:
 * one with "wrong" in it is not taken, one with "no-credit" has an empty account, one with "forbidden" may not do this.
 */
import type {
  Connection,
  ConnectionCheck,
  Destination,
  EnvFileProposal,
  FurtherConnection,
  FurtherRoute,
  Unavailable,
  KeyPlace,
  Settings,
} from "../bindings";
import { DEFAULT_CLAUDE } from "./claude";

const VENDOR = "https://api.anthropic.com";
/** By the environment. */
const AT_ONCE = 4;
const MODELS = 14;

/** What a server at an address with such a word in it says. */
const ODD_SERVERS: readonly [string, ConnectionCheck][] = [
  ["nobody", { kind: "unreachable", detail: "connection refused (os error 111)" }],
  ["teapot", { kind: "not_such_a_server", detail: "HTTP 418, text/html" }],
  ["busy", { kind: "server_failing", detail: "HTTP 529, Overloaded" }],
  ["gateway", { kind: "unknown_model", model: DEFAULT_CLAUDE, available: ["claude-sonnet-5-5", "claude-opus-5-5"] }],
];

/** Set up with `?routes`; the last has no key. */
export const FURTHER_ROUTES: readonly FurtherRoute[] = [
  {
    name: "Frankfurt",
    base_url: "https://eu.claude.example",
    model_prefix: "",
    price_percent: 110,
    concurrency: null,
    limits: { requests: 600, input_tokens: null, output_tokens: null },
  },
  {
    name: "Second account",
    base_url: "https://relay.claude.example:8443",
    model_prefix: "",
    price_percent: 100,
    concurrency: 3,
    limits: { requests: null, input_tokens: null, output_tokens: null },
  },
  {
    name: "Old gateway",
    base_url: "https://gateway.example/claude",
    model_prefix: "anthropic.",
    price_percent: 95,
    concurrency: null,
    limits: { requests: 50, input_tokens: null, output_tokens: null },
  },
];

/** The host of an address, with its port when that is an unusual one; null where it is no address of a server. */
export function hostOf(address: string): string | null {
  const url = URL.canParse(address) ? new URL(address) : null;
  return url !== null && /^https?:$/.test(url.protocol) ? url.host : null;
}

const ENV_FILE: EnvFileProposal = {
  path: "/home/photos/.env",
  server: null,
  model: null,
  key_ending: "4f2a",
  endpoint_keys: [],
  problem: null,
};

export class FakeConnection {
  readonly #isFromEnvironment: boolean;
  readonly #hasKeychain: boolean;
  #envFile: EnvFileProposal | null;
  #key: KeyPlace | null;
  /** Of the further routes, by host. */
  readonly #furtherKeys = new Map<string, KeyPlace>();
  #answer: ConnectionCheck = { kind: "works", model: DEFAULT_CLAUDE, model_count: MODELS };

  constructor(query: URLSearchParams) {
    this.#isFromEnvironment = query.has("environment");
    this.#hasKeychain = !query.has("keychainless");
    this.#envFile = query.has("envFile") ? ENV_FILE : null;
    this.#key = this.#isFromEnvironment ? "variable" : query.has("key") ? this.#place() : null;
    if (query.has("routes"))
      for (const route of FURTHER_ROUTES.slice(0, -1))
        this.#furtherKeys.set(hostOf(route.base_url) ?? "", this.#place());
  }

  /** For the server at an address, or with null for the one for Claude. */
  keep(address: string | null, key: string): void {
    if (address !== null) {
      this.#furtherKeys.set(hostOf(address) ?? "", this.#place());
      return;
    }
    this.#key = this.#place();
    if (key.includes("wrong")) this.#answer = { kind: "key_rejected" };
    else if (key.includes("no-credit"))
      this.#answer = { kind: "no_credit", detail: "Your credit balance is too low to access the Anthropic API." };
    else if (key.includes("forbidden"))
      this.#answer = { kind: "not_permitted", detail: "Your API key does not have permission to use this resource." };
    else this.#answer = { kind: "works", model: DEFAULT_CLAUDE, model_count: MODELS };
  }

  allowEnvFile(): void {
    if (this.#envFile !== null) this.#key = "dot_env";
    this.#envFile = null;
  }

  forget(address: string | null): void {
    if (address === null) this.#key = null;
    else this.#furtherKeys.delete(hostOf(address) ?? "");
  }

  /** A further route as it stands. */
  further({ name, base_url, key_env }: FurtherRoute, settings: Settings): FurtherConnection {
    const host = hostOf(base_url) ?? "";
    const problem = settings.is_local_only
      ? "nothing may be sent to another machine"
      : settings.agreed_hosts?.includes(host)
        ? null
        : `it is not agreed yet that images are sent to ${host}`;
    const key_variable = key_env ?? `FIELDMARK_ENDPOINT_${name.toUpperCase().replace(/[^A-Z0-9]/gu, "_")}_KEY`;
    return { name, host, key: this.#furtherKeys.get(host) ?? null, key_variable, problem };
  }

  describe(settings: Settings): Connection {
    const { base_url, further_routes } = settings;
    const concurrency = settings.run?.concurrency;
    const address = base_url ?? VENDOR;
    const url = URL.canParse(address) ? new URL(address) : null;
    const isUsable = url !== null && /^https?:$/.test(url.protocol);
    return {
      base_url: address,
      base_url_from: this.#isFromEnvironment ? "variable" : base_url ? "settings" : "default",
      host: isUsable ? url.host : "",
      is_on_this_machine: isUsable && ["localhost", "127.0.0.1", "[::1]"].includes(url.hostname),
      key: this.#key,
      key_withheld: null,
      unused_env_file: this.#envFile,
      keychain_problem: this.#hasKeychain ? null : "no secret service answers on this desktop",
      model: DEFAULT_CLAUDE,
      model_from: "default",
      concurrency: this.#isFromEnvironment ? AT_ONCE : (concurrency ?? null),
      concurrency_from: this.#isFromEnvironment ? "dot_env" : concurrency ? "settings" : "default",
      further: (further_routes ?? []).map((route) => this.further(route, settings)),
      problem: isUsable ? null : `"${address}" is no address of a server: it should begin with https://`,
    };
  }

  destination(settings: Settings): Destination {
    const { host, is_on_this_machine } = this.describe(settings);
    return { kind: "host", name: host, is_on_this_machine };
  }

  unavailable(settings: Settings): Unavailable | null {
    const { problem, host, is_on_this_machine } = this.describe(settings);
    if (problem !== null) return { kind: "unusable", detail: problem };
    if (settings.is_local_only && !is_on_this_machine) return { kind: "local_only" };
    return this.#key === null ? { kind: "no_key", host } : null;
  }

  check(settings: Settings): ConnectionCheck {
    const unavailable = this.unavailable(settings);
    if (unavailable && unavailable.kind !== "retired")
      return unavailable.kind === "unusable" ? unavailable : { kind: unavailable.kind };
    const { base_url } = this.describe(settings);
    return ODD_SERVERS.find(([word]) => base_url.includes(word))?.[1] ?? this.#answer;
  }

  #place(): KeyPlace {
    return this.#hasKeychain ? "keychain" : "session";
  }
}
