//! Requests, answers, and what they cost.

use super::*;

#[test]
fn what_is_finished_is_never_done_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("library.sqlite");
    let library = Library { folder, store: Store::open(&path).unwrap() };
    let images: Vec<_> = (1..=4).map(|seed| library.add_image(seed)).collect();
    let run = library.add_run(images.clone());
    library.answer(run, &[0.9]);
    // The process died when the second was sent and the third answered.
    let jobs = library.store.read_blocking(|view| view.waiting_jobs(run, None, 10)).unwrap();
    let (sent, received) = (jobs[0].id, jobs[1].id);
    let usage = Usage { input_tokens: 1_600, output_tokens: 90, ..Usage::default() };
    let bill = Bill { usage, paid: PicoDollars(300) };
    library
        .store
        .write_blocking(move |edit| {
            edit.record_sent(sent, PicoDollars(700), 11)?;
            let attempt = edit.record_sent(received, PicoDollars(700), 11)?;
            edit.record_received(attempt, "the answer", Some(bill), 12)
        })
        .unwrap();
    let Library { folder: _folder, store } = library;
    drop(store);

    let store = Store::open(&path).unwrap();
    let unsettled = store.read_blocking(|view| view.run(run)).unwrap().unsettled;
    assert_eq!(unsettled, PossiblyBilled { count: 1, at_most: PicoDollars(700) });
    assert_eq!(store.write_blocking(move |edit| edit.give_up_lost_attempts(run)).unwrap(), 1);
    let jobs = store.read_blocking(|view| view.waiting_jobs(run, None, 10)).unwrap();
    assert_eq!(jobs.iter().map(|job| job.image).collect::<Vec<_>>(), images[1..]);
    assert_eq!(jobs[0].answers, []);
    assert_eq!(jobs[1].answers[0].raw_answer, "the answer");

    // Settling the same job twice counts once.
    let job = jobs[2].clone();
    for _ in 0..2 {
        let job = job.clone();
        let failure = JobFailure { attempt: None, kind: FailureKind::FileMissing, detail: "gone".into() };
        store
            .write_blocking(move |edit| edit.settle_job(run, &job, &cats(), &JobOutcome::Failed(failure), None, 13))
            .unwrap();
    }
    store.write_blocking(move |edit| edit.record_stopped(run, StopReason::Paused, None)).unwrap();
    let summary = store.read_blocking(|view| view.run(run)).unwrap();
    assert_eq!((summary.done, summary.failed, summary.waiting), (1, 1, 2));
    // What was received is paid; what was sent and not answered may be.
    assert_eq!((summary.paid, summary.usage), (PicoDollars(300), usage));
    assert_eq!(summary.possibly_billed, PossiblyBilled { count: 1, at_most: PicoDollars(700) });
    let failed = ImageQuery::of([Test::Image { state: ImageState::Failed }]);
    assert_eq!(store.read_blocking(|view| view.image_ids(&failed, &[])).unwrap(), [job.image]);
    assert_eq!(store.write_blocking(move |edit| edit.retry(run, 0)).unwrap(), 1);
    assert_eq!(store.read_blocking(|view| view.image_ids(&failed, &[])).unwrap(), []);
}

