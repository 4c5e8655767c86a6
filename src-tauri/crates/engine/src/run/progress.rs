//! How far a run has come: from what happened, never from what was planned.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use domain::metrics::{per_minute, quantile};
use domain::money::PicoDollars;
use domain::run::{BatchState, FailureGroup, InFlight, JustAnswered, RetryGroup, RunProgress, RunState, RunSummary};

use super::executor::Finished;

/// The rate shown is that of the last ten seconds.
const RATE_WINDOW: Duration = Duration::from_secs(10);
const JUST_ANSWERED: usize = 12;
const RATE_POINTS: usize = 120;

/// The time from taking a run up to stopping it.
pub struct Sitting {
    began: Instant,
    /// When nothing was left to do, or to be done; hooks may take a while from then on.
    ended: Option<Instant>,
    /// As things stood when the session began; counts are kept up to date in it.
    standing: RunProgress,
    worked_before_millis: u32,
    /// Of every image of the run that was asked about and has finished, over all sessions, ascending.
    durations: Vec<f64>,
    /// Images asked about that have finished in the last ten seconds, and in this session.
    finished_at: VecDeque<Instant>,
    asked: u32,
    /// Images that were given the annotations of a similar one in this session.
    propagated: u32,
    rate_points: Vec<f64>,
    peak_rate: f64,
    /// Seconds between points of the rate; doubles whenever the points become too many.
    point_seconds: u64,
}

impl Sitting {
    /// `durations` are those of earlier sessions, ascending.
    pub fn begin(standing: RunProgress, durations: Vec<f64>, now: Instant) -> Self {
        Self {
            began: now,
            ended: None,
            worked_before_millis: standing.elapsed_millis,
            standing,
            durations,
            finished_at: VecDeque::new(),
            asked: 0,
            propagated: 0,
            rate_points: Vec::new(),
            peak_rate: 0.0,
            point_seconds: 1,
        }
    }

    /// From now on nothing is worked on.
    pub fn end(&mut self, now: Instant) {
        self.ended.get_or_insert(now);
    }

    pub fn note_finished(&mut self, finished: Finished, now: Instant) {
        if let Some(took_millis) = finished.took_millis {
            let sorted_place = self.durations.partition_point(|&millis| millis <= took_millis);
            self.durations.insert(sorted_place, took_millis);
            self.finished_at.push_back(now);
            self.asked += 1;
            self.standing.asked += 1;
        }
        self.propagated += finished.carried;
        match finished.outcome {
            Ok(mark_count) => {
                self.standing.done += 1 + finished.carried;
                self.standing.carried += finished.carried;
                self.standing.marks += mark_count;
                let answered = JustAnswered {
                    image: finished.image,
                    mark_count,
                    took_millis: whole(finished.took_millis.unwrap_or_default()),
                };
                self.standing.just_answered.insert(0, answered);
                self.standing.just_answered.truncate(JUST_ANSWERED);
            }
            Err((kind, detail)) => {
                self.standing.failed += 1;
                match self.standing.failures.iter_mut().find(|group| group.kind == kind) {
                    Some(group) => group.count += 1,
                    None => self.standing.failures.push(FailureGroup {
                        kind,
                        count: 1,
                        is_worth_retrying: kind.is_worth_retrying(),
                        example: detail,
                        example_image: finished.name,
                    }),
                }
            }
        }
    }

    pub fn snapshot(&mut self, state: RunState, in_flight: Vec<InFlight>, now: Instant) -> RunProgress {
        let now = self.ended.unwrap_or(now);
        let elapsed = now.duration_since(self.began);
        let elapsed_millis = elapsed.as_secs_f64() * 1000.0;
        let worked_millis = f64::from(self.worked_before_millis) + elapsed_millis;
        let is_over = matches!(state, RunState::Stopped { .. } | RunState::Interrupted);
        let recent_rate = self.recent_rate(now, elapsed);
        let peak_rate = self.note_rate(elapsed, recent_rate, is_over);

        let standing = &self.standing;
        let left = standing.total.saturating_sub(standing.done + standing.failed);
        let worked_off = self.asked + self.propagated;
        let left_millis = (worked_off > 0 && left > 0 && !is_over)
            .then(|| whole(elapsed_millis / f64::from(worked_off) * f64::from(left)));
        RunProgress {
            state,
            elapsed_millis: whole(worked_millis),
            left_millis,
            waiting: left.saturating_sub(u32::try_from(in_flight.len()).unwrap_or(u32::MAX)),
            in_flight,
            rate_per_minute: if is_over { per_minute(standing.asked, worked_millis) } else { recent_rate },
            peak_rate_per_minute: peak_rate,
            p50_millis: quantile(&self.durations, 0.50).map(whole),
            p95_millis: quantile(&self.durations, 0.95).map(whole),
            rate_history: self.rate_points.clone(),
            ..self.standing.clone()
        }
    }

