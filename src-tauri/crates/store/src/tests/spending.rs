//! What was spent in a month, and its cap.

use domain::calendar::CalendarDate;
use domain::ids::AttemptId;
use domain::month::{CalendarMonth, MonthLimit};
use domain::spend::Pace;
use proptest::prelude::*;
use proptest::sample::Index;

use super::*;

const QUARTER_HOUR: u64 = 900_000;
const DAY: u64 = 96 * QUARTER_HOUR;
/// Begins at a quarter past, as in a zone that is 45 minutes off.
const FROM: u64 = 1_000 * DAY + QUARTER_HOUR;
const NOVEMBER: CalendarMonth =
    CalendarMonth { first_day: CalendarDate::new(2026, 11, 1), from_millis: FROM, until_millis: FROM + 30 * DAY };

fn limit(cap: u64) -> MonthLimit {
    MonthLimit { month: NOVEMBER, cap: PicoDollars(cap) }
}

impl Library {
    fn spent(&self) -> (u64, u64) {
        let (spent, reserved) = self.store.read_blocking(|view| view.spent_in(NOVEMBER)).unwrap();
        (spent.0, reserved.0)
    }

    fn jobs(&self, images: u8) -> Vec<WaitingJob> {
        let images: Vec<_> = (1..=images).map(|seed| self.add_image(seed)).collect();
        let run = self.add_run(images);
        self.store.read_blocking(|view| view.waiting_jobs(run, None, 100)).unwrap()
    }

    fn send(&self, job: &WaitingJob, at_most: u64, now: u64) -> AttemptId {
        let id = job.id;
        self.store.write_blocking(move |edit| edit.record_sent(id, PicoDollars(at_most), now)).unwrap()
    }

    fn bill(&self, attempt: AttemptId, paid: u64, now: u64) {
        let bill = Bill { usage: Usage { output_tokens: 1, ..Usage::default() }, paid: PicoDollars(paid) };
        self.store.write_blocking(move |edit| edit.record_received(attempt, "{}", Some(bill), now)).unwrap();
    }
}

#[test]
fn a_request_counts_in_the_month_in_which_it_ended_and_until_then_at_its_maximum() {
    let library = Library::new();
    let jobs = library.jobs(4);
    let before = library.send(&jobs[0], 700, FROM - 1);
    library.bill(before, 300, FROM - 1);
    assert_eq!(library.spent(), (0, 0));
    // Sent in October and answered in November.
    let across = library.send(&jobs[1], 700, FROM - DAY);
    assert_eq!(library.spent(), (0, 700));
    library.bill(across, 200, FROM);
    assert_eq!(library.spent(), (200, 0));
    // Lost: its maximum stays, in the month in which it was sent.
    let unanswered = jobs[2].id;
    library.send(&jobs[2], 50, FROM + DAY);
    library.store.write_blocking(move |edit| edit.lose_attempts(unanswered)).unwrap();
    assert_eq!(library.spent(), (250, 0));
    // Left unanswered long ago.
    library.send(&jobs[3], 9, FROM - 3 * DAY);
    assert_eq!(library.spent(), (250, 0));
    let late = library.send(&jobs[3], 5, NOVEMBER.until_millis - 1);
    library.send(&jobs[3], 6, NOVEMBER.until_millis);
    library.bill(late, 5, NOVEMBER.until_millis);
    assert_eq!(library.spent(), (250, 0));
}

#[test]
fn a_request_in_an_open_batch_counts_whenever_it_was_sent() {
    let library = Library::new();
    let images: Vec<_> = (1..=2).map(|seed| library.add_image(seed)).collect();
    let run = library.add_run(images);
    let jobs = library.store.read_blocking(|view| view.waiting_jobs(run, None, 9)).unwrap();
    let ids = [jobs[0].id, jobs[1].id];
    let batch = library.store.write_blocking(move |edit| {
        let batch = edit.add_batch(run, "token", "server", FROM - 9 * DAY)?;
        edit.add_batch_item(batch, ids[0], PixelSize::new(10, 10), PicoDollars(700), FROM - 9 * DAY)?;
        // Counts by when it was sent.
        edit.add_batch_item(batch, ids[1], PixelSize::new(10, 10), PicoDollars(30), FROM - DAY)?;
        edit.record_standing(batch, BatchStanding::Unknown)?;
        Ok(batch)
    });
    let batch = batch.unwrap();
    assert_eq!(library.spent(), (0, 730));
    let limit = limit(1_000);
    let sent =
        library.store.write_blocking(move |edit| edit.record_sent_within(Some(&limit), ids[0], PicoDollars(300), FROM));
    assert_eq!(sent.unwrap(), None);
    library.store.write_blocking(move |edit| edit.record_standing(batch, BatchStanding::GivenUp)).unwrap();
    assert_eq!(library.spent(), (0, 30));
}