#[test]
fn an_answer_that_cannot_be_used_is_read_again_and_asked_for_only_anew() {
    let library = Library::new();
    let store = &library.store;
    let run = library.add_run(vec![library.add_image(1), library.add_image(2)]);
    let jobs = store.read_blocking(|view| view.waiting_jobs(run, None, 9)).unwrap();
    for (job, kind) in jobs.clone().into_iter().zip([FailureKind::AnswerUnusable, FailureKind::Declined]) {
        store
            .write_blocking(move |edit| {
                let attempt = edit.record_sent(job.id, PicoDollars(5), 8)?;
                edit.record_received(attempt, "the answer", None, 9)?;
                let failure = JobFailure { attempt: Some(attempt), kind, detail: "no".into() };
                let timing = JobTiming { took_millis: 40.0, alone_millis: None };
                edit.settle_job(run, &job, &cats(), &JobOutcome::Failed(failure), Some(timing), 10)
            })
            .unwrap();
    }
    let retry = || store.write_blocking(move |edit| edit.retry(run, 0)).unwrap();
    let waiting = || store.read_blocking(|view| view.waiting_jobs(run, None, 9)).unwrap();
    assert_eq!((store.read_blocking(|view| view.retried_count(run)).unwrap(), retry()), (1, 1));
    let job = waiting().pop().unwrap();
    let kept = job.answers[0].clone();
    assert_eq!((job.id, kept.raw_answer.as_str(), kept.is_reused), (jobs[0].id, "the answer", false));
    // Durations do not change when an answer is parsed again.
    let failure =
        JobFailure { attempt: Some(kept.attempt), kind: FailureKind::AnswerUnusable, detail: "still no".into() };
    store
        .write_blocking(move |edit| {
            let timing = JobTiming { took_millis: 0.0, alone_millis: None };
            edit.settle_job(run, &job, &cats(), &JobOutcome::Failed(failure), Some(timing), 11)
        })
        .unwrap();
    assert_eq!(store.read_blocking(|view| view.durations(run)).unwrap(), [40.0, 40.0]);

    store.write_blocking(move |edit| edit.record_ignores_saved_answers(run)).unwrap();
    assert_eq!((store.read_blocking(|view| view.retried_count(run)).unwrap(), retry()), (2, 2));
    assert_eq!(waiting().into_iter().map(|job| job.answers).collect::<Vec<_>>(), [[], []]);
}

#[test]
fn a_cut_off_answer_counts_until_a_longer_one_comes() {
    let library = Library::new();
    let (cut_off, unread) = (library.add_image(1), library.add_image(2));
    let run = library.add_run(vec![cut_off, unread]);
    library.answer_cut_off(run);
    let answered = || {
        let images = library.store.read_blocking(|view| view.answered_images(run, None, 9)).unwrap();
        images.into_iter().map(|image| image.id).collect::<Vec<_>>()
    };
    let summary = || library.store.read_blocking(|view| view.run(run)).unwrap();
    assert_eq!(library.store.write_blocking(move |edit| edit.retry(run, 4_000)).unwrap(), 1);
    // A received answer without a reading has no annotations to count.
    let jobs = library.store.read_blocking(|view| view.waiting_jobs(run, None, 9)).unwrap();
    let second = jobs[1].id;
    library
        .store
        .write_blocking(move |edit| {
            let attempt = edit.record_sent(second, PicoDollars(5), 11)?;
            edit.record_received(attempt, "[]", None, 12)
        })
        .unwrap();
    assert_eq!((answered(), jobs[0].standing, jobs[1].standing), (vec![cut_off], 2, 0));
    assert_eq!((summary().done, summary().waiting, summary().annotation_count), (0, 2, 2));

    library.answer(run, &[0.9]);
    assert_eq!((answered(), library.statuses(cut_off).len()), (vec![cut_off], 1));
    assert_eq!((summary().done, summary().waiting, summary().annotation_count), (1, 1, 1));
}

