import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { openFake } from "../ipc/fake";
import { words } from "../messages";
import { App } from "./app.svelte";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("an batch run", () => {
  it("is told of once it has ended, until that is put away", async () => {
    const app = new App(openFake("?priced&key&batch"));
    await app.start();
    expect(app.nights.ended).toEqual([]);
    await vi.advanceTimersByTimeAsync(10_000);
    const [night] = app.nights.ended;
    expect(night?.run).toMatchObject({ id: 3, mode: "batch", state: { kind: "stopped", reason: "completed" } });
    expect(night && words.history.night.ended(night.run, night.tookMillis)).toMatch(
      /^Batch run 3 is done: \d+ images done, \d+ failed, \d+ annotations; \$0\.\d+ paid of \$0\.\d+ quoted, in 7 h 12 min\.$/u,
    );
    app.nights.putAway(3);
    expect(app.nights.ended).toEqual([]);
  });

  it("that a person paused is no news", async () => {
    const app = new App(openFake("?priced&key&batch"));
    await app.start();
    await app.seam.pauseRun(3);
    await vi.advanceTimersByTimeAsync(1000);
    expect(app.nights.ended).toEqual([]);
  });

  it("says by itself why it ended where it did not get through", async () => {
    const [run] = await openFake("?priced&key&stopped=no_credit").runs();
    expect(run && words.history.night.ended({ ...run, mode: "batch" }, 3_600_000)).toMatch(
      /^Batch run 3 stopped \(no credit\): /u,
    );
  });
});