#[test]
fn no_request_is_recorded_that_could_pass_the_cap() {
    let library = Library::new();
    let jobs = library.jobs(1);
    let job = jobs[0].id;
    let send = |cap, at_most| {
        let limit = limit(cap);
        let sent = library
            .store
            .write_blocking(move |edit| edit.record_sent_within(Some(&limit), job, PicoDollars(at_most), FROM));
        sent.unwrap().is_some()
    };
    assert!(send(100, 60) && !send(100, 41) && send(100, 40) && !send(100, 1));
    assert!(send(100, 0), "what costs nothing is sent");
    assert_eq!(library.spent(), (0, 100));
    let without = library.store.write_blocking(move |edit| edit.record_sent_within(None, job, PicoDollars(900), FROM));
    assert!(without.unwrap().is_some());
}

#[test]
fn what_was_spent_before_there_was_a_table_is_in_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("library.sqlite");
    let library = Library { folder, store: Store::open(&path).unwrap() };
    let jobs = library.jobs(2);
    let paid = library.send(&jobs[0], 700, FROM);
    library.bill(paid, 300, FROM + 1);
    library.send(&jobs[1], 80, FROM);
    assert_eq!(library.spent(), (300, 80));
    // As the migration finds it.
    let connection = Connection::open(&path).unwrap();
    connection.execute_batch("DELETE FROM spending").unwrap();
    let migration = include_str!("../migration/0031_spending.sql");
    let fill = migration.split(';').find(|statement| statement.trim_start().starts_with("INSERT INTO")).unwrap();
    connection.execute_batch(fill).unwrap();
    assert_eq!(library.spent(), (300, 80));
}

#[test]
fn the_ledger_counts_an_image_once_in_every_run_and_leaves_out_what_was_not_priced() {
    const MIDDLE: u64 = FROM + 15 * DAY;
    let library = Library::new();
    let jobs = library.jobs(3);
    // The first image is answered by its second request, a month later.
    let lost = library.send(&jobs[0], 700, MIDDLE);
    let how = Unanswered { error: String::new(), retried_for: None, may_be_billed: true };
    library.store.write_blocking(move |edit| edit.record_unanswered(lost, &how, MIDDLE)).unwrap();
    let answered = library.send(&jobs[0], 700, MIDDLE + 31 * DAY);
    library.bill(answered, 300, MIDDLE + 31 * DAY);
    let other = library.send(&jobs[1], 700, MIDDLE);
    library.bill(other, 50, MIDDLE);
    // The third has no answer yet.
    library.send(&jobs[2], 700, MIDDLE);
    let sums = library.store.read_blocking(|view| view.spend()).unwrap();
    let found: Vec<_> = sums
        .iter()
        .map(|sum| {
            (sum.run, sum.figures.images, sum.figures.requests, sum.figures.paid.0, sum.figures.possibly_billed.0)
        })
        .collect();
    let run = sums[0].run;
    assert!(run.is_some() && sums[0].month < sums[1].month, "{sums:?}");
    assert_eq!(found, [(run, 1, 2, 50, 700), (run, 1, 1, 300, 0)]);
    let days = library.store.read_blocking(|view| view.spent_by_day(NOVEMBER)).unwrap();
    assert_eq!(days.iter().map(|(_, spent)| spent.0).collect::<Vec<_>>(), [750]);
}

