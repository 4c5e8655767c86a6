import { describe, expect, it } from "vitest";

import { StableRows } from "./stableRows";

const stableRows = () => new StableRows<{ name: string; count: number }>(({ name }) => name);
const row = (name: string, count: number) => ({ name, count });

describe("rows of filters", () => {
  it("keep their places while counts change, vanish and come", () => {
    const rows = stableRows();
    rows.keep([row("cup", 9), row("cat", 5), row("boat", 2)], 1, false);
    expect(rows.keep([row("boat", 4), row("cup", 3), row("spoon", 1)], 1, false)).toEqual([
      row("cup", 3),
      row("cat", 0),
      row("boat", 4),
      row("spoon", 1),
    ]);
  });

  it("are ordered anew when nothing can be meant by their places", () => {
    const rows = stableRows();
    rows.keep([row("cup", 9), row("cat", 5)], 1, false);
    expect(rows.keep([row("cat", 7), row("cup", 3)], 1, true)).toEqual([row("cat", 7), row("cup", 3)]);
    expect(rows.keep([row("boat", 1)], 2, false)).toEqual([row("boat", 1)]);
  });
});
