//! Rate of a run over time, computed from when images finished, in milliseconds of active time (pauses do not count),
//! so that figures are the same during a run, after it and after a restart.

use serde::{Deserialize, Serialize};

use crate::metrics::quantile;

/// Maximum number of chart points.
const MOST_POINTS: usize = 40;
/// With fewer images per point, the chart would only show single images.
const IMAGES_A_POINT: usize = 3;
/// Steps of the chart in seconds; beyond the last one they double.
const STEPS: [f64; 6] = [1.0, 2.0, 5.0, 10.0, 30.0, 60.0];
/// The current rate covers the last ten seconds, or longer if images take longer.
const RECENT_MILLIS: f64 = 10_000.0;
const RECENT_IMAGES: f64 = 5.0;

/// An image that was sent and has finished, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FinishedImage {
    /// Active time of the run until then.
    pub after_millis: f64,
    /// From preparation to its answer.
    pub took_millis: f64,
}

/// Durations of the images that finished in a step of the chart, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct DurationPoint {
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub p50_millis: f64,
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub p95_millis: f64,
}

/// Images finished per minute in equal steps from the start to `worked_millis`. The steps cover the whole time, so that
/// the highest point is never below the average. `finished` is ordered by time.
#[must_use]
pub fn history(finished: &[FinishedImage], worked_millis: f64) -> Vec<f64> {
    let steps = steps(finished, worked_millis).into_iter();
    steps.map(|step| per_minute(step.finished.len(), step.length_millis)).collect()
}

/// Median and 95th percentile of the durations in the same steps; `None` where no image finished.
#[must_use]
pub fn durations(finished: &[FinishedImage], worked_millis: f64) -> Vec<Option<DurationPoint>> {
    let points = steps(finished, worked_millis).into_iter().map(|step| {
        let mut sorted: Vec<f64> = step.finished.iter().map(|image| image.took_millis).collect();
        sorted.sort_by(f64::total_cmp);
        let point = |p50_millis, p95_millis| DurationPoint { p50_millis, p95_millis };
        quantile(&sorted, 0.50).zip(quantile(&sorted, 0.95)).map(|(p50, p95)| point(p50, p95))
    });
    points.collect()
}

/// A step of the chart.
struct Step<'a> {
    length_millis: f64,
    finished: &'a [FinishedImage],
}

fn steps(finished: &[FinishedImage], worked_millis: f64) -> Vec<Step<'_>> {
    let most = (finished.len() / IMAGES_A_POINT).min(MOST_POINTS);
    if most < 2 || worked_millis <= 0.0 {
        return Vec::new();
    }
    let step = step_millis(worked_millis, most);
    let mut ends: Vec<f64> = std::iter::successors(Some(step), |end| Some(end + step))
        .take_while(|&end| end + step / 2.0 <= worked_millis)
        .collect();
    // The rest is a step of its own, or part of the step before it.
    ends.push(worked_millis);
    let (mut from, mut counted) = (0.0, 0);
    let last = ends.len() - 1;
    let points = ends.into_iter().enumerate().map(|(place, end)| {
        let until = if place == last { finished.len() } else { count_until(finished, end) };
        let step = Step { length_millis: end - from, finished: &finished[counted..until] };
        (from, counted) = (end, until);
        step
    });
    points.collect()
}

/// Recent images per minute before `worked_millis`, and the length of that window in milliseconds.
#[must_use]
pub fn recent(finished: &[FinishedImage], worked_millis: f64) -> (f64, f64) {
    let slow = if finished.is_empty() { 0.0 } else { RECENT_IMAGES / per_milli(finished.len(), worked_millis) };
    let window = slow.max(RECENT_MILLIS).min(worked_millis);
    let count = finished.len() - count_until(finished, worked_millis - window);
    (per_minute(count, window), window)
}

/// Images per minute over the whole active time.
#[must_use]
pub fn average(finished: usize, worked_millis: f64) -> f64 {
    per_minute(finished, worked_millis)
}

