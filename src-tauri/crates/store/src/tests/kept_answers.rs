//! Which saved answers a later run uses, and whether it asks anything.

use domain::answer::PartPass;
use domain::ids::AttemptId;

use super::*;

const USUAL: u64 = 2_000;
const LONGER: u64 = 8_000;

/// An image with runs that ask the same about it.
struct Asked {
    library: Library,
    image: ImageId,
    question: Question,
}

fn first(part: u32) -> PartPass {
    PartPass { part, is_check: false }
}

fn check(part: u32) -> PartPass {
    PartPass { part, is_check: true }
}

impl Asked {
    fn new() -> Self {
        let library = Library::new();
        let image = library.add_image(1);
        let question = Question { tiles_key: Some("tiles".into()), checks: true, ..question() };
        Self { library, image, question }
    }

    fn recipe(&self) -> Recipe {
        Recipe { check: self.question.checks, ..cats() }
    }

    fn job(&self) -> (RunId, WaitingJob) {
        let images = vec![QueuedImage { image: self.image, leader: None }];
        let run = NewRun { question: Some(self.question.clone()), recipe: self.recipe(), images, ..new_run() };
        let run = self.library.store.write_blocking(move |edit| edit.add_run(&run, 7)).unwrap();
        (run, self.library.store.read_blocking(|view| view.waiting_jobs(run, None, 1)).unwrap().remove(0))
    }

    fn answer(&self, job: &WaitingJob, pass: PartPass, limit: u64, is_cut_short: bool) -> AttemptId {
        let id = job.id;
        let received = self.library.store.write_blocking(move |edit| {
            let attempt = edit.record_sent(id, PicoDollars(5), 8)?;
            edit.record_output_limit(attempt, limit)?;
            edit.record_pass(attempt, pass)?;
            edit.record_received(attempt, "{}", None, 9)?;
            if is_cut_short {
                edit.record_cut_short(attempt)?;
            }
            Ok(attempt)
        });
        received.unwrap()
    }

    fn settle(&self, (run, job): (RunId, WaitingJob), outcome: JobOutcome) {
        let recipe = self.recipe();
        let settled = self.library.store.write_blocking(move |edit| {
            edit.settle_job(run, &job, &recipe, &outcome, Some(JobTiming { took_millis: 1.0, alone_millis: None }), 10)
        });
        settled.unwrap();
    }

    fn done(&self, job: (RunId, WaitingJob), attempts: Vec<AttemptId>, reading: Reading) {
        self.settle(job, JobOutcome::Done { attempts, annotations: vec![cat(0.5)], reading });
    }

    fn is_answered(&self, limit: u64) -> bool {
        let question = Question { output_limit: limit, ..self.question.clone() };
        let answered = |view: &View<'_>| view.answered_before(&question, &[self.image]);
        !self.library.store.read_blocking(answered).unwrap().is_empty()
    }

    /// What the next run uses.
    fn used(&self) -> Vec<(PartPass, AttemptId)> {
        self.job().1.answers.into_iter().map(|kept| (kept.pass, kept.attempt)).collect()
    }

    fn cut_off(&self, run: RunId) -> (u32, u64) {
        self.library.store.read_blocking(|view| view.cut_off_images(run)).unwrap()
    }
}

fn cut() -> Reading {
    Reading { is_cut_short: true, ..Reading::default() }
}

#[test]
fn a_longer_answer_is_used_whatever_became_of_the_other_parts() {
    let asked = Asked::new();
    let (run, job) = asked.job();
    asked.answer(&job, first(0), USUAL, true);
    let whole = asked.answer(&job, first(0), LONGER, false);
    asked.answer(&job, first(1), USUAL, true);
    let tile = asked.answer(&job, first(1), LONGER, true);
    asked.done((run, job), vec![whole, tile], cut());
    assert_eq!(asked.used(), [(first(0), whole), (first(1), tile)]);
    assert_eq!(
        (asked.cut_off(run), asked.is_answered(LONGER), asked.is_answered(LONGER + 1)),
        ((1, LONGER), true, false)
    );
}

#[test]
fn of_two_cut_off_answers_the_longer_is_used() {
    let asked = Asked::new();
    let (run, job) = asked.job();
    asked.answer(&job, first(0), USUAL, true);
    let longer = asked.answer(&job, first(0), LONGER, true);
    asked.done((run, job), vec![longer], cut());
    assert_eq!((asked.used(), asked.is_answered(LONGER)), (vec![(first(0), longer)], true));
}

