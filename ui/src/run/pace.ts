/** What there is to say about the endpoints of a run. */
import type { EndpointState } from "../ipc/bindings";

/** The strictest limit that is known of any of them, in requests a minute; null where none is. */
export function strictest(routes: readonly EndpointState[]): number | null {
  const known = routes.flatMap(({ requests_per_minute: limit, failure }) => (limit === null || failure ? [] : [limit]));
  return known.length === 0 ? null : Math.min(...known);
}

/** Whether the concurrency is automatic or set; null where that differs among the endpoints in use, and where there is none. */
export function numberFrom(routes: readonly EndpointState[]): "found_out" | "set" | null {
  const used = routes.filter(({ failure }) => failure === null);
  const found = used.filter(({ is_adaptive }) => is_adaptive).length;
  if (used.length === 0 || (found > 0 && found < used.length)) return null;
  return found > 0 ? "found_out" : "set";
}