#[test]
fn retries_and_corrected_answers_are_counted() {
    let library = Library::new();
    let run = library.add_run(vec![library.add_image(1)]);
    let job = library.store.read_blocking(|view| view.waiting_jobs(run, None, 1)).unwrap().pop().unwrap();
    let reading = Reading {
        repairs: vec![
            Repair { item: Some(0), kind: RepairKind::LabelRenamed { answered: "kitty".into() } },
            Repair { item: Some(1), kind: RepairKind::LabelRenamed { answered: "tom".into() } },
        ],
        dropped: vec![Dropped { item: 2, reason: DropReason::TooMany { count: 40 } }],
        is_cut_short: true,
        is_unchecked: false,
    };
    library
        .store
        .write_blocking(move |edit| {
            for (retried_for, may_be_billed) in [(RetryKind::Overloaded, false), (RetryKind::TimedOut, true)] {
                let attempt = edit.record_sent(job.id, PicoDollars(50), 8)?;
                let how = Unanswered { error: "busy".into(), retried_for: Some(retried_for), may_be_billed };
                edit.record_unanswered(attempt, &how, 9)?;
            }
            let attempt = edit.record_sent(job.id, PicoDollars(50), 10)?;
            // Its cost is unknown.
            edit.record_received(attempt, "{}", None, 11)?;
            let outcome = JobOutcome::Done { attempts: vec![attempt], annotations: vec![cat(0.5), cat(0.6)], reading };
            edit.settle_job(run, &job, &cats(), &outcome, Some(JobTiming { took_millis: 40.0, alone_millis: None }), 12)
        })
        .unwrap();
    let (summary, retried, (repairs, dropped)) = library
        .store
        .read_blocking(|view| Ok((view.run(run)?, view.retry_groups(run)?, view.readings_of_run(run)?)))
        .unwrap();
    assert_eq!((summary.retries, summary.cut_short), (2, 1));
    assert_eq!(summary.possibly_billed, PossiblyBilled { count: 2, at_most: PicoDollars(100) });
    let group = |kind| RetryGroup { kind, count: 1 };
    assert_eq!(retried, [group(RetryKind::Overloaded), group(RetryKind::TimedOut)]);
    let renamed = RepairKind::LabelRenamed { answered: "kitty".into() };
    assert_eq!(repairs, [RepairGroup { count: 2, example: renamed }]);
    assert_eq!(
        dropped,
        [DropGroup { count: 40, example: DropReason::TooMany { count: 40 }, names: Vec::new(), more_names: 0 }]
    );
}

#[test]
fn figures_of_earlier_runs_come_from_the_ledger() {
    const BEFORE: usize = 12;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("library.sqlite");
    let connection = Connection::open(&path).unwrap();
    for migration in &migration::MIGRATIONS[..BEFORE] {
        connection.execute_batch(migration.sql).unwrap();
    }
    connection.pragma_update(None, "user_version", BEFORE).unwrap();
    let recipe = serde_json::to_string(&cats()).unwrap();
    connection
        .execute(
            "INSERT INTO runs (started_at, model, model_name, recipe, concurrency, wall_millis) VALUES (1, 'm', 'M', ?1, 8, 90)",
            [recipe],
        )
        .unwrap();
    // Two at the same time, one after them, and one unreadable file.
    for (job, state, took, attempt) in [
        (1_u8, "done", 30.0, Some((100, 130))),
        (2, "done", 50.0, Some((110, 160))),
        (3, "failed", 20.0, Some((160, 180))),
        (4, "failed", 1.0, None),
    ] {
        connection
            .execute(
                "INSERT INTO images (id, hash, name, byte_len, format, orientation, width, height, added_at)
                 VALUES (?1, ?2, 'a.jpg', 1, 'jpeg', 1, 10, 10, 1)",
                rusqlite::params![job, vec![job; 32]],
            )
            .unwrap();
        connection
            .execute(
                "INSERT INTO jobs (id, run_id, image_id, state, failure, took_millis)
                 VALUES (?1, 1, ?1, ?2, iif(?2 = 'failed', 'file_missing', NULL), ?3)",
                rusqlite::params![job, state, took],
            )
            .unwrap();
        if let Some((sent_at, answered_at)) = attempt {
            connection
                .execute(
                    "INSERT INTO attempts (job_id, state, sent_at, answered_at) VALUES (?1, 'parsed', ?2, ?3)",
                    [i64::from(job), sent_at, answered_at],
                )
                .unwrap();
        }
    }
    drop(connection);
    let store = Store::open(&path).unwrap();
    let (pace, durations, unread, failed, usage) = store
        .read_blocking(|view| {
            let run = RunId(1);
            Ok((
                view.pace_of_run(run)?,
                view.durations(run)?,
                view.unread_count(run)?,
                view.failed_jobs(run)?,
                view.run(run)?.usage,
            ))
        })
        .unwrap();
    assert_eq!((pace, durations, unread), ((90.0, 2), vec![20.0, 30.0, 50.0], 1));
    let requests: Vec<_> = failed.iter().map(|job| job.requests).collect();
    assert_eq!((requests, usage.thinking_tokens), (vec![1, 0], None));
}
