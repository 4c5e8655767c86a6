/**
 * The connection to the provider of the core in memory. A key is looked at once, for what the server would say to it, and not kept:
 * one with "wrong" in it is not taken, one with "no-credit" has an empty account, one with "forbidden" may not do this.
 */
import type {
  Connection,
  ConnectionCheck,
  ConnectionOverview,
  Destination,
  EndpointConnection,
  EndpointSettings,
  EnvFileProposal,
  Unavailable,
  KeyPlace,
  ProviderDescription,
  ProviderSettings,
  Settings,
} from "../bindings";
import { CLAUDE_IDS, DEFAULT_CLAUDE } from "./claude";

export const PROVIDER: ProviderDescription = {
  id: "anthropic",
  name: "Anthropic",
  documentation_url: "https://docs.anthropic.com/en/api/messages",
  fields: [
    { kind: "key", variable: "ANTHROPIC_API_KEY", is_required: true },
    { kind: "base_url", variable: "ANTHROPIC_BASE_URL", is_required: false },
    { kind: "model", variable: "ANTHROPIC_MODEL", is_required: false },
  ],
  has_batches: true,
  has_discovery: true,
  models: [...CLAUDE_IDS],
};

/** What is set for the provider. */
export function providerIn(settings: Settings): ProviderSettings {
  return settings.providers?.find(({ id }) => id === PROVIDER.id) ?? { id: PROVIDER.id };
}

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

/** Set up with `?endpoints`; the last has no key. */
export const ENDPOINTS: readonly EndpointSettings[] = [
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
  connections: [{ provider: PROVIDER.name, server: null, model: null, key_ending: "4f2a" }],
  endpoint_keys: [],
  problem: null,
};

export class FakeConnection {
  readonly #isFromEnvironment: boolean;
  readonly #hasKeychain: boolean;
  #envFile: EnvFileProposal | null;
  #key: KeyPlace | null;
  /** Of the additional endpoints, by host. */
  readonly #endpointKeys = new Map<string, KeyPlace>();
  #answer: ConnectionCheck = { kind: "works", model: DEFAULT_CLAUDE, model_count: MODELS };

  constructor(query: URLSearchParams) {
    this.#isFromEnvironment = query.has("environment");
    this.#hasKeychain = !query.has("keychainless");
    this.#envFile = query.has("envFile") ? ENV_FILE : null;
    this.#key = this.#isFromEnvironment ? "variable" : query.has("key") ? this.#place() : null;
    if (query.has("endpoints"))
      for (const endpoint of ENDPOINTS.slice(0, -1))
        this.#endpointKeys.set(hostOf(endpoint.base_url) ?? "", this.#place());
  }

  /** For the server at an address, or with null for the one that is set up. */
  keep(address: string | null, key: string): void {
    if (address !== null) {
      this.#endpointKeys.set(hostOf(address) ?? "", this.#place());
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
    else this.#endpointKeys.delete(hostOf(address) ?? "");
  }

  /** An additional endpoint as it stands. */
  endpoint({ name, base_url, key_env }: EndpointSettings, settings: Settings): EndpointConnection {
    const host = hostOf(base_url) ?? "";
    const problem = settings.is_local_only
      ? "sending to other machines is disabled"
      : settings.agreed_hosts?.includes(host)
        ? null
        : `sending images to ${host} is not allowed yet`;
    const key_variable = key_env ?? `FIELDMARK_ENDPOINT_${name.toUpperCase().replace(/[^A-Z0-9]/gu, "_")}_KEY`;
    return { name, host, key: this.#endpointKeys.get(host) ?? null, key_variable, problem };
  }

  describe(settings: Settings): Connection {
    const { base_url, endpoints = [], name } = providerIn(settings);
    const address = base_url ?? VENDOR;
    const url = URL.canParse(address) ? new URL(address) : null;
    const isUsable = url !== null && /^https?:$/.test(url.protocol);
    return {
      provider: PROVIDER,
      name: name ?? PROVIDER.name,
      base_url: address,
      base_url_from: this.#isFromEnvironment ? "variable" : base_url ? "settings" : "default",
      host: isUsable ? url.host : "",
      is_on_this_machine: isUsable && ["localhost", "127.0.0.1", "[::1]"].includes(url.hostname),
      key: this.#key,
      key_variable: "ANTHROPIC_API_KEY",
      key_withheld: null,
      model: DEFAULT_CLAUDE,
      model_from: "default",
      endpoints: endpoints.map((endpoint) => this.endpoint(endpoint, settings)),
      problem: isUsable ? null : `"${address}" is no address of a server: it should begin with https://`,
    };
  }

  overview(settings: Settings): ConnectionOverview {
    const concurrency = settings.run?.concurrency;
    return {
      connections: [this.describe(settings)],
      unused_env_file: this.#envFile,
      keychain_problem: this.#hasKeychain ? null : "no secret service answers on this desktop",
      concurrency: this.#isFromEnvironment ? AT_ONCE : (concurrency ?? null),
      concurrency_from: this.#isFromEnvironment ? "dot_env" : concurrency ? "settings" : "default",
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
    return this.#key === null ? { kind: "no_key", host, variable: "ANTHROPIC_API_KEY" } : null;
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
