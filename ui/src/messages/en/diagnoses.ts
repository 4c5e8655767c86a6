/** Findings about a run, and recommended changes. */
import type { OutputLimit, Change, Finding, LimitUnit, MetLimit } from "../../api/bindings";
import { count, decimal, duration, money, percent } from "../format";
import { models } from "./models";
import { run } from "./run";
import { here } from "../place.svelte";

const counted = (number: number, noun: string): string => `${count(number)} ${noun}${number === 1 ? "" : "s"}`;

const units: Record<LimitUnit, (limit: number) => string> = {
  requests_per_minute: (limit) => `${counted(limit, "request")} per minute`,
  tokens_per_minute: (limit) => `${counted(limit, "token")} per minute`,
  concurrency: (limit) => `${counted(limit, "request")} in parallel`,
};

const met = (limit: MetLimit | null, before: string): string =>
  limit === null ? "" : `${before}${units[limit.unit](limit.count)}`;

const room = (given: OutputLimit): string => {
  switch (given.kind) {
    case "more":
      return " even with a higher limit";
    case "own_maximum":
      return ` at your maximum of ${counted(given.tokens, "token")}`;
    case "usual":
      return "";
  }
};

/** Empty if nothing was refused. */
const refused = (refusals: number, overloads: number): string => {
  const parts = [
    ...(refusals === 0 ? [] : [`${counted(refusals, "request")} refused`]),
    ...(overloads === 0 ? [] : [`${counted(overloads, "request")} overloaded (529)`]),
  ];
  return parts.length === 0 ? "" : `; ${parts.join(", ")}`;
};

export interface Message {
  title: string;
  /** The figures behind it. */
  note: string;
}

function finding(found: Finding): Message {
  switch (found.kind) {
    case "rate_limited":
      return {
        title: "Slowed by the server’s rate limit",
        note: `For ${duration(found.held_millis)}, ${percent(found.share)} of the time${met(found.limit, ", at about ")}${refused(found.refusals, found.overloads)}.`,
      };
    case "retries_high":
      return {
        title: "Many requests were retried",
        note: `${count(found.repeated)} ${found.repeated === 1 ? "retry" : "retries"} for ${counted(found.asked, "image")}: ${found.by_kind.map((group) => `${run.retries[group.kind]} (${count(group.count)})`).join(", ")}.`,
      };
    case "server_away":
      return {
        title: "The server was not available",
        note: `It could not answer for ${duration(found.away_millis)}, ${percent(found.share)} of the time.`,
      };
    case "mostly_one_failure":
      return {
        title: "Many images failed for one reason",
        note: `${run.failures[found.failure].title}: ${count(found.count)} of ${count(found.failed)} that failed, of ${counted(found.finished, "image")}.`,
      };
    case "coordinates_suspected": {
      const { asked_for, suspected, images, boxes } = found.coordinates;
      const all = `All ${counted(boxes, "annotation")} in ${counted(images, "image")} lie`;
      return {
        title: "The coordinates may be wrong",
        note:
          suspected === "pixel_xyxy"
            ? `${all} where pixels of these pictures would be. The model was asked for: ${models.systems[asked_for]}.`
            : `${all} within the first 1,000 pixels of larger pictures, as coordinates from 0 to 1,000 do. The model was asked for: ${models.systems[asked_for]}.`,
      };
    }
    case "answers_cut_short":
      return {
        title: "Answers were cut off",
        note: `${counted(found.count, "answer")}${room(found.room)}, ${percent(found.share)} of the images.`,
      };
    case "slowed_by_own_limit":
      return {
        title: "Slowed by a limit that you set",
        note: `For ${percent(found.share)} of the time${met(found.limit, ": ")}.`,
      };
    case "slowed_by_pause":
      return {
        title: "Slowed by the pause between requests",
        note: `The pause of ${duration(found.pause_millis)} after each answer took ${percent(found.share)} of the time.`,
      };
    case "slowed_by_concurrency":
      return {
        title: "A higher concurrency would be faster",
        note: `Your concurrency of ${count(found.concurrency)} was fully used for ${percent(found.share)} of the time: ${decimal(found.images_per_second)} images per second${found.possible === null ? "" : `, while the server’s limit allows ${decimal(found.possible)}`}.`,
      };
    case "slowed_by_preparing":
      return {
        title: "Image preparation was the bottleneck",
        note: `${percent(found.share)} of the possible requests had no image ready, at ${decimal(found.images_per_second)} images per second.`,
      };
    case "cost_by_output":
      return {
        title: "Most of the cost was for answers",
        note: `${percent(found.share)} of ${money(found.paid_dollars)}: ${counted(found.answer_tokens, "token")} per answer${found.thinking_share > 0 ? `, ${percent(found.thinking_share)} of them thinking` : ""}.`,
      };
    case "cost_by_images":
      return {
        title: "Most of the cost was for the images",
        note: `${percent(found.share)} of ${money(found.paid_dollars)}: ${counted(found.image_tokens, "token")} per image, at up to ${count(found.longest_edge)} px.`,
      };
  }
}

function change(advised: Change): string {
  switch (advised.kind) {
    case "lower_concurrency":
      return `Set the concurrency to ${count(advised.to)}`;
    case "raise_concurrency":
      return advised.to === null
        ? "Set the concurrency to automatic"
        : `Set the concurrency to ${count(advised.to)} or to automatic`;
    case "limit_requests":
      return `Set a limit of ${counted(advised.per_minute, "request")} per minute: just as fast, without refused requests`;
    case "raise_own_limit":
      return "Raise that limit in the settings, or leave it empty: the server’s own limit is detected automatically";
    case "no_pause":
      return "Remove the pause: the server’s limits are detected automatically";
    case "longer_idle_timeout":
      return `Set the idle timeout to ${duration(advised.to_millis)} in the settings, to wait for slow answers`;
    case "shorter_idle_timeout":
      return `Set the idle timeout to ${duration(advised.to_millis)} in the settings, to retry lost requests sooner`;
    case "raise_max_tokens":
      return advised.than === null
        ? "Set max output tokens above the model’s default, so that the first answer fits"
        : `Run it again with max output tokens above ${count(advised.than)}: only answers that were cut off are billed again`;
    case "add_endpoint":
      return "Request a higher limit from the vendor, or add another endpoint";
    case "use_batch":
      return `Run it as a batch: about ${money(advised.cost_dollars)}, with separate limits`;
    case "run_live":
      return "Run these images live: answers arrive within seconds";
    case "cheaper_model":
      return `Try ${advised.name} on a few images: the same tokens would cost about ${money(advised.cost_dollars)} (estimated)`;
    case "other_model":
      return "Try another model";
    case "calibrate":
      return "Find out in which coordinates the model answers: calibrate it";
    case "add_labels":
      return "Add the model’s own labels to the recipe, as labels or synonyms";
    case "smaller_recipe":
      return "Ask for fewer labels or attributes, or shorten the instructions";
    case "smaller_photos":
      return "Use smaller copies of the photos";
    case "check_photos":
      return "Check that the photos have not moved and can be opened";
    case "check_network":
      return "Check the network: Wi-Fi, a proxy, a VPN";
    case "check_server":
      return `Check that the ${here("server on this machine", "model server beside Fieldmark’s")} is running, and read its log`;
  }
}

export const diagnoses = { title: "What to change", finding, change };
