import { describe, expect, it } from "vitest";

import { coreOf, following } from "../../test/core";
import { words } from "../messages";
import { App } from "./app.svelte";

/** A window on a library with a batch run that began last night, and goes on. */
async function resumed(): Promise<App> {
  const core = await coreOf("priced&key&batch");
  const isFollowing = following(core);
  const app = new App(core);
  await app.start();
  await isFollowing;
  await core.resumeRun({
    run: 3,
    budget_dollars: null,
    accepts_repeats: false,
    retries_failed: false,
    gives_up_batches: false,
  });
  return app;
}

describe("a batch run", () => {
  it("is told of once it has ended, until that is put away", async () => {
    const app = await resumed();
    expect(app.batchNotices.ended).toEqual([]);
    await expect.poll(() => app.batchNotices.ended.length, { timeout: 25_000 }).toBe(1);
    const [notice] = app.batchNotices.ended;
    expect(notice?.run).toMatchObject({ id: 3, mode: "batch", state: { kind: "stopped", reason: "completed" } });
    expect(notice && words.history.batchEnded.summary(notice.run, notice.tookMillis)).toMatch(
      /^Batch run 3 is done: 60 images done, 0 failed, 120 annotations; cost \$0\.\d+ \(estimated \$0\.\d+, range \$0\.\d+–\d+\.\d+\), took 7 h 12 min\.$/u,
    );
    app.batchNotices.dismiss(3);
    expect(app.batchNotices.ended).toEqual([]);
  });

  it("that a person paused is no news", async () => {
    const app = await resumed();
    await app.seam.pauseRun(3);
    await expect.poll(async () => (await app.seam.runs())[0]?.state).toEqual({ kind: "stopped", reason: "paused" });
    await app.batchNotices.load();
    expect(app.batchNotices.ended).toEqual([]);
  });

  it("says by itself why it ended where it did not get through", async () => {
    const { runs } = await coreOf("priced&key&stopped=no_credit");
    const [run] = await runs();
    expect(run && words.history.batchEnded.summary({ ...run, mode: "batch" }, 3_600_000)).toMatch(
      /^Batch run 3 stopped \(no credit\): /u,
    );
  });
});
