import { beforeEach, describe, expect, it, vi } from "vitest";

import type { Audit } from "../api/bindings";
import type { Core } from "../api/core";
import { App } from "../state/app.svelte";
import { imagesWhere } from "../state/questions";
import { coreOf } from "../../test/core";
import { Accepting } from "./accepting.svelte";
import { Auditing } from "./auditing.svelte";
import { barsOf, typedErrorLimit, typedThreshold } from "./threshold";

const everything = imagesWhere([]);

describe("before an audit", () => {
  async function opened(query = "images=240"): Promise<{ app: App; accepting: Accepting }> {
    const app = new App(await coreOf(query));
    await app.start();
    const accepting = new Accepting(app);
    await accepting.open(everything);
    return { app, accepting };
  }

  it("begins with the most frequent label of which something would be accepted", async () => {
    const { accepting } = await opened();
    expect(accepting.labels?.[0]?.label).toBe("traffic light");
    expect(accepting.chosen?.label).toBe("person");
    accepting.setThreshold(20);
    expect(accepting.chosen?.label).toBe("person");
    expect(accepting.above).toBe(accepting.all);
  });

  it("looks at no more than there are, and says what a clean sample would mean", async () => {
    const { accepting } = await opened();
    accepting.choose("cup");
    accepting.sampleText = "20";
    await accepting.measure();
    expect(accepting.cleanBound).toBeCloseTo(0.1391, 3);
    accepting.sampleText = "500";
    expect(accepting.sample).toBe(accepting.above);
    accepting.sampleText = "many";
    expect([accepting.sample, accepting.typedSample.isWrong]).toEqual([0, true]);
  });

  it("says how many to look at for the error limit", async () => {
    const { accepting } = await opened("images=2400");
    accepting.choose("cup");
    await accepting.measure();
    expect([accepting.errorLimit, accepting.sample, accepting.neededSample]).toEqual([0.05, 60, null]);
    accepting.setErrorLimit(0.02);
    await accepting.measure();
    expect(accepting.neededSample).toBe(149);
  });

  it("leads to the sample, and from it to a higher threshold of the same label", async () => {
    const { app, accepting } = await opened();
    accepting.choose("cat");
    accepting.sampleText = "5";
    await accepting.begin();
    expect(app.navigation.screen).toBe("audit");
    expect(accepting.isOpen).toBe(false);
    const audit = await app.core.audit(app.navigation.audit ?? 0);
    expect(audit).toMatchObject({ label: "cat", threshold: 0.8, sample: expect.objectContaining({ length: 5 }) });
    accepting.choose("cup");
    await accepting.openHigher(audit);
    expect([accepting.chosen?.label, accepting.threshold]).toEqual(["cat", 85]);
  });
});

describe("an audit", () => {
  let core: Core;
  let auditing: Auditing;
  let audit: Audit;
  const refused = vi.fn();

  beforeEach(async () => {
    core = await coreOf("images=240");
    audit = await core.beginAudit({ query: everything, label: "cup", threshold: 0.8, sample: 6, error_limit: 0.4 });
    auditing = new Auditing(core, refused);
    await auditing.open(audit.id);
  });

  it("decides the annotations of its sample as they are judged", async () => {
    auditing.right();
    auditing.wrong();
    expect(auditing.asksReason).toBe(true);
    auditing.giveReason("bad_box");
    await auditing.settled();
    const [right, wrong] = [auditing.at(0), auditing.at(1)];
    const cards = await core.imageCards([right?.card.id ?? 0, wrong?.card.id ?? 0]);
    const statuses = cards.flatMap(({ annotations }) =>
      annotations.filter(({ id }) => id === right?.annotation.id || id === wrong?.annotation.id),
    );
    expect(statuses).toMatchObject([{ status: "accepted" }, { status: "rejected", reject_reason: "bad_box" }]);
    expect(await core.audit(audit.id)).toMatchObject({ error_rate: { judged: 2, wrong: 1 } });
    expect(auditing.errorRate).toEqual((await core.audit(audit.id)).error_rate);
  });

  it("takes back one after the other, and none of before it was opened", async () => {
    auditing.right();
    auditing.wrong();
    auditing.takeBack();
    expect(auditing.place).toBe(1);
    await auditing.settled();
    expect((await core.audit(audit.id)).error_rate).toMatchObject({ judged: 1, wrong: 0 });
    await auditing.open(audit.id);
    expect(auditing.canTakeBack).toBe(false);
    expect([auditing.place, auditing.judged]).toEqual([1, 1]);
  });

  it("accepts the others as one step", async () => {
    for (let place = 0; place < 6; place += 1) auditing.right();
    await auditing.settled();
    expect(auditing.isDone).toBe(true);
    expect(await auditing.accept()).toBe(audit.proposals - 6);
    expect(auditing.canTakeBack).toBe(false);
    await core.undoLatest();
    await auditing.refresh();
    expect(auditing.audit?.accepted).toBeNull();
    expect(auditing.judged).toBe(6);
  });

  it("is extended along the same random order until the bound is as low as was asked for", async () => {
    const before = auditing.sample.map(({ annotation }) => annotation);
    auditing.wrong();
    for (let place = 1; place < 6; place += 1) auditing.right();
    await auditing.settled();
    expect([auditing.isDone, auditing.isWithinLimit]).toEqual([true, false]);
    expect(auditing.more).toBe(10);
    await auditing.extend(auditing.more);
    expect([auditing.sample.length, auditing.left, auditing.others]).toEqual([16, 10, audit.proposals - 16]);
    expect(auditing.sample.slice(0, 6).map(({ annotation }) => annotation)).toEqual(before);
    expect(auditing.errorRate).toMatchObject({ judged: 6, wrong: 1 });
    for (let place = 0; place < 10; place += 1) auditing.right();
    await auditing.settled();
    expect(auditing.errorRate).toMatchObject({ judged: 16, wrong: 1 });
    expect(auditing.errorRate?.at_most).toBeCloseTo(0.264, 2);
    expect(auditing.isWithinLimit).toBe(true);
    expect(auditing.errorRate).toEqual((await core.audit(audit.id)).error_rate);
  });

  it("goes back to what the core knows when that refuses", async () => {
    vi.spyOn(core, "decide").mockRejectedValueOnce({ code: "library" });
    auditing.right();
    expect(auditing.judged).toBe(1);
    await auditing.settled();
    expect(refused).toHaveBeenCalled();
    expect(auditing.judged).toBe(0);
  });
});

it.each([
  ["5", 0.05],
  ["2.5 %", 0.025],
  ["0,5", 0.005],
  ["0", null],
  ["60", null],
  ["few", null],
])("an error limit typed as %j is %j", (typed, share) => expect(typedErrorLimit(typed)).toBe(share));

describe("a threshold", () => {
  it.each([
    ["0.8", 80],
    [".85", 85],
    ["0,9", 90],
    ["75 %", 75],
    ["0", 0],
    ["1", null],
    ["2", null],
    ["high", null],
    ["", null],
  ])("typed as %j is %j", (typed, hundredths) => expect(typedThreshold(typed)).toBe(hundredths));

  it("parts a bar in which it lies", () => {
    expect(barsOf([1, 3, 0, 0, 2, 2], 1, 3)).toEqual([
      { above: 0.75, below: 0.25 },
      { above: 0, below: 0 },
      { above: 1, below: 0 },
    ]);
  });
});