#[test]
fn a_pace_is_what_was_spent_in_its_days_alone() {
    let library = Library::new();
    let jobs = library.jobs(3);
    let pace = |now| library.store.read_blocking(move |view| view.pace(now)).unwrap();
    assert_eq!(pace(FROM), None);
    for (job, paid, at) in [(&jobs[0], 700, FROM), (&jobs[1], 50, FROM + DAY), (&jobs[2], 20, FROM + 6 * DAY)] {
        let attempt = library.send(job, paid, at);
        library.bill(attempt, paid, at);
    }
    assert_eq!(pace(FROM + 7 * DAY - 1), None);
    let of = |days, spent| Some(Pace { days, spent: PicoDollars(spent) });
    assert_eq!(pace(FROM + 7 * DAY), of(7, 770));
    // The first of nearly eight days is not one of the last seven.
    assert_eq!(pace(FROM + 8 * DAY - 2 * QUARTER_HOUR), of(7, 70));
    assert_eq!(pace(FROM + 60 * DAY), of(28, 0));
}

#[test]
fn what_was_reviewed_counts_in_the_month_of_its_last_answer() {
    const MIDDLE: u64 = FROM + 15 * DAY;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("library.sqlite");
    let library = Library { folder, store: Store::open(&path).unwrap() };
    let jobs = library.jobs(2);
    for (job, paid, at) in [(&jobs[0], 300, MIDDLE), (&jobs[0], 40, MIDDLE + 31 * DAY), (&jobs[1], 7, MIDDLE)] {
        let attempt = library.send(job, paid, at);
        library.bill(attempt, paid, at);
    }
    let connection = Connection::open(&path).unwrap();
    connection.execute_batch("UPDATE jobs SET state = 'done'; UPDATE images SET review = 'reviewed'").unwrap();
    let reviewed = || library.store.read_blocking(|view| view.reviewed_spend()).unwrap();
    let sums = reviewed();
    assert!(sums[0].month < sums[1].month, "{sums:?}");
    let found: Vec<_> = sums.iter().map(|sum| (sum.images, sum.paid.0, sum.unpriced_requests)).collect();
    assert_eq!(found, [(1, 7, 0), (1, 340, 0)]);
    // A server whose price is not known.
    let unpriced = r#"UPDATE attempts SET paid = 0; UPDATE runs SET quoted = NULL, destination = '{"kind":"host"}'"#;
    connection.execute_batch(unpriced).unwrap();
    let unpriced: Vec<_> = reviewed().iter().map(|sum| sum.unpriced_requests).collect();
    assert_eq!(unpriced, [1, 2]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// The table follows the ledger through every change of it.
    #[test]
    fn the_sums_are_those_of_the_ledger(steps in prop::collection::vec((0_u8..5, any::<Index>(), 0_u64..900), 1..30)) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("library.sqlite");
        let library = Library { folder, store: Store::open(&path).unwrap() };
        let jobs = library.jobs(5);
        let mut open = Vec::new();
        for (kind, which, amount) in steps {
            let now = FROM + amount * QUARTER_HOUR / 7;
            let job = &jobs[which.index(jobs.len())];
            let attempt = (!open.is_empty()).then(|| open[which.index(open.len())]);
            match (kind, attempt) {
                (0 | 1, _) => open.push(library.send(job, amount, now)),
                (2, Some(attempt)) => library.bill(attempt, amount / 2, now),
                (3, Some(attempt)) => {
                    let how = Unanswered { error: String::new(), retried_for: None, may_be_billed: amount % 2 == 0 };
                    library.store.write_blocking(move |edit| edit.record_unanswered(attempt, &how, now)).unwrap();
                }
                _ => {
                    let id = job.id;
                    library.store.write_blocking(move |edit| edit.lose_attempts(id)).unwrap();
                }
            }
        }
        let connection = Connection::open(&path).unwrap();
        let sums = |sql: &str| -> (i64, i64) { connection.query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?))).unwrap() };
        let ledger = sums(
            "SELECT coalesce(sum(CASE WHEN state <> 'sent' THEN paid + may_be_billed * at_most END), 0),
                 coalesce(sum(CASE WHEN state = 'sent' THEN at_most END), 0) FROM attempts",
        );
        prop_assert_eq!(sums("SELECT coalesce(sum(settled), 0), coalesce(sum(open), 0) FROM spending"), ledger);
    }
}
