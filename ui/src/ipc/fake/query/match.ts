/** Which images of the core in memory a test holds of. */
import type { Annotation, Check, Condition, ImageCard, RunId, Test } from "../../bindings";
import { dayOf } from "../taken";

/** What a question may be about. */
export interface Facts {
  card: ImageCard;
  folder: string;
  /** When its file was last changed, as `2026-11-23`. */
  date: string;
  runs: readonly RunId[];
  /** Of its likely mistakes, the kinds; found when somebody asks. */
  checks: () => ReadonlySet<Check>;
}

type AnySpan = Extract<Test, { span: unknown }>["span"];

export function holdsAll(conditions: readonly Condition[], facts: Facts): boolean {
  return conditions.every(({ is_excluded, test }) => holds(test, facts) !== is_excluded);
}

export function holds(test: Test, { card, folder, date, runs, checks }: Facts): boolean {
  switch (test.kind) {
    case "in":
      return isSame(folder, test.name);
    case "label":
      return standingAnnotations(card).some((annotation) => isSame(annotation.label, test.name));
    case "any_label":
      return test.names.some((name) => standingAnnotations(card).some(({ label }) => isSame(label, name)));
    case "image":
      if (test.state === "failed") return card.failure !== null;
      return test.state === "running" ? card.is_running : card.review === test.state;
    case "annotation":
      return card.annotations.some((annotation) => annotation.status === test.status);
    case "confidence":
      return standingAnnotations(card).some(
        (annotation) => annotation.confidence !== null && isWithin(annotation.confidence, test.span),
      );
    case "run":
      return runs.includes(test.run);
    case "failure":
      return card.failure?.kind === test.failure;
    case "has":
      if (test.what === "answer") return card.is_annotated;
      return standingAnnotations(card).some(
        (annotation) => test.what === "annotations" || Object.keys(annotation.attributes).length > 0,
      );
    case "check":
      return checks().has(test.check);
    case "annotations":
      return isWithin(standingAnnotations(card).length, test.span);
    case "date":
      return isWithin(date, test.span);
    case "taken":
      return card.taken !== null && isWithin(dayOf(card.taken), test.span);
    case "text":
      return says(card, test.text.trim().toLowerCase());
  }
}

export function standingAnnotations(card: ImageCard): Annotation[] {
  return card.annotations.filter((annotation) => annotation.status !== "rejected");
}

function says(card: ImageCard, text: string): boolean {
  const texts = standingAnnotations(card).flatMap((annotation) => [
    annotation.label,
    ...Object.values(annotation.attributes),
  ]);
  return [card.name, ...texts].some((each) => typeof each === "string" && each.toLowerCase().includes(text));
}

function isSame(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}

function isWithin(value: number | string, span: AnySpan): boolean {
  switch (span.kind) {
    case "below":
      return value < span.value;
    case "at_most":
      return value <= span.value;
    case "at_least":
      return value >= span.value;
    case "above":
      return value > span.value;
    case "between":
      return value >= span.least && value <= span.most;
  }
}
