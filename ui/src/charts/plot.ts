/** Draws a chart with uPlot, in the colors of the tokens. */
import "./browserLanguage";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";

import {
  type ChartAxis,
  type ChartColor,
  type ChartFill,
  type ChartSeries,
  type ChartSpec,
  DECIMAL_STEPS,
  drawnValues,
  tickLabels,
} from "./spec";

/** The area within the axes, in CSS pixels from the upper left corner of the chart. */
export interface PlotArea {
  left: number;
  top: number;
  width: number;
  height: number;
}

export interface PlotListener {
  /** The point nearest to the cursor; null without a cursor. */
  pointed: (index: number | null) => void;
  laidOut: (area: PlotArea) => void;
}

const FONT_PIXELS = 11;
const AXIS_GAP = 6;
const X_AXIS_HEIGHT = 22;
/** Room above the highest value and at the ends of the x axis, so that lines and ticks are not cut. */
const PADDING_TOP = 6;
/** Half of the label of a tick at the end. */
const PADDING_SIDE = 20;
/** Least distance between ticks. */
const X_SPACE = 72;
const Y_SPACE = 22;
const DASH = [4, 3];
const BAR_GAP = 2;
/** Share of its room that a stacked bar takes, and the most pixels. */
const STACK_SIZE: [number, number] = [0.6, 56];
const PATTERN_PIXELS = 6;
const POINT_PIXELS = 8;
/** A bar of one among thousands is still seen. */
const LEAST_BAR_SHARE = 0.015;

/** An interactive drawing within `host`; follows the size of `host`. */
export class Plot {
  readonly #host: HTMLElement;
  readonly #listener: PlotListener;
  readonly #resized: ResizeObserver;
  #spec: ChartSpec;
  #drawn: uPlot;

  constructor(host: HTMLElement, spec: ChartSpec, listener: PlotListener) {
    this.#host = host;
    this.#spec = spec;
    this.#listener = listener;
    this.#drawn = this.#draw();
    this.#resized = new ResizeObserver(() => this.#drawn.setSize(sizeOf(host)));
    this.#resized.observe(host);
  }

