/** Display options of photos and annotations in review, remembered on this machine. */
import { keep, recall } from "../state/kept";

export const OUTLINES = ["thin", "normal", "bold"] as const;
export type Outline = (typeof OUTLINES)[number];
export const LABELLINGS = ["always", "selected", "never"] as const;
/** Which annotations show their label. */
export type Labelling = (typeof LABELLINGS)[number];

export interface DisplayOptions {
  outline: Outline;
  labels: Labelling;
  /** Opacity of the fill, 0 to 1. */
  fill: number;
  /** 1 is unchanged. */
  brightness: number;
  contrast: number;
}

export const DEFAULT_DISPLAY: DisplayOptions = {
  outline: "normal",
  labels: "always",
  fill: 0,
  brightness: 1,
  contrast: 1,
};

export const BOUNDS = {
  fill: { least: 0, most: 0.6, step: 0.05 },
  brightness: { least: 0.5, most: 3, step: 0.1 },
  contrast: { least: 0.5, most: 2.5, step: 0.1 },
} as const;
export type Amount = keyof typeof BOUNDS;

/** Line widths in CSS pixels. */
const LINE_WIDTHS: Record<Outline, number> = { thin: 1, normal: 2, bold: 3 };

export class View {
  options = $state.raw<DisplayOptions>(recall("view", isDisplayOptions) ?? DEFAULT_DISPLAY);

  readonly isDefault = $derived(isSame(this.options, DEFAULT_DISPLAY));
  readonly lineWidth = $derived(LINE_WIDTHS[this.options.outline]);
  /** A CSS filter; empty if unchanged. */
  readonly filter = $derived(filterOf(this.options));

  change(changed: Partial<DisplayOptions>): void {
    this.options = { ...this.options, ...changed };
    keep("view", this.options);
  }

  reset(): void {
    this.change(DEFAULT_DISPLAY);
  }

  brighten(direction: 1 | -1): void {
    const { least, most, step } = BOUNDS.brightness;
    const brightness = Math.round((this.options.brightness + direction * step) / step) * step;
    this.change({ brightness: Math.min(most, Math.max(least, Number(brightness.toFixed(2)))) });
  }
}

function filterOf({ brightness, contrast }: DisplayOptions): string {
  return [
    ...(brightness === 1 ? [] : [`brightness(${brightness})`]),
    ...(contrast === 1 ? [] : [`contrast(${contrast})`]),
  ].join(" ");
}

function isSame(one: DisplayOptions, other: DisplayOptions): boolean {
  return (Object.keys(one) as (keyof DisplayOptions)[]).every((name) => one[name] === other[name]);
}

function isDisplayOptions(value: unknown): value is DisplayOptions {
  if (typeof value !== "object" || value === null) return false;
  const options = value as Partial<Record<keyof DisplayOptions, unknown>>;
  return (
    OUTLINES.some((outline) => outline === options.outline) &&
    LABELLINGS.some((labelling) => labelling === options.labels) &&
    (Object.keys(BOUNDS) as Amount[]).every((name) => {
      const amount = options[name];
      return typeof amount === "number" && amount >= BOUNDS[name].least && amount <= BOUNDS[name].most;
    })
  );
}
