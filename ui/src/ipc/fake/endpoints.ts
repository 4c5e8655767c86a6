/** The endpoints of a model elsewhere: how many requests each takes at once, and what holds or closes it. */
import type { EndpointSettings, Hold, LimitSettings, ProviderSettings, RetryKind, EndpointState } from "../bindings";

/** One endpoint, as it is set up. */
export interface FakeEndpoint {
  name: string;
  concurrency: number | null;
  limits: LimitSettings;
}

/** A run elsewhere is held once on its first endpoint, from and until so long after its start. */
const HELD_FROM_MILLIS = 1500;
const HELD_UNTIL_MILLIS = 4500;
/** The last of several closes after that time, where it is asked to. */
const CLOSES_AFTER_MILLIS = 1000;
/** Learned from the server's refusal. */
const LEARNED_REQUESTS = 1000;

const FIRST_AT_ONCE = 4;
const FURTHER_AT_ONCE = 2;
const MOST_FOUND_OUT = 24;
/** One more at once for every so many milliseconds that go well. */
const GROWTH_MILLIS = 500;

/** The server of the connection, and those additional endpoints that can be used. */
export function endpointsOf(
  host: string,
  concurrency: number | null,
  provider: ProviderSettings,
  isUsable: (endpoint: EndpointSettings) => boolean,
): FakeEndpoint[] {
  const first = { name: host, concurrency, limits: provider.limits ?? {} };
  const additional = (provider.endpoints ?? []).filter(isUsable);
  const endpoints = additional.map(({ name, concurrency = null, limits = {} }) => ({ name, concurrency, limits }));
  return [first, ...endpoints];
}

export class FakeEndpoints {
  readonly #endpoints: readonly FakeEndpoint[];
  readonly #heldAs: RetryKind;
  readonly #detail: string;
  readonly #closesLast: boolean;

  constructor(endpoints: readonly FakeEndpoint[], heldAs: RetryKind, detail: string, closesLast: boolean) {
    this.#endpoints = endpoints;
    this.#heldAs = heldAs;
    this.#detail = detail;
    this.#closesLast = closesLast && endpoints.length > 1;
  }

  /** How they stand; `atOnce` is what the run was told, null when it finds out. */
  at(elapsed: number, atOnce: number | null, inFlight: number): EndpointState[] {
    const states = this.#endpoints.map((endpoint, place): EndpointState => {
      const isFirst = place === 0;
      const isClosed = this.#closesLast && place === this.#endpoints.length - 1 && elapsed >= CLOSES_AFTER_MILLIS;
      const set = (isFirst ? atOnce : null) ?? endpoint.concurrency;
      return {
        name: endpoint.name,
        under_way: 0,
        concurrency: set ?? foundOut(isFirst ? FIRST_AT_ONCE : FURTHER_AT_ONCE, elapsed, isFirst),
        is_adaptive: set === null,
        requests_per_minute:
          endpoint.limits.requests ?? (isFirst && elapsed >= HELD_FROM_MILLIS ? LEARNED_REQUESTS : null),
        hold: isFirst ? this.#hold(elapsed) : null,
        failure: isClosed ? { problem: "key_rejected", detail: "invalid x-api-key", again_in_millis: 2000 } : null,
      };
    });
    let left = inFlight;
    for (const state of states.filter(isOpen)) {
      state.under_way = Math.min(left, state.concurrency);
      left -= state.under_way;
    }
    return states;
  }

  #hold(elapsed: number): Hold | null {
    if (elapsed < HELD_FROM_MILLIS || elapsed >= HELD_UNTIL_MILLIS) return null;
    return { kind: this.#heldAs, left_millis: HELD_UNTIL_MILLIS - elapsed, detail: this.#detail };
  }
}

export function isOpen({ hold, failure }: EndpointState): boolean {
  return hold === null && failure === null;
}

/** It grows until the server refuses, and begins anew at half of that. */
function foundOut(first: number, elapsed: number, isRefused: boolean): number {
  const before = first + Math.floor((isRefused ? Math.min(elapsed, HELD_FROM_MILLIS) : elapsed) / GROWTH_MILLIS);
  if (!isRefused || elapsed < HELD_FROM_MILLIS) return Math.min(MOST_FOUND_OUT, before);
  const since = Math.max(0, elapsed - HELD_UNTIL_MILLIS);
  return Math.min(MOST_FOUND_OUT, Math.max(FIRST_AT_ONCE, Math.ceil(before / 2)) + Math.floor(since / GROWTH_MILLIS));
}
