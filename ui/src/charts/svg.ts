/** A chart as an SVG file of its own: colors resolved, generic fonts, on white. Independent of how it is drawn on screen. */
import {
  type ChartAxis,
  type ChartColor,
  type ChartSeries,
  type ChartSpec,
  DECIMAL_STEPS,
  drawnValues,
  tickLabels,
} from "./spec";

export interface SvgChart {
  title: string;
  /** Below the title. */
  note: string;
  spec: ChartSpec;
  color: (token: ChartColor | "text" | "line" | "surface-selected") => string;
}

export const SVG_SIZE = { width: 960, height: 480 };
const MARGIN = { top: 92, right: 32, bottom: 40, left: 24 };
const FONT = "Inter, system-ui, 'Helvetica Neue', Arial, sans-serif";
const FONT_PIXELS = 12;
/** A figure of the font is about this wide, as a share of its size. */
const GLYPH_SHARE = 0.62;
const PATTERN_PIXELS = 6;
const STACK_SHARE = 0.6;
/** Least distance between ticks. */
const X_SPACE = 84;
const Y_SPACE = 40;

interface Area {
  left: number;
  top: number;
  width: number;
  height: number;
}

/** A length in pixels, as short as it is exact. */
const px = (value: number): string => String(Math.round(value * 100) / 100);

export function escaped(text: string): string {
  const entities: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
  // XML has no control characters, not even escaped ones.
  return text
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, "")
    .replace(/[&<>"]/g, (each) => entities[each] ?? each);
}

const widthOf = (text: string): number => text.length * FONT_PIXELS * GLYPH_SHARE;

/** Values of ticks that are at least `space` pixels apart over `length` pixels. */
export function ticksOf({ from, to, steps = DECIMAL_STEPS }: ChartAxis, length: number, space: number): number[] {
  const least = ((to - from) * space) / length;
  const step = steps.find((each) => each >= least) ?? steps.at(-1) ?? to - from;
  const first = Math.ceil(from / step - 1e-9);
  const last = Math.floor(to / step + 1e-9);
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, place) => (first + place) * step);
}

