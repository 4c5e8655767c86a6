/** The large figures of the run screen. */
import type { RunProgress } from "../api/bindings";
import { hasPrice, isCostReported } from "../history/cost";
import { words } from "../messages";
import { count } from "../messages/format";

export interface Figure {
  name: string;
  value: string;
  note: string;
}

/** `now` is read with every snapshot, so that estimates match it. */
export function figuresOf(progress: RunProgress, isWorking: boolean, now: number): Figure[] {
  return progress.mode === "batch"
    ? [sinceStart(progress, isWorking, now), batches(progress), withTheVendor(progress), annotations(progress)]
    : [time(progress, isWorking, now), rate(progress, isWorking), takes(progress), annotations(progress)];
}

/** The cost figure of a run without a cost bar. */
export function costFigure(progress: RunProgress, isWorking: boolean): Figure {
  const { spent_dollars: spent, possibly_billed, destination } = progress;
  const reported = isCostReported(spent, possibly_billed) ? words.run.money(spent) : words.history.notReported;
  const paid = isWorking ? words.run.spent : words.run.paid;
  return {
    name: words.run.cost,
    value: hasPrice(spent, progress) ? reported : words.history.priceUnknown,
    note: destination.kind === "this_machine" ? words.run.free : paid,
  };
}

function time({ elapsed_millis, left_millis, done, failed }: RunProgress, isWorking: boolean, now: number): Figure {
  if (!isWorking)
    return { name: words.run.elapsed, value: words.run.duration(elapsed_millis), note: words.run.elapsedNote };
  return {
    name: words.run.timeLeft,
    ...(left_millis !== null
      ? { value: words.run.duration(left_millis), note: words.run.estimatedEnd(now + left_millis) }
      : done + failed === 0
        ? { value: words.run.timeLeftUnknown, note: words.run.afterFirst }
        : { value: words.run.none, note: words.run.stalled }),
  };
}

function rate({ rate_per_minute, rate_window_millis, done, failed }: RunProgress, isWorking: boolean): Figure {
  const isKnown = isWorking ? done + failed > 0 : rate_per_minute > 0;
  return {
    name: words.run.rate,
    value: isKnown ? words.run.perMinute(rate_per_minute) : words.run.none,
    note: isWorking ? words.run.rateNote(rate_window_millis) : words.run.rateWhole,
  };
}

function takes({ p50_millis, p95_millis }: RunProgress): Figure {
  return {
    name: words.run.timePerImage,
    value: p50_millis === null ? words.run.none : words.run.duration(p50_millis),
    note: p95_millis === null ? words.run.afterFirst : words.run.timePerImageNote(p95_millis),
  };
}

function annotations({ annotations: found, done }: RunProgress): Figure {
  return {
    name: words.run.annotations,
    value: count(found),
    note: done === 0 ? "" : words.run.annotationsPerImage(found / done),
  };
}

function sinceStart({ started_at, elapsed_millis }: RunProgress, isWorking: boolean, now: number): Figure {
  if (!isWorking)
    return { name: words.run.elapsed, value: words.run.duration(elapsed_millis), note: words.run.elapsedNote };
  return {
    name: words.run.batch.since,
    value: words.run.wholeMinutes(Math.max(0, now - started_at)),
    note: words.run.batch.within,
  };
}

function batches({ batches: sent }: RunProgress): Figure {
  const ended = sent.filter(({ stage }) => stage === "ended").length;
  return {
    name: words.run.batch.batches,
    value: words.run.batch.ofBatches(ended, sent.length),
    note: words.run.batch.batchesNote,
  };
}

function withTheVendor({ batches: sent }: RunProgress): Figure {
  const working = sent.filter(({ stage }) => stage !== "ended");
  return {
    name: words.run.batch.withVendor,
    value: count(working.reduce((sum, { images, finished }) => sum + images - finished, 0)),
    note: words.run.batch.withVendorNote,
  };
}