    /// Of the last ten seconds, or since the session began when that is shorter.
    fn recent_rate(&mut self, now: Instant, elapsed: Duration) -> f64 {
        while self.finished_at.front().is_some_and(|&at| now.duration_since(at) > RATE_WINDOW) {
            self.finished_at.pop_front();
        }
        let recent = u32::try_from(self.finished_at.len()).unwrap_or(u32::MAX);
        per_minute(recent, elapsed.min(RATE_WINDOW).as_secs_f64() * 1000.0)
    }

    /// Adds a point a second; the peak as of now. A rate over less than a second says little, and is no peak later on.
    fn note_rate(&mut self, elapsed: Duration, rate: f64, is_over: bool) -> f64 {
        if is_over {
            let of_session = per_minute(self.asked, elapsed.as_secs_f64() * 1000.0);
            return self.peak_rate.max(rate).max(of_session);
        }
        if elapsed.as_secs() == 0 {
            return rate;
        }
        self.peak_rate = self.peak_rate.max(rate);
        if elapsed.as_secs() > self.rate_points.len() as u64 * self.point_seconds {
            self.rate_points.push(rate);
            if self.rate_points.len() > RATE_POINTS {
                let mut is_kept = true;
                self.rate_points.retain(|_| {
                    is_kept = !is_kept;
                    is_kept
                });
                self.point_seconds *= 2;
            }
        }
        self.peak_rate
    }
}

/// A run that nobody works on.
pub fn resting(
    summary: RunSummary,
    failures: Vec<FailureGroup>,
    retried: Vec<RetryGroup>,
    (wall_millis, concurrency): (f64, u32),
    batches: Vec<BatchState>,
) -> RunProgress {
    RunProgress {
        run: summary.id,
        state: summary.state,
        stop_detail: summary.stop_detail,
        model_name: summary.model_name,
        recipe_name: summary.recipe_name,
        destination: summary.destination,
        started_at: summary.started_at,
        elapsed_millis: whole(wall_millis),
        left_millis: None,
        total: summary.total,
        done: summary.done,
        failed: summary.failed,
        in_flight: Vec::new(),
        waiting: summary.waiting,
        prepared: 0,
        reused: summary.reused,
        carried: summary.carried,
        marks: summary.mark_count,
        rate_per_minute: summary.rate_per_minute.unwrap_or_default(),
        peak_rate_per_minute: 0.0,
        asked: summary.asked,
        p50_millis: summary.p50_millis,
        p95_millis: summary.p95_millis,
        concurrency,
        mode: summary.mode,
        routes: Vec::new(),
        batches,
        quoted: summary.quoted,
        spent: summary.paid,
        possibly_billed: summary.possibly_billed,
        budget: summary.budget,
        reserved: PicoDollars::ZERO,
        unsettled: summary.unsettled,
        hold: None,
        retried,
        cut_short: summary.cut_short,
        failures,
        just_answered: Vec::new(),
        rate_history: Vec::new(),
    }
}

