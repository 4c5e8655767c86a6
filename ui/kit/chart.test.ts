import { expect, it } from "vitest";
import { page, userEvent } from "vitest/browser";
import { render } from "vitest-browser-svelte";

import type { ChartSeries, ChartSpec } from "../src/charts/spec";
import LoneChart from "./LoneChart.svelte";

const axis = { from: 0, to: 9, format: String };
const bars = (values: number[]): ChartSeries => ({
  name: "Calibration",
  values,
  format: (value) => `$${value}`,
  kind: "bars",
  color: "accent",
});

it("reads a series without an entry in the key in that of another one", async () => {
  const tail: ChartSeries = { ...bars([0, 4]), values: [null, 4], isUnnamed: true, readAs: 0 };
  const spec: ChartSpec = {
    x: [0, 1],
    series: [{ ...bars([3, 0]), values: [3, null] }, tail],
    xAxis: axis,
    yAxis: axis,
    formatPoint: (x) => `Bar ${x}`,
  };
  render(LoneChart, { spec });
  await expect.poll(() => page.getByRole("listitem").all().length).toBe(1);
  (page.getByRole("slider", { name: "Values" }).element() as HTMLElement).focus();
  await userEvent.keyboard("{Home}");
  await expect.element(page.getByRole("listitem")).toHaveTextContent("Calibration $3");
  await userEvent.keyboard("{End}");
  await expect.element(page.getByRole("listitem")).toHaveTextContent("Calibration $4");
});

it("tells series of the same name apart", async () => {
  // A recipe may be called as calibrations are.
  const spec: ChartSpec = {
    x: [0, 1],
    series: [bars([1, 2]), bars([3, 4])],
    xAxis: axis,
    yAxis: axis,
    formatPoint: (x) => `Month ${x}`,
  };
  render(LoneChart, { spec });
  await expect.poll(() => page.getByRole("listitem").all().length).toBe(2);
  (page.getByRole("slider", { name: "Values" }).element() as HTMLElement).focus();
  await userEvent.keyboard("{Home}");
  await expect.element(page.getByRole("listitem").nth(0)).toHaveTextContent("Calibration $1");
  await expect.element(page.getByRole("listitem").nth(1)).toHaveTextContent("Calibration $3");
});
