/**
 * A core that is slow, or refuses: `?slow=800` answers so many milliseconds late, with `&late=quote,imageCards` only to these
 * questions; `?refuses=overview,runs` answers these not at all, and with `&times=2` only so many times.
 */
import type { Seam } from "../seam";
import { refuse } from "./refuse";

export function server_failing(seam: Seam, query: URLSearchParams): Seam {
  const lateMillis = Number(query.get("slow") ?? 0);
  const late = query.get("late")?.split(",");
  const refused = new Set((query.get("refuses") ?? "").split(","));
  let refusals = Number(query.get("times") ?? Infinity);
  if (lateMillis === 0 && !query.has("refuses")) return seam;
  return new Proxy(seam, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name, target);
      if (typeof member !== "function") return member;
      // These two answer at once.
      if (name === "on" || name === "pixelUrl") return member.bind(target) as unknown;
      return async (...about: unknown[]) => {
        if (lateMillis > 0 && (late?.includes(String(name)) ?? true))
          await new Promise((later) => setTimeout(later, lateMillis));
        if (refused.has(String(name)) && refusals-- > 0) return refuse("library");
        return (member as (...about: unknown[]) => unknown).apply(target, about);
      };
    },
  });
}
