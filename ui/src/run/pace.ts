/** Summaries over the endpoints of a run. */
import type { EndpointState } from "../api/bindings";

/** The lowest known limit of any endpoint, in requests per minute; null if none is known. */
export function strictest(endpoints: readonly EndpointState[]): number | null {
  const known = endpoints.flatMap(({ requests_per_minute: limit, failure }) =>
    limit === null || failure ? [] : [limit],
  );
  return known.length === 0 ? null : Math.min(...known);
}

/** Whether the concurrency is automatic or set; null if the endpoints differ or none is used. */
export function numberFrom(endpoints: readonly EndpointState[]): "found_out" | "set" | null {
  const used = endpoints.filter(({ failure }) => failure === null);
  const found = used.filter(({ is_adaptive }) => is_adaptive).length;
  if (used.length === 0 || (found > 0 && found < used.length)) return null;
  return found > 0 ? "found_out" : "set";
}
