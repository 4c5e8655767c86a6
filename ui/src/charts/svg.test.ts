import { describe, expect, it } from "vitest";

import type { ChartSpec } from "./spec";
import { chartFileName } from "./saving";
import { svgOf, ticksOf } from "./svg";

const AXIS = { from: 0, to: 10, format: String };
const SPEC: ChartSpec = {
  x: [0, 5, 10],
  series: [
    { name: 'A & B <script>"', values: [1, null, 3], format: String, kind: "line", color: "accent" },
    { name: "Upper", values: [1, 2, 3], format: String, kind: "bars", color: "bad", isStacked: true, fill: "stripes" },
    { name: "Lower", values: [4, 2, 0], format: String, kind: "bars", color: "accent", isStacked: true },
    { name: "One", values: [null, 8, null], format: String, kind: "point", color: "caution", isUnnamed: true },
  ],
  xAxis: AXIS,
  yAxis: AXIS,
  formatPoint: String,
};

const svg = svgOf({ title: "Rate <1>", note: "a & b", spec: SPEC, color: (token) => `#${token.length}00000` });

describe("a chart as SVG", () => {
  it("is one whole file without markup from names", () => {
    expect(svg).toMatch(/^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" width="960" height="480"/u);
    expect(svg.endsWith("</svg>")).toBe(true);
    expect(svg).toContain("A &amp; B &lt;script&gt;&quot;");
    expect(svg).toContain("<title>Rate &lt;1&gt;</title>");
    expect(svg).not.toContain("<script");
  });

  it("needs nothing from the window: no variables, no other files, a white ground", () => {
    expect(svg).not.toContain("var(");
    expect(svg).not.toMatch(/href|@import|url\((?!#)/u);
    expect(svg).toContain('<rect width="960" height="480" fill="#ffffff"/>');
  });

  it("breaks a line where nothing was measured, and stacks bars", () => {
    const path = /<path d="([^"]+)"/u.exec(svg)?.[1] ?? "";
    expect(path.match(/M/gu)).toHaveLength(2);
    const tops = [...svg.matchAll(/<g fill="([^"]+)">(.*?)<\/g>/gu)].map(([, fill, bars]) => ({
      fill,
      heights: [...(bars ?? "").matchAll(/height="([\d.]+)"/gu)].map(([, height]) => Number(height)),
    }));
    expect(tops.map(({ fill }) => fill)).toEqual(["url(#fill-1)", "#600000"]);
    // 1 on 4 reaches to 5, and 3 stands alone.
    const [upper, lower] = tops;
    expect((upper?.heights[0] ?? 0) / (lower?.heights[0] ?? 1)).toBeCloseTo(5 / 4);
    expect(lower?.heights).toHaveLength(2);
  });

  it("names files by their titles", () => {
    expect(chartFileName("Imágenes por minuto: 3/4", "svg")).toBe("imagenes-por-minuto-3-4.svg");
    expect(chartFileName("…", "png")).toBe("chart.png");
  });
});

it("sets ticks at round values with enough room", () => {
  expect(ticksOf({ ...AXIS, to: 100 }, 400, 40)).toEqual([0, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100]);
  expect(ticksOf({ ...AXIS, from: -0.5, to: 11.5, steps: [1, 2, 3, 6, 12] }, 600, 84)).toEqual([0, 2, 4, 6, 8, 10]);
});
