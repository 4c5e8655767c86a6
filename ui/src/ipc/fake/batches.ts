/** The batches of a batch run, which end one after the other within seconds instead of hours. */
import type { BatchState, ImageId } from "../bindings";

const BATCHES = 3;
const SENT_EVERY_MILLIS = 400;
/** For so long nobody has said that a batch was taken. */
const UNCONFIRMED_MILLIS = 1200;
const WORKED_ON_MILLIS = 1500;
const A_DAY = 86_400_000;

export interface FakeBatch {
  images: readonly ImageId[];
  /** In the run's own time. */
  sentAt: number;
  confirmedAt: number;
  endsAt: number;
}

export function batchesOf(ids: readonly ImageId[]): FakeBatch[] {
  const size = Math.max(1, Math.ceil(ids.length / BATCHES));
  const batches: FakeBatch[] = [];
  for (let place = 0; place * size < ids.length; place += 1) {
    const sentAt = place * SENT_EVERY_MILLIS;
    const images = ids.slice(place * size, (place + 1) * size);
    batches.push({
      images,
      sentAt,
      confirmedAt: sentAt + UNCONFIRMED_MILLIS,
      endsAt: UNCONFIRMED_MILLIS + (place + 1) * WORKED_ON_MILLIS,
    });
  }
  return batches;
}

/** How those stand that were sent. */
export function batchStates(
  batches: readonly FakeBatch[],
  elapsed: number,
  startedAt: number,
  isStopping: boolean,
): BatchState[] {
  return batches
    .filter(({ sentAt }) => sentAt <= elapsed)
    .map(({ images, sentAt, confirmedAt, endsAt }): BatchState => {
      const hasEnded = elapsed >= endsAt;
      const began = Math.max(confirmedAt, endsAt - WORKED_ON_MILLIS);
      const share = hasEnded ? 1 : Math.max(0, (elapsed - began) / (endsAt - began));
      return {
        stage: hasEnded ? "ended" : isStopping ? "canceling" : elapsed < confirmedAt ? "unconfirmed" : "working",
        images: images.length,
        finished: Math.floor(share * images.length),
        submitted_at: startedAt + sentAt,
        expires_at: elapsed < confirmedAt ? null : startedAt + sentAt + A_DAY,
      };
    });
}