  update(spec: ChartSpec): void {
    const isSimilar = structureOf(spec) === structureOf(this.#spec);
    this.#spec = spec;
    if (isSimilar) this.#drawn.setData(dataOf(spec));
    else this.redraw();
  }

  /** Draws everything again, because colors or fonts have changed. */
  redraw(): void {
    this.#drawn.destroy();
    this.#drawn = this.#draw();
  }

  /** Moves the cursor to a point; null removes it. */
  point(index: number | null): void {
    const x = index === null ? undefined : this.#spec.x[index];
    this.#drawn.setCursor(x === undefined ? { left: -10, top: -10 } : { left: this.#drawn.valToPos(x, "x"), top: 0 });
  }

  destroy(): void {
    this.#resized.disconnect();
    this.#drawn.destroy();
  }

  #draw(): uPlot {
    return new uPlot(this.#options(), dataOf(this.#spec), this.#host);
  }

  #options(): uPlot.Options {
    const style = getComputedStyle(this.#host);
    const color = (token: string) => style.getPropertyValue(`--${token}`).trim();
    const font = `${FONT_PIXELS}px ${style.fontFamily}`;
    const spec = this.#spec;
    const axis = (read: () => ChartAxis | undefined, isVertical: boolean): uPlot.Axis => ({
      font,
      stroke: color("text-faint"),
      ticks: { show: false },
      gap: isVertical ? AXIS_GAP : 4,
      space: isVertical ? Y_SPACE : X_SPACE,
      size: isVertical ? (_, texts) => widthOf(texts, font) + AXIS_GAP : X_AXIS_HEIGHT,
      incrs: () => (read()?.steps as number[] | undefined) ?? [...DECIMAL_STEPS],
      values: (_, ticks) => tickLabels(ticks, (tick) => read()?.format(tick) ?? ""),
    });
    const range = (read: () => ChartAxis | undefined) => (): uPlot.Range.MinMax => [read()?.from ?? 0, read()?.to ?? 1];
    return {
      ...sizeOf(this.#host),
      padding: [PADDING_TOP, spec.rightAxis ? 0 : PADDING_SIDE, 0, 0],
      legend: { show: false },
      scales: {
        x: { time: false, range: range(() => this.#spec.xAxis) },
        y: { range: range(() => this.#spec.yAxis) },
        ...(spec.rightAxis ? { right: { range: range(() => this.#spec.rightAxis) } } : {}),
      },
      axes: [
        { ...axis(() => this.#spec.xAxis, false), grid: { show: false } },
        { ...axis(() => this.#spec.yAxis, true), scale: "y", grid: { stroke: color("line"), width: 1 } },
        ...(spec.rightAxis
          ? [{ ...axis(() => this.#spec.rightAxis, true), scale: "right", side: 1 as const, grid: { show: false } }]
          : []),
      ],
      series: [{}, ...spec.series.map((series) => seriesOf(series, color))],
      ...(spec.band
        ? { bands: [{ series: [spec.band[0] + 1, spec.band[1] + 1], fill: color("surface-selected") }] }
        : {}),
      cursor: {
        y: false,
        drag: { x: false, y: false, setScale: false },
        points: { size: 6 },
        // The line stands at the point whose values are read.
        move: (drawn, left, top) => {
          const x = left < 0 ? undefined : this.#spec.x[drawn.posToIdx(left)];
          return [x === undefined ? left : drawn.valToPos(x, "x"), top];
        },
      },
      hooks: {
        setCursor: [({ cursor }) => this.#listener.pointed((cursor.left ?? -1) < 0 ? null : (cursor.idx ?? null))],
        draw: [
          ({ over }) =>
            this.#listener.laidOut({
              left: over.offsetLeft,
              top: over.offsetTop,
              width: over.offsetWidth,
              height: over.offsetHeight,
            }),
        ],
      },
    };
  }
}

function seriesOf(series: ChartSeries, color: (token: ChartColor | "surface") => string): uPlot.Series {
  const stroke = color(series.color);
  const scale = series.isOnRight ? "right" : "y";
  const points = { show: false };
  switch (series.kind) {
    case "bars":
      return {
        scale,
        points,
        paths: barsOf(series.isStacked),
        // The pattern is made anew with every drawing: the resolution of the screen may change.
        fill: () => fillOf(series.fill ?? "solid", stroke, color("surface")),
        ...(series.fill === "outline" ? { stroke, width: 1 } : {}),
      };
    case "point":
      return { scale, stroke, paths: () => null, points: { show: true, size: POINT_PIXELS, fill: stroke } };
    default:
      return {
        scale,
        stroke,
        width: series.color === "accent" ? 1.5 : 1,
        points,
        spanGaps: series.isContinuous ?? false,
        ...(series.isDashed ? { dash: DASH } : {}),
        ...(series.kind === "step" ? { paths: uPlot.paths.stepped?.({ align: 1 }) } : {}),
      };
  }
}

function barsOf(isStacked = false): uPlot.Series.PathBuilder | undefined {
  return uPlot.paths.bars?.(isStacked ? { size: STACK_SIZE } : { size: [1, Infinity], gap: BAR_GAP });
}

/** Stripes and dots stand on the surface, which covers the bars below. */
function fillOf(fill: ChartFill, color: string, surface: string): CanvasRenderingContext2D["fillStyle"] {
  if (fill === "solid") return color;
  if (fill === "outline") return surface;
  const tile = document.createElement("canvas");
  const size = Math.round(PATTERN_PIXELS * devicePixelRatio);
  tile.width = tile.height = size;
  const context = tile.getContext("2d");
  if (!context) return color;
  context.fillStyle = surface;
  context.fillRect(0, 0, size, size);
  context.fillStyle = context.strokeStyle = color;
  if (fill === "dots") {
    context.arc(size / 2, size / 2, size / 5, 0, 2 * Math.PI);
    context.fill();
  } else {
    context.lineWidth = size / 2.5;
    // Three lines, so that the corners of the tile are whole.
    for (const shift of [-size, 0, size]) {
      context.moveTo(shift - size / 2, size * 1.5);
      context.lineTo(shift + size * 1.5, -size / 2);
    }
    context.stroke();
  }
  return context.createPattern(tile, "repeat") ?? color;
}

function dataOf(spec: ChartSpec): uPlot.AlignedData {
  const least = spec.yAxis.to * LEAST_BAR_SHARE;
  const drawn = drawnValues(spec).map((values, place) => {
    const { kind, isStacked } = spec.series[place] ?? {};
    if (kind !== "bars" || isStacked) return values;
    return values.map((value) => (value !== null && value > 0 ? Math.max(value, least) : value));
  });
  return [[...spec.x], ...drawn] as uPlot.AlignedData;
}

/** What cannot be changed in a drawing. */
function structureOf({ series, rightAxis, band }: ChartSpec): string {
  return JSON.stringify([
    series.map(({ kind, color, fill, isDashed, isOnRight }) => [kind, color, fill, isDashed, isOnRight]),
    rightAxis !== undefined,
    band,
  ]);
}

function sizeOf({ clientWidth, clientHeight }: HTMLElement): { width: number; height: number } {
  return { width: clientWidth, height: clientHeight };
}

let measuring: CanvasRenderingContext2D | null = null;

function widthOf(texts: readonly string[] | null, font: string): number {
  measuring ??= document.createElement("canvas").getContext("2d");
  if (!measuring) return 0;
  measuring.font = font;
  return Math.ceil(Math.max(0, ...(texts ?? []).map((text) => measuring?.measureText(text).width ?? 0)));
}