fn step_millis(worked_millis: f64, most: usize) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "at most forty")]
    let least = worked_millis / most as f64;
    let known = STEPS.iter().map(|seconds| seconds * 1000.0).find(|&step| step >= least);
    known.unwrap_or_else(|| {
        let mut step = STEPS[STEPS.len() - 1] * 1000.0;
        while step < least {
            step *= 2.0;
        }
        step
    })
}

fn count_until(finished: &[FinishedImage], millis: f64) -> usize {
    finished.partition_point(|image| image.after_millis <= millis)
}

fn per_minute(count: usize, millis: f64) -> f64 {
    per_milli(count, millis) * 60_000.0
}

#[expect(clippy::cast_precision_loss, reason = "a run has far fewer than 2^52 images")]
fn per_milli(count: usize, millis: f64) -> f64 {
    if millis > 0.0 { count as f64 / millis } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image(after_millis: f64, took_millis: f64) -> FinishedImage {
        FinishedImage { after_millis, took_millis }
    }

    /// One image every `every` milliseconds.
    fn steady(count: u32, every: f64) -> Vec<FinishedImage> {
        (1..=count).map(|n| image(f64::from(n) * every, 80.0)).collect()
    }

    fn is_near(one: f64, other: f64) -> bool {
        (one - other).abs() < 1e-6
    }

    #[test]
    fn a_steady_run_is_a_level_line() {
        let points = history(&steady(600, 100.0), 60_000.0);
        assert_eq!(points.len(), 30);
        assert!(points.iter().all(|&rate| is_near(rate, 600.0)), "{points:?}");
        assert!(is_near(recent(&steady(600, 100.0), 60_000.0).0, 600.0));
    }

    #[test]
    fn the_highest_point_is_at_least_the_average() {
        // Bursts, a stall, and an end within a step.
        let mut finished = steady(50, 7.0);
        finished.extend(steady(40, 310.0).iter().map(|each| image(each.after_millis + 9_000.0, 80.0)));
        for worked in [21_400.0, 21_500.0, 25_000.0, 61_234.0, 7_200_000.0] {
            let points = history(&finished, worked);
            let peak = points.iter().copied().fold(0.0, f64::max);
            assert!(points.len() <= MOST_POINTS && peak >= average(90, worked), "{worked}: {points:?}");
        }
    }

    #[test]
    fn few_images_make_no_curve() {
        assert_eq!(history(&steady(5, 1000.0), 5_000.0), Vec::<f64>::new());
        assert_eq!(history(&[], 5_000.0), Vec::<f64>::new());
        // Two images a minute for ten minutes: no point covers just a second.
        assert!(history(&steady(20, 30_000.0), 600_000.0).iter().all(|&rate| rate > 0.0));
    }

    #[test]
    fn durations_are_those_of_the_images_of_each_step() {
        // Ten fast images in the first step, none in the second, ten slow ones in the third.
        let fast = (1..=10).map(|n| image(f64::from(n) * 90.0, f64::from(n)));
        let slow = (1..=10).map(|n| image(2_000.0 + f64::from(n) * 90.0, 100.0));
        let finished: Vec<_> = fast.chain(slow).collect();
        let points = durations(&finished, 3_000.0);
        assert_eq!(points.len(), history(&finished, 3_000.0).len());
        let [Some(first), None, Some(third)] = points[..] else { panic!("{points:?}") };
        assert!(is_near(first.p50_millis, 5.5) && is_near(first.p95_millis, 9.55), "{first:?}");
        assert!(is_near(third.p50_millis, 100.0) && is_near(third.p95_millis, 100.0), "{third:?}");
        assert_eq!(durations(&[], 3_000.0), []);
    }

    #[test]
    fn slow_images_are_looked_at_for_longer_and_a_stall_is_zero() {
        let (rate, window) = recent(&steady(20, 30_000.0), 610_000.0);
        assert!(window > 120_000.0 && rate > 1.5 && rate < 2.5, "{rate} over {window}");
        assert_eq!(recent(&steady(600, 100.0), 75_000.0), (0.0, RECENT_MILLIS));
        assert_eq!(recent(&[], 0.0), (0.0, 0.0));
    }
}