#[test]
fn a_part_that_may_be_longer_is_asked_again_even_if_another_reached_the_maximum() {
    let asked = Asked::new();
    let (run, job) = asked.job();
    let whole = asked.answer(&job, first(0), USUAL, true);
    let tile = asked.answer(&job, first(1), LONGER, true);
    asked.done((run, job), vec![whole, tile], cut());
    assert!(!asked.is_answered(LONGER) && asked.is_answered(USUAL));
    assert_eq!(asked.library.store.write_blocking(move |edit| edit.retry(run, LONGER)).unwrap(), 1);
}

#[test]
fn a_complete_answer_of_another_run_is_better_than_the_own_cut_off_one() {
    let asked = Asked::new();
    let (own, theirs) = (asked.job(), asked.job());
    asked.answer(&own.1, first(0), USUAL, true);
    let complete = asked.answer(&theirs.1, first(0), USUAL, false);
    asked.done(theirs, vec![complete], Reading::default());
    let job = asked.library.store.read_blocking(|view| view.waiting_jobs(own.0, None, 1)).unwrap().remove(0);
    assert_eq!((job.answers[0].attempt, job.answers[0].is_reused), (complete, true));
}

#[test]
fn a_check_that_failed_is_asked_again_even_if_another_part_is_unusable() {
    let asked = Asked::new();
    let (run, job) = asked.job();
    let whole = asked.answer(&job, first(0), USUAL, false);
    let checked = asked.answer(&job, check(0), USUAL, false);
    let tile = asked.answer(&job, first(1), USUAL, false);
    let id = job.id;
    let unchecked = move |edit: &Edit<'_>| {
        edit.record_attempt_failed(id, checked, "no", 9)?;
        edit.record_unchecked(whole)
    };
    asked.library.store.write_blocking(unchecked).unwrap();
    let failure = JobFailure { attempt: Some(tile), kind: FailureKind::AnswerUnusable, detail: "no".into() };
    asked.settle((run, job), JobOutcome::Failed(failure));
    assert!(!asked.is_answered(USUAL));
    assert_eq!(asked.used(), [(first(0), whole), (first(1), tile)]);

    // The next run checks it, and finds the other part as it is.
    let (run, job) = asked.job();
    asked.answer(&job, check(0), USUAL, false);
    let failure = JobFailure { attempt: Some(tile), kind: FailureKind::AnswerUnusable, detail: "no".into() };
    asked.settle((run, job), JobOutcome::Failed(failure));
    assert!(asked.is_answered(USUAL));
}

#[test]
fn a_check_is_about_the_last_answer_before_it() {
    let asked = Asked::new();
    let (run, job) = asked.job();
    asked.answer(&job, first(0), USUAL, true);
    let of_shorter = asked.answer(&job, check(0), USUAL, false);
    asked.done((run, job), vec![of_shorter], cut());
    assert_eq!(asked.cut_off(run), (1, USUAL));
    assert!(asked.is_answered(USUAL) && !asked.is_answered(LONGER));
    assert_eq!(asked.library.store.write_blocking(move |edit| edit.retry(run, LONGER)).unwrap(), 1);
    let job = asked.library.store.read_blocking(|view| view.waiting_jobs(run, None, 1)).unwrap().remove(0);
    let longer = asked.answer(&job, first(0), LONGER, false);
    assert_eq!(asked.used(), [(first(0), longer)]);
}

#[test]
fn cut_off_answers_of_earlier_versions_are_known() {
    const BEFORE: usize = 32;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("library.sqlite");
    let connection = Connection::open(&path).unwrap();
    for migration in &migration::MIGRATIONS[..BEFORE] {
        connection.execute_batch(migration.sql).unwrap();
    }
    connection.pragma_update(None, "user_version", BEFORE).unwrap();
    let rows = "INSERT INTO images (id, hash, name, byte_len, format, orientation, width, height, added_at) VALUES
            (1, zeroblob(32), 'a.jpg', 1, 'jpeg', 1, 10, 10, 1), (2, randomblob(32), 'b.jpg', 1, 'jpeg', 1, 10, 10, 1),
            (3, randomblob(32), 'c.jpg', 1, 'jpeg', 1, 10, 10, 1);
        INSERT INTO jobs (id, run_id, image_id, state, failure, reading) VALUES
            (1, 1, 1, 'done', NULL, '{\"is_cut_short\":true}'), (2, 1, 2, 'done', NULL, NULL), (3, 1, 3, 'failed', 'cut_off', NULL);
        INSERT INTO attempts (id, job_id, state, sent_at, raw_answer, retried_for) VALUES
            (1, 1, 'received', 1, '{}', 'cut_short'), (2, 1, 'parsed', 1, '{}', NULL), (3, 2, 'parsed', 1, '{}', NULL),
            (4, 3, 'failed', 1, '{}', NULL), (5, 3, 'failed', 1, NULL, 'overloaded');";
    let recipe = serde_json::to_string(&cats()).unwrap();
    let run = "INSERT INTO runs (id, started_at, model, model_name, recipe, concurrency, wall_millis) VALUES (1, 1, 'm', 'M', ?1, 8, 90)";
    connection.execute(run, [recipe]).unwrap();
    connection.execute_batch(rows).unwrap();
    drop(connection);
    drop(Store::open(&path).unwrap());
    let connection = Connection::open(&path).unwrap();
    let cut_off: String = connection
        .query_row("SELECT group_concat(id ORDER BY id) FROM attempts WHERE is_cut_short", [], |row| row.get(0))
        .unwrap();
    assert_eq!(cut_off, "1,2,4");
}

