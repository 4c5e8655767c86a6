//! Two runs that request the same answer for one image.

use super::*;

/// Two active runs with the same answer key and one image: the first by worker `a`, the second by worker `b`.
fn two_runs(library: &Library) -> [RunId; 2] {
    let image = library.add_image(1);
    [("a", 1), ("b", 2)].map(|(token, process_id)| {
        let images = vec![QueuedImage { image, leader: None }];
        let run = NewRun { question: Some(question()), images, ..new_run() };
        let added = library.store.write_blocking(move |edit| {
            let (worker, run) = (edit.add_worker(token, process_id, 1)?, edit.add_run(&run, 7)?);
            assert!(edit.assign_worker(run, worker)?);
            Ok(run)
        });
        added.unwrap()
    })
}

fn job(library: &Library, run: RunId) -> Option<WaitingJob> {
    library.store.read_blocking(|view| view.waiting_jobs(run, None, 1)).unwrap().pop()
}

fn claim(library: &Library, run: RunId, job: &WaitingJob) -> Claim {
    let job = job.clone();
    library.store.write_blocking(move |edit| edit.claim(run, &job)).unwrap()
}

fn pending(library: &Library, run: RunId) -> Vec<PendingElsewhere> {
    library.store.read_blocking(|view| view.pending_elsewhere(run)).unwrap()
}

fn receive(library: &Library, job: &WaitingJob) -> domain::ids::AttemptId {
    let job = job.id;
    let received = library.store.write_blocking(move |edit| {
        let attempt = edit.record_sent(job, PicoDollars(5), 8)?;
        edit.record_received(attempt, "the answer", None, 9)?;
        Ok(attempt)
    });
    received.unwrap()
}

fn settle(library: &Library, run: RunId, job: WaitingJob, outcome: JobOutcome) {
    library.store.write_blocking(move |edit| edit.settle_job(run, &job, &cats(), &outcome, None, 10)).unwrap();
}

#[test]
fn the_second_run_waits_for_the_answer_and_uses_it() {
    let library = Library::new();
    let [first, second] = two_runs(&library);
    let (firsts, seconds) = (job(&library, first).unwrap(), job(&library, second).unwrap());
    assert_eq!(claim(&library, first, &firsts), Claim::Held);
    // It was read before, and is not available again.
    assert_eq!(claim(&library, second, &seconds), Claim::PendingElsewhere);
    assert_eq!(job(&library, second), None);
    let waits = PendingElsewhere { run: first, is_worked_on: true, is_in_batch: false, images: 1 };
    assert_eq!((pending(&library, second), pending(&library, first)), (vec![waits], vec![]));

    let attempt = receive(&library, &firsts);
    let outcome =
        JobOutcome::Done { attempts: vec![attempt], annotations: vec![cat(0.5)], reading: Reading::default() };
    settle(&library, first, firsts, outcome);
    let Claim::Answered(kept) = claim(&library, second, &seconds) else { panic!("the answer is there") };
    assert_eq!((kept[0].attempt, kept[0].raw_answer.as_str(), kept[0].is_reused), (attempt, "the answer", true));
    assert_eq!(job(&library, second).unwrap().answers, kept);
    assert_eq!(pending(&library, second), []);
}

#[test]
fn a_claim_ends_when_its_job_fails_or_its_worker_is_gone() {
    let library = Library::new();
    let [first, second] = two_runs(&library);
    let (firsts, seconds) = (job(&library, first).unwrap(), job(&library, second).unwrap());
    assert_eq!(claim(&library, second, &seconds), Claim::Held);
    assert_eq!(claim(&library, first, &firsts), Claim::PendingElsewhere);
    let failure = JobFailure { attempt: None, kind: FailureKind::ModelFailed, detail: "no".into() };
    settle(&library, second, seconds, JobOutcome::Failed(failure));
    assert_eq!(claim(&library, first, &firsts), Claim::Held);

    assert_eq!(library.store.write_blocking(move |edit| edit.retry(second, 0)).unwrap(), 1);
    assert_eq!(job(&library, second), None);
    library.store.write_blocking(|edit| edit.remove_worker("a")).unwrap();
    let seconds = job(&library, second).unwrap();
    assert_eq!(claim(&library, second, &seconds), Claim::Held);

    // Another worker takes over the first run, without its claims.
    let retaken = library.store.write_blocking(move |edit| {
        let other = edit.add_worker("c", 3, 2)?;
        let taken_by_two = edit.assign_worker(second, other)?;
        Ok((edit.assign_worker(first, other)?, taken_by_two))
    });
    assert_eq!(retaken.unwrap(), (true, false));
    assert_eq!(claim(&library, first, &firsts), Claim::PendingElsewhere);
}

