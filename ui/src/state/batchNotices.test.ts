import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { openFake } from "../ipc/fake";
import { words } from "../messages";
import { App } from "./app.svelte";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("a batch run", () => {
  it("is told of once it has ended, until that is put away", async () => {
    const app = new App(openFake("?priced&key&batch"));
    await app.start();
    expect(app.batchNotices.ended).toEqual([]);
    await vi.advanceTimersByTimeAsync(10_000);
    const [notice] = app.batchNotices.ended;
    expect(notice?.run).toMatchObject({ id: 3, mode: "batch", state: { kind: "stopped", reason: "completed" } });
    expect(notice && words.history.batchEnded.summary(notice.run, notice.tookMillis)).toMatch(
      /^Batch run 3 is done: \d+ images done, \d+ failed, \d+ annotations; cost \$0\.\d+ \(estimated \$0\.\d+, range \$0\.\d+–\d+\.\d+\), took 7 h 12 min\.$/u,
    );
    app.batchNotices.dismiss(3);
    expect(app.batchNotices.ended).toEqual([]);
  });

  it("that a person paused is no news", async () => {
    const app = new App(openFake("?priced&key&batch"));
    await app.start();
    await app.seam.pauseRun(3);
    await vi.advanceTimersByTimeAsync(1000);
    expect(app.batchNotices.ended).toEqual([]);
  });

  it("says by itself why it ended where it did not get through", async () => {
    const [run] = await openFake("?priced&key&stopped=no_credit").runs();
    expect(run && words.history.batchEnded.summary({ ...run, mode: "batch" }, 3_600_000)).toMatch(
      /^Batch run 3 stopped \(no credit\): /u,
    );
  });
});