export function svgOf({ title, note, spec, color }: SvgChart): string {
  const { width, height } = SVG_SIZE;
  const inner = height - MARGIN.top - MARGIN.bottom;
  const labelsOf = (axis: ChartAxis, ticks: readonly number[]) => tickLabels(ticks, (tick) => axis.format(tick));
  const yTicks = ticksOf(spec.yAxis, inner, Y_SPACE);
  const yLabels = labelsOf(spec.yAxis, yTicks);
  const rightTicks = spec.rightAxis ? ticksOf(spec.rightAxis, inner, Y_SPACE) : [];
  const rightLabels = spec.rightAxis ? labelsOf(spec.rightAxis, rightTicks) : [];
  const room = (labels: readonly string[]) => Math.max(0, ...labels.map(widthOf));
  const left = MARGIN.left + room(yLabels) + 8;
  const area: Area = {
    left,
    top: MARGIN.top,
    width: width - left - MARGIN.right - (spec.rightAxis ? room(rightLabels) : 0),
    height: inner,
  };
  const xAt = scaleOf(spec.xAxis, area.left, area.width);
  const yAt = (axis: ChartAxis) => scaleOf(axis, area.top + area.height, -area.height);
  const xTicks = ticksOf(spec.xAxis, area.width, X_SPACE);
  const bottom = area.top + area.height;
  const text = (x: number, y: number, said: string, more: string) =>
    said === "" ? "" : `<text x="${px(x)}" y="${px(y)}" ${more}>${escaped(said)}</text>`;
  const faint = `fill="${color("text-faint")}"`;
  const drawn = drawnValues(spec);
  const body = spec.series.map((series, place) => {
    const axis = series.isOnRight ? (spec.rightAxis ?? spec.yAxis) : spec.yAxis;
    return drawSeries(series, drawn[place] ?? [], place, { spec, area, xAt, yAt: yAt(axis), color });
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" ` +
      `font-family="${FONT}" font-size="${FONT_PIXELS}" role="img">`,
    `<title>${escaped(title)}</title>`,
    `<defs>${spec.series.map((series, place) => patternOf(series, place, color(series.color))).join("")}</defs>`,
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    text(MARGIN.left, 30, title, `font-size="16" font-weight="600" fill="${color("text")}"`),
    text(MARGIN.left, 50, note, `fill="${color("text-muted")}"`),
    legend(spec, color),
    ...yTicks.map((tick, place) => {
      const y = yAt(spec.yAxis)(tick);
      const line = `<line x1="${px(area.left)}" x2="${px(area.left + area.width)}" y1="${px(y)}" y2="${px(y)}" stroke="${color("line")}"/>`;
      return line + text(area.left - 8, y + 4, yLabels[place] ?? "", `${faint} text-anchor="end"`);
    }),
    ...rightTicks.map((tick, place) =>
      spec.rightAxis
        ? text(area.left + area.width + 8, yAt(spec.rightAxis)(tick) + 4, rightLabels[place] ?? "", faint)
        : "",
    ),
    ...labelsOf(spec.xAxis, xTicks).map((label, place) =>
      text(xAt(xTicks[place] ?? 0), bottom + 20, label, `${faint} text-anchor="middle"`),
    ),
    bandOf(spec, xAt, yAt(spec.yAxis), color("surface-selected")),
    ...body,
    "</svg>",
  ]
    .filter((part) => part !== "")
    .join("\n");
}

type Scale = (value: number) => number;

function scaleOf({ from, to }: ChartAxis, start: number, length: number): Scale {
  return (value) => start + ((value - from) / (to - from || 1)) * length;
}

interface Drawing {
  spec: ChartSpec;
  area: Area;
  xAt: Scale;
  yAt: Scale;
  color: SvgChart["color"];
}

function drawSeries(series: ChartSeries, values: readonly (number | null)[], place: number, drawing: Drawing): string {
  const { spec, area, xAt, yAt } = drawing;
  const stroke = drawing.color(series.color);
  const points = values.flatMap((value, index) =>
    value === null ? [] : [{ index, x: xAt(spec.x[index] ?? 0), y: yAt(value) }],
  );
  switch (series.kind) {
    case "bars": {
      const step = barWidth(spec, xAt, area);
      const width = Math.max(1, series.isStacked ? Math.min(56, step * STACK_SHARE) : step - 2);
      const bottom = area.top + area.height;
      const isOutline = series.fill === "outline";
      const fill = isOutline ? "#ffffff" : (series.fill ?? "solid") === "solid" ? stroke : `url(#fill-${place})`;
      const edge = isOutline ? ` stroke="${stroke}"` : "";
      const bars = points.map(
        ({ x, y }) =>
          `<rect x="${px(x - width / 2)}" y="${px(y)}" width="${px(width)}" height="${px(Math.max(0, bottom - y))}"/>`,
      );
      return `<g fill="${fill}"${edge}>${bars.join("")}</g>`;
    }
    case "point":
      return points.map(({ x, y }) => `<circle cx="${px(x)}" cy="${px(y)}" r="4" fill="${stroke}"/>`).join("");
    default: {
      const path = points
        .map(({ index, x, y }, count) => {
          const isJoined = count > 0 && (series.isContinuous === true || points[count - 1]?.index === index - 1);
          if (!isJoined) return `M${px(x)} ${px(y)}`;
          return series.kind === "step" ? `H${px(x)}V${px(y)}` : `L${px(x)} ${px(y)}`;
        })
        .join("");
      const dash = series.isDashed ? ' stroke-dasharray="5 4"' : "";
      const width = series.color === "accent" ? 2 : 1.5;
      return path === ""
        ? ""
        : `<path d="${path}" fill="none" stroke="${stroke}" stroke-width="${width}" stroke-linejoin="round"${dash}/>`;
    }
  }
}

/** A bar reaches halfway to its neighbors. */
function barWidth({ x }: ChartSpec, xAt: Scale, area: Area): number {
  const [first, second] = x;
  return first === undefined || second === undefined ? area.width : xAt(second) - xAt(first);
}

function patternOf({ fill }: ChartSeries, place: number, color: string): string {
  if (fill !== "stripes" && fill !== "dots") return "";
  const size = PATTERN_PIXELS;
  const turn = fill === "stripes" ? ' patternTransform="rotate(45)"' : "";
  const mark =
    fill === "stripes"
      ? `<rect width="${size / 2}" height="${size}" fill="${color}"/>`
      : `<circle cx="${size / 2}" cy="${size / 2}" r="1.3" fill="${color}"/>`;
  return (
    `<pattern id="fill-${place}" width="${size}" height="${size}" patternUnits="userSpaceOnUse"${turn}>` +
    `<rect width="${size}" height="${size}" fill="#ffffff"/>${mark}</pattern>`
  );
}

function bandOf({ band, series, x }: ChartSpec, xAt: Scale, yAt: Scale, fill: string): string {
  if (!band) return "";
  const edge = (place: number) =>
    (series[place]?.values ?? []).flatMap((value, index) =>
      value === null ? [] : [`${px(xAt(x[index] ?? 0))},${px(yAt(value))}`],
    );
  return `<polygon points="${[...edge(band[0]), ...edge(band[1]).reverse()].join(" ")}" fill="${fill}"/>`;
}

/** The names of the series, a line below the note. */
function legend({ series }: ChartSpec, color: SvgChart["color"]): string {
  let x = MARGIN.left;
  const parts = series.flatMap((each, place) => {
    if (each.isUnnamed) return [];
    const stroke = color(each.color);
    const isFilled = each.kind === "bars";
    const solid = (each.fill ?? "solid") === "solid";
    const sample = isFilled
      ? `<rect x="${px(x)}" y="66" width="10" height="10" fill="${each.fill === "outline" ? "#ffffff" : solid ? stroke : `url(#fill-${place})`}" stroke="${stroke}"/>`
      : each.kind === "point"
        ? `<circle cx="${px(x + 5)}" cy="71" r="4" fill="${stroke}"/>`
        : `<line x1="${px(x)}" x2="${px(x + 16)}" y1="71" y2="71" stroke="${stroke}" stroke-width="2"${each.isDashed ? ' stroke-dasharray="5 4"' : ""}/>`;
    const at = x + (isFilled || each.kind === "point" ? 16 : 22);
    x = at + widthOf(each.name) + 18;
    return [`${sample}<text x="${px(at)}" y="75" fill="${color("text-muted")}">${escaped(each.name)}</text>`];
  });
  return parts.join("");
}