#[test]
fn an_image_that_its_run_asked_about_is_not_reused() {
    let asked = Asked::new();
    let (run, job) = asked.job();
    let shorter = asked.answer(&job, first(0), USUAL, true);
    asked.done((run, job), vec![shorter], cut());
    let reused = |run| asked.library.store.read_blocking(|view| view.run(run)).unwrap().reused;
    let raw = |run| asked.library.store.read_blocking(|view| view.settled_answers(run, asked.image)).unwrap();

    // Its longer answer finds less, so that the earlier one is used.
    let (run, job) = asked.job();
    asked.answer(&job, first(0), LONGER, true);
    asked.done((run, job), vec![shorter], cut());
    assert_eq!((reused(run), raw(run).len()), (0, 1));

    // Nothing was asked now, and something before the process ended.
    let (run, job) = asked.job();
    asked.answer(&job, first(1), USUAL, false);
    let job = asked.library.store.read_blocking(|view| view.waiting_jobs(run, None, 1)).unwrap().remove(0);
    let outcome = JobOutcome::Done { attempts: vec![shorter], annotations: vec![cat(0.5)], reading: cut() };
    let recipe = asked.recipe();
    asked.library.store.write_blocking(move |edit| edit.settle_job(run, &job, &recipe, &outcome, None, 10)).unwrap();
    assert_eq!(reused(run), 0);

    let (run, job) = asked.job();
    let attempts = vec![job.answers[0].attempt];
    let outcome = JobOutcome::Done { attempts, annotations: vec![cat(0.5)], reading: cut() };
    let recipe = asked.recipe();
    asked.library.store.write_blocking(move |edit| edit.settle_job(run, &job, &recipe, &outcome, None, 10)).unwrap();
    assert_eq!(reused(run), 1);
}

#[test]
fn an_answer_is_used_where_the_same_request_would_be_sent() {
    let mut asked = Asked::new();
    let size = asked.library.store.read_blocking(|view| view.sizes_of(&[asked.image])).unwrap()[0].size;
    let edge = size.long_edge();
    asked.question = Question { sent_edge: Some(edge), ..question() };
    let (run, job) = asked.job();
    let whole = asked.answer(&job, first(0), USUAL, false);
    asked.done((run, job), vec![whole], Reading::default());
    let with = |asked: &mut Asked, question: Question| {
        asked.question = question;
        (asked.used(), asked.is_answered(USUAL))
    };
    let used = vec![(first(0), whole)];
    for sent_edge in [None, Some(edge), Some(2 * edge)] {
        assert_eq!(with(&mut asked, Question { sent_edge, ..question() }), (used.clone(), true), "{sent_edge:?}");
    }
    let smaller = Question { sent_edge: Some(edge - 1), ..question() };
    assert_eq!(with(&mut asked, smaller), (vec![], false));
    // A check of it and the tiles are missing.
    assert_eq!(with(&mut asked, Question { checks: true, ..question() }), (used.clone(), false));
    assert_eq!(with(&mut asked, Question { tiles_key: Some("tiles".into()), ..question() }), (used, false));

    asked.question = Question { tiles_key: Some("tiles".into()), checks: true, ..question() };
    let (run, job) = asked.job();
    let [checked, tile] = [check(0), first(1)].map(|pass| asked.answer(&job, pass, USUAL, false));
    asked.done((run, job), vec![checked, tile], Reading::default());
    assert!(asked.is_answered(USUAL));
    asked.question.tiles_key = Some("other tiles".into());
    assert!(!asked.is_answered(USUAL));
    assert_eq!(asked.used(), [(first(0), whole), (check(0), checked)]);
}
