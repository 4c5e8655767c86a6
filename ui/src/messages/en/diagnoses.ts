/** What stood out in a run, and what to change because of it. */
import type { AnswerRoom, Change, Finding, LimitUnit, MetLimit } from "../../ipc/bindings";
import { count, decimal, duration, money, percent } from "../format";
import { run } from "./run";

const counted = (number: number, noun: string): string => `${count(number)} ${noun}${number === 1 ? "" : "s"}`;

const units: Record<LimitUnit, (limit: number) => string> = {
  requests_per_minute: (limit) => `${counted(limit, "request")} a minute`,
  tokens_per_minute: (limit) => `${counted(limit, "token")} a minute`,
  at_once: (limit) => `${counted(limit, "request")} at once`,
};

const met = (limit: MetLimit | null, before: string): string =>
  limit === null ? "" : `${before}${units[limit.unit](limit.count)}`;

const room = (given: AnswerRoom): string => {
  switch (given.kind) {
    case "more":
      return " even with more room";
    case "own_maximum":
      return ` at the ${counted(given.tokens, "token")} that you allow`;
    case "usual":
      return "";
  }
};

export interface Said {
  title: string;
  /** The numbers that it rests on. */
  note: string;
}

function finding(found: Finding): Said {
  switch (found.kind) {
    case "rate_limited":
      return {
        title: "Held back by the server’s limits",
        note: `For ${duration(found.held_millis)}, ${percent(found.share)} of the time${met(found.limit, ", at about ")}; ${found.refusals === 0 ? "nothing" : counted(found.refusals, "request")} refused.`,
      };
    case "retries_high":
      return {
        title: "Many requests were made again",
        note: `${decimal(found.rate * 100, 0)} for 100 images: ${found.by_kind.map((group) => `${run.retries[group.kind]} (${count(group.count)})`).join(", ")}.`,
      };
    case "server_away":
      return {
        title: "The server was away",
        note: `It could not answer for ${duration(found.away_millis)}, ${percent(found.share)} of the time.`,
      };
    case "mostly_one_failure":
      return {
        title: "Many images failed for one reason",
        note: `${run.failures[found.failure].title}: ${count(found.count)} of ${count(found.failed)} that failed, of ${counted(found.finished, "image")}.`,
      };
    case "answers_cut_short":
      return {
        title: "Answers were cut short",
        note: `${counted(found.count, "answer")}${room(found.room)}, ${percent(found.share)} of the images.`,
      };
    case "slowed_by_own_limit":
      return {
        title: "Held back by your own limit",
        note: `For ${percent(found.share)} of the time${met(found.limit, ": ")}.`,
      };
    case "slowed_by_pause":
      return {
        title: "Held back by the pause",
        note: `Each of the images at once rested ${duration(found.pause_millis)} after an answer: ${percent(found.share)} of the time.`,
      };
    case "slowed_by_concurrency":
      return {
        title: "More at once would be faster",
        note: `All ${count(found.at_once)} that you allow at once were under way for ${percent(found.share)} of the time: ${decimal(found.images_per_second)} images a second${found.possible === null ? "" : `, where the server’s limit allows ${decimal(found.possible)}`}.`,
      };
    case "slowed_by_preparing":
      return {
        title: "The server waited for this machine",
        note: `${decimal(found.images_per_second)} images a second got ready; ${decimal(found.possible)} could have been answered.`,
      };
    case "cost_by_output":
      return {
        title: "Most of the cost was for answers",
        note: `${percent(found.share)} of ${money(found.paid_dollars)}: ${counted(found.answer_tokens, "token")} an answer${found.thinking_share > 0 ? `, ${percent(found.thinking_share)} of them thinking` : ""}.`,
      };
    case "cost_by_images":
      return {
        title: "Most of the cost was for pictures",
        note: `${percent(found.share)} of ${money(found.paid_dollars)}: ${counted(found.image_tokens, "token")} a picture, at up to ${count(found.longest_edge)} px.`,
      };
  }
}

function change(advised: Change): string {
  switch (advised.kind) {
    case "fewer_at_once":
      return `Allow ${count(advised.to)} at once`;
    case "more_at_once":
      return advised.to === null
        ? "Leave the number at once open: it is found out"
        : `Allow ${count(advised.to)} at once, or leave the number open`;
    case "limit_requests":
      return `Set a limit of ${counted(advised.per_minute, "request")} a minute: as fast, and nothing is refused`;
    case "raise_own_limit":
      return "Raise that limit in the settings, or leave it open: the server’s own is found out";
    case "no_pause":
      return "Leave the pause out: the server’s limits are found out without one";
    case "longer_silence":
      return `Allow a silence of ${duration(advised.to_millis)} in the settings: what is slow to come is waited for`;
    case "shorter_silence":
      return `Allow a silence of ${duration(advised.to_millis)} at most in the settings: what is lost is asked for again sooner`;
    case "more_room":
      return advised.than === null
        ? "Set a longest answer beyond what the model usually gets: room from the beginning"
        : `Allow answers more than ${counted(advised.than, "token")}, or leave the longest answer open`;
    case "more_routes":
      return "Get a higher limit at the vendor, or add a further route: only that is faster";
    case "ask_overnight":
      return `Ask overnight: about ${money(advised.cost_dollars)}, under limits of its own`;
    case "cheaper_model":
      return `Try ${advised.name} on a few images: the same tokens would be about ${money(advised.cost_dollars)} (an estimate)`;
    case "other_model":
      return "Try another model";
    case "ask_for_less":
      return "Ask for fewer labels or attributes, or in fewer words";
    case "smaller_photos":
      return "Use smaller copies of the photos";
    case "check_photos":
      return "See whether the photos are where they were, and open";
    case "check_network":
      return "Look after the network: Wi-Fi, a proxy, a VPN";
  }
}

export const diagnoses = { title: "What to change", finding, change };