/// Otherwise each of them would wait for the other's claim, for ever.
#[test]
fn two_runs_whose_workers_died_over_one_image_hold_no_claims_when_they_are_resumed() {
    let library = Library::new();
    let runs = two_runs(&library);
    let jobs = runs.map(|run| job(&library, run).unwrap());
    for (run, job, worker) in [(runs[0], &jobs[0], "a"), (runs[1], &jobs[1], "b")] {
        assert_eq!(claim(&library, run, job), Claim::Held);
        library.store.write_blocking(|edit| edit.remove_worker(worker)).unwrap();
    }
    let resumed = library.store.write_blocking(move |edit| {
        let (first, second) = (edit.add_worker("c", 3, 2)?, edit.add_worker("d", 4, 2)?);
        Ok((edit.assign_worker(runs[0], first)?, edit.assign_worker(runs[1], second)?))
    });
    assert_eq!(resumed.unwrap(), (true, true));
    assert_eq!(runs.map(|run| pending(&library, run)), [vec![], vec![]]);
    assert_eq!(claim(&library, runs[0], &jobs[0]), Claim::Held);
    assert_eq!(claim(&library, runs[1], &jobs[1]), Claim::PendingElsewhere);
}

#[test]
fn an_unparsed_answer_of_a_killed_run_is_used() {
    let library = Library::new();
    let [first, second] = two_runs(&library);
    let firsts = job(&library, first).unwrap();
    assert_eq!(claim(&library, first, &firsts), Claim::Held);
    let attempt = receive(&library, &firsts);
    library.store.write_blocking(|edit| edit.remove_worker("a")).unwrap();
    let kept = &job(&library, second).unwrap().answers[0];
    assert_eq!((kept.attempt, kept.is_reused), (attempt, true));
    // Its own run reads it as before.
    assert!(!job(&library, first).unwrap().answers[0].is_reused);
}

#[test]
fn a_run_that_ignores_saved_answers_waits_for_none_and_others_wait_for_it() {
    let library = Library::new();
    let [first, second] = two_runs(&library);
    library.store.write_blocking(move |edit| edit.record_ignores_saved_answers(second)).unwrap();
    let (firsts, seconds) = (job(&library, first).unwrap(), job(&library, second).unwrap());
    assert_eq!(claim(&library, first, &firsts), Claim::Held);
    assert_eq!(claim(&library, second, &seconds), Claim::Held);
    library.store.write_blocking(move |edit| edit.release_claims(first)).unwrap();
    assert_eq!(claim(&library, first, &firsts), Claim::PendingElsewhere);
}

#[test]
fn a_batch_at_the_server_is_waited_for_even_when_its_run_rests() {
    let library = Library::new();
    let [first, second] = two_runs(&library);
    let firsts = job(&library, first).unwrap();
    let batch = library.store.write_blocking(move |edit| {
        let batch = edit.add_batch(first, "0badcafe", "http://server", 8)?;
        edit.add_batch_item(batch, firsts.id, PixelSize::new(320, 240), PicoDollars(5), 9)?;
        edit.record_submitting(batch, 20)?;
        edit.release_worker(first)?;
        Ok(batch)
    });
    let batch = batch.unwrap();
    let waits = PendingElsewhere { run: first, is_worked_on: false, is_in_batch: true, images: 1 };
    assert_eq!((job(&library, second), pending(&library, second)), (None, vec![waits]));
    library.store.write_blocking(move |edit| edit.record_standing(batch, BatchStanding::GivenUp)).unwrap();
    assert!(job(&library, second).is_some());
}