pub fn whole_millis(duration: Duration) -> u32 {
    u32::try_from(duration.as_millis()).unwrap_or(u32::MAX)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a duration, and `as` saturates")]
fn whole(millis: f64) -> u32 {
    millis.round() as u32
}

#[cfg(test)]
mod tests {
    use domain::ids::{ImageId, RunId};
    use domain::model::Destination;
    use domain::run::{PossiblyBilled, RunMode, StopReason};

    use super::*;

    const OVER: RunState = RunState::Stopped { reason: StopReason::Completed };

    fn standing() -> RunProgress {
        RunProgress {
            run: RunId(1),
            state: RunState::Running,
            stop_detail: None,
            model_name: String::new(),
            recipe_name: String::new(),
            destination: Destination::ThisMachine,
            started_at: 0,
            elapsed_millis: 0,
            left_millis: None,
            total: 100,
            done: 0,
            failed: 0,
            in_flight: Vec::new(),
            waiting: 100,
            prepared: 0,
            reused: 0,
            carried: 0,
            marks: 0,
            rate_per_minute: 0.0,
            peak_rate_per_minute: 0.0,
            asked: 0,
            p50_millis: None,
            p95_millis: None,
            concurrency: 1,
            mode: RunMode::Live,
            routes: Vec::new(),
            batches: Vec::new(),
            quoted: None,
            spent: PicoDollars::ZERO,
            possibly_billed: PossiblyBilled::default(),
            budget: None,
            reserved: PicoDollars::ZERO,
            unsettled: PossiblyBilled::default(),
            hold: None,
            retried: Vec::new(),
            cut_short: 0,
            failures: Vec::new(),
            just_answered: Vec::new(),
            rate_history: Vec::new(),
        }
    }

    fn finished(took_millis: Option<f64>) -> Finished {
        Finished { image: ImageId(1), name: String::new(), took_millis, carried: 0, outcome: Ok(1) }
    }

    #[test]
    fn only_images_that_were_asked_about_make_rates_and_durations() {
        let began = Instant::now();
        let mut sitting = Sitting::begin(standing(), Vec::new(), began);
        for tenth in 1..=20_u32 {
            let now = began + Duration::from_millis(100) * tenth;
            sitting.note_finished(finished(Some(200.0)), now);
            // A reused answer beside each.
            sitting.note_finished(finished(None), now);
        }
        let now = began + Duration::from_secs(2);
        let working = sitting.snapshot(RunState::Running, Vec::new(), now);
        assert_eq!((working.done, working.asked, working.p50_millis), (40, 20, Some(200)));
        assert!((working.rate_per_minute - 600.0).abs() < 1e-6, "{}", working.rate_per_minute);
        // 60 are left, at a tenth of a second for one that has to be asked about.
        assert_eq!(working.left_millis, Some(6_000));
        sitting.end(now);
        let over = sitting.snapshot(OVER, Vec::new(), now + Duration::from_secs(60));
        assert_eq!((over.elapsed_millis, over.p50_millis), (2_000, Some(200)), "hooks are no work");
        assert!((over.rate_per_minute - 600.0).abs() < 1e-6);
        assert!(over.peak_rate_per_minute >= over.rate_per_minute);
    }

    #[test]
    fn no_rate_that_was_shown_is_above_the_peak() {
        let began = Instant::now();
        let mut sitting = Sitting::begin(standing(), vec![100.0, 300.0], began);
        let mut shown: f64 = 0.0;
        for tenth in 1..=1_500_u32 {
            let now = began + Duration::from_millis(100) * tenth;
            if tenth % (1 + tenth / 300) == 0 {
                sitting.note_finished(finished(Some(500.0)), now);
            }
            let snapshot = sitting.snapshot(RunState::Running, Vec::new(), now);
            assert!(snapshot.rate_per_minute <= snapshot.peak_rate_per_minute);
            assert!(snapshot.rate_history.len() <= RATE_POINTS);
            if tenth >= 10 {
                shown = shown.max(snapshot.rate_per_minute);
            }
        }
        let over = sitting.snapshot(OVER, Vec::new(), began + Duration::from_secs(150));
        assert!((over.peak_rate_per_minute - shown).abs() < 1e-6);
        assert!(over.rate_per_minute <= over.peak_rate_per_minute);
        assert!(over.rate_history.iter().all(|&rate| rate <= over.peak_rate_per_minute));
    }

    #[test]
    fn a_run_of_a_moment_has_a_rate_and_no_peak_below_it() {
        let began = Instant::now();
        let mut sitting = Sitting::begin(standing(), Vec::new(), began);
        sitting.note_finished(finished(Some(60.0)), began + Duration::from_millis(60));
        sitting.end(began + Duration::from_millis(62));
        let over = sitting.snapshot(OVER, Vec::new(), began + Duration::from_millis(62));
        assert!((over.rate_per_minute - 60_000.0 / 62.0).abs() < 1e-6, "{}", over.rate_per_minute);
        assert!(over.peak_rate_per_minute >= over.rate_per_minute);
        assert_eq!(over.rate_history, [0.0; 0]);
    }
}
