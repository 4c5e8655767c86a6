/** How a person wants photographs and annotations to look while reviewing. It is kept on this machine. */
import { keep, recall } from "../state/kept";

export const OUTLINES = ["thin", "normal", "bold"] as const;
export type Outline = (typeof OUTLINES)[number];
export const LABELLINGS = ["always", "selected", "never"] as const;
/** Which annotations have their label beside them. */
export type Labelling = (typeof LABELLINGS)[number];

export interface Look {
  outline: Outline;
  labels: Labelling;
  /** Of the wash inside an annotation, from 0 to 1. */
  fill: number;
  /** Of the photograph; 1 is as it is. */
  brightness: number;
  contrast: number;
}

export const PLAIN_LOOK: Look = { outline: "normal", labels: "always", fill: 0, brightness: 1, contrast: 1 };

export const BOUNDS = {
  fill: { least: 0, most: 0.6, step: 0.05 },
  brightness: { least: 0.5, most: 3, step: 0.1 },
  contrast: { least: 0.5, most: 2.5, step: 0.1 },
} as const;
export type Amount = keyof typeof BOUNDS;

/** Pixels of an annotation's line, in CSS pixels. */
const LINE_WIDTHS: Record<Outline, number> = { thin: 1, normal: 2, bold: 3 };

export class View {
  look = $state.raw<Look>(recall("view", isLook) ?? PLAIN_LOOK);

  readonly isPlain = $derived(isSame(this.look, PLAIN_LOOK));
  readonly lineWidth = $derived(LINE_WIDTHS[this.look.outline]);
  /** As CSS has it; empty for the photograph as it is. */
  readonly filter = $derived(filterOf(this.look));

  change(changed: Partial<Look>): void {
    this.look = { ...this.look, ...changed };
    keep("view", this.look);
  }

  reset(): void {
    this.change(PLAIN_LOOK);
  }

  /** A step brighter or darker. */
  brighten(direction: 1 | -1): void {
    const { least, most, step } = BOUNDS.brightness;
    const brightness = Math.round((this.look.brightness + direction * step) / step) * step;
    this.change({ brightness: Math.min(most, Math.max(least, Number(brightness.toFixed(2)))) });
  }
}

function filterOf({ brightness, contrast }: Look): string {
  return [
    ...(brightness === 1 ? [] : [`brightness(${brightness})`]),
    ...(contrast === 1 ? [] : [`contrast(${contrast})`]),
  ].join(" ");
}

function isSame(one: Look, other: Look): boolean {
  return (Object.keys(one) as (keyof Look)[]).every((name) => one[name] === other[name]);
}

function isLook(value: unknown): value is Look {
  if (typeof value !== "object" || value === null) return false;
  const look = value as Partial<Record<keyof Look, unknown>>;
  return (
    OUTLINES.some((outline) => outline === look.outline) &&
    LABELLINGS.some((labelling) => labelling === look.labels) &&
    (Object.keys(BOUNDS) as Amount[]).every((name) => {
      const amount = look[name];
      return typeof amount === "number" && amount >= BOUNDS[name].least && amount <= BOUNDS[name].most;
    })
  );
}
