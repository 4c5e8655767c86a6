//! Rate of a run over time, computed from when images finished, in milliseconds of active time (pauses do not count),
//! so that figures are the same during a run, after it and after a restart.

/// Maximum number of chart points.
const MOST_POINTS: usize = 40;
/// With fewer images per point, the chart would only show single images.
const IMAGES_A_POINT: usize = 3;
/// Steps of the chart in seconds; beyond the last one they double.
const STEPS: [f64; 6] = [1.0, 2.0, 5.0, 10.0, 30.0, 60.0];
/// The current rate covers the last ten seconds, or longer if images take longer.
const RECENT_MILLIS: f64 = 10_000.0;
const RECENT_IMAGES: f64 = 5.0;

/// Images finished per minute in equal steps from the start to `worked_millis`. The steps cover the whole time, so that
/// the highest point is never below the average. `finished_after` is ascending.
#[must_use]
pub fn history(finished_after: &[f64], worked_millis: f64) -> Vec<f64> {
    let most = (finished_after.len() / IMAGES_A_POINT).min(MOST_POINTS);
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
        let until = if place == last { finished_after.len() } else { count_until(finished_after, end) };
        let rate = per_minute(until - counted, end - from);
        (from, counted) = (end, until);
        rate
    });
    points.collect()
}

/// Recent images per minute before `worked_millis`, and the length of that window in milliseconds.
#[must_use]
pub fn recent(finished_after: &[f64], worked_millis: f64) -> (f64, f64) {
    let slow =
        if finished_after.is_empty() { 0.0 } else { RECENT_IMAGES / per_milli(finished_after.len(), worked_millis) };
    let window = slow.max(RECENT_MILLIS).min(worked_millis);
    let count = finished_after.len() - count_until(finished_after, worked_millis - window);
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

fn count_until(finished_after: &[f64], millis: f64) -> usize {
    finished_after.partition_point(|&after| after <= millis)
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

    /// One image every `every` milliseconds.
    fn steady(count: u32, every: f64) -> Vec<f64> {
        (1..=count).map(|n| f64::from(n) * every).collect()
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
        finished.extend(steady(40, 310.0).iter().map(|after| after + 9_000.0));
        for worked in [21_400.0, 21_500.0, 25_000.0, 61_234.0, 7_200_000.0] {
            let points = history(&finished, worked);
            let peak = points.iter().copied().fold(0.0, f64::max);
            assert!(points.len() <= MOST_POINTS && peak >= average(90, worked), "{worked}: {points:?}");
        }
    }

    #[test]
    fn few_images_are_no_curve() {
        assert_eq!(history(&steady(5, 1000.0), 5_000.0), Vec::<f64>::new());
        assert_eq!(history(&[], 5_000.0), Vec::<f64>::new());
        // Two images a minute for ten minutes: no point covers just a second.
        assert!(history(&steady(20, 30_000.0), 600_000.0).iter().all(|&rate| rate > 0.0));
    }

    #[test]
    fn slow_images_are_looked_at_for_longer_and_a_stall_is_zero() {
        let (rate, window) = recent(&steady(20, 30_000.0), 610_000.0);
        assert!(window > 120_000.0 && rate > 1.5 && rate < 2.5, "{rate} over {window}");
        assert_eq!(recent(&steady(600, 100.0), 75_000.0), (0.0, RECENT_MILLIS));
        assert_eq!(recent(&[], 0.0), (0.0, 0.0));
    }
}
