//! Requests of a batch in the ledger.

use super::*;

#[test]
fn requests_in_a_batch_are_the_server_s_until_it_is_given_up() {
    let library = Library::new();
    let images = vec![library.add_image(1), library.add_image(2)];
    let run = library.add_run(images);
    let waiting = || library.store.read_blocking(|view| view.waiting_jobs(run, None, 9)).unwrap();
    let jobs = waiting();
    let (first, second) = (jobs[0].id, jobs[1].id);
    let sent = PixelSize::new(320, 240);
    let batch = library
        .store
        .write_blocking(move |edit| {
            let batch = edit.add_batch(run, "0badcafe", "http://server", 8)?;
            let dropped = edit.add_batch_item(batch, second, sent, PicoDollars(3), 9)?;
            edit.add_batch_item(batch, first, sent, PicoDollars(5), 9)?;
            edit.drop_batch_item(dropped)?;
            Ok(batch)
        })
        .unwrap();
    let kept = || library.store.read_blocking(|view| view.batches_of_run(run)).unwrap().pop().unwrap();
    assert_eq!((kept().state(), waiting().len()), (None, 1));

    library.store.write_blocking(move |edit| edit.record_submitting(batch, 20)).unwrap();
    let unconfirmed = kept().state().unwrap();
    assert_eq!((unconfirmed.stage, unconfirmed.images, unconfirmed.submitted_at), (BatchStage::Unconfirmed, 1, 20));
    library.store.write_blocking(move |edit| edit.record_taken(batch, "msgbatch_1", true)).unwrap();
    assert!(library.store.read_blocking(|view| view.is_known_batch("http://server", "msgbatch_1")).unwrap());
    assert_eq!(kept().state().unwrap().stage, BatchStage::Working);
    let unsettled = || library.store.read_blocking(|view| view.unsettled(run)).unwrap();
    // Another session continues the batch without giving it up.
    assert_eq!(library.store.write_blocking(move |edit| edit.give_up_lost_attempts(run)).unwrap(), 0);
    assert_eq!((unsettled().count, waiting().len()), (0, 1));
    let (attempt, at_most) = library.store.read_blocking(|view| view.batch_items_left(batch)).unwrap()[0];
    let item = library.store.read_blocking(|view| view.batch_item(batch, attempt)).unwrap().unwrap();
    assert_eq!((item.job.id, item.sent, at_most), (first, sent, PicoDollars(5)));

    library.store.write_blocking(move |edit| edit.record_standing(batch, BatchStanding::GivenUp)).unwrap();
    assert_eq!(unsettled(), PossiblyBilled { count: 1, at_most: PicoDollars(5) });
    assert_eq!((kept().state().unwrap().stage, waiting().len()), (BatchStage::Unconfirmed, 1));
    assert_eq!(library.store.write_blocking(move |edit| edit.give_up_lost_attempts(run)).unwrap(), 1);
    assert_eq!((kept().state().unwrap().stage, waiting().len()), (BatchStage::Ended, 2));
    assert_eq!(library.store.read_blocking(|view| view.run(run)).unwrap().possibly_billed.count, 1);
}

#[test]
fn a_batch_that_never_left_leaves_no_trace() {
    let library = Library::new();
    let run = library.add_run(vec![library.add_image(1)]);
    let job = library.store.read_blocking(|view| view.waiting_jobs(run, None, 1)).unwrap()[0].id;
    library
        .store
        .write_blocking(move |edit| {
            let batch = edit.add_batch(run, "0badcafe", "http://server", 8)?;
            edit.add_batch_item(batch, job, PixelSize::new(320, 240), PicoDollars(5), 9)?;
            edit.discard_batch(batch)
        })
        .unwrap();
    let summary = library.store.read_blocking(|view| view.run(run)).unwrap();
    assert_eq!((summary.waiting, summary.retries, summary.unsettled.count), (1, 0, 0));
    assert_eq!(library.store.read_blocking(|view| view.batches_of_run(run)).unwrap(), Vec::new());
}

#[test]
fn a_request_in_a_batch_knows_the_cut_off_answer_of_an_earlier_run() {
    let library = Library::new();
    let image = library.add_image(1);
    let add_run = || {
        let images = vec![QueuedImage { image, leader: None }];
        let run = NewRun { question: Some(question()), images, ..new_run() };
        library.store.write_blocking(move |edit| edit.add_run(&run, 7)).unwrap()
    };
    library.answer_cut_off(add_run());
    let run = add_run();
    let job = library.store.read_blocking(|view| view.waiting_jobs(run, None, 1)).unwrap()[0].id;
    let (batch, attempt) = library
        .store
        .write_blocking(move |edit| {
            let batch = edit.add_batch(run, "0badcafe", "http://server", 8)?;
            Ok((batch, edit.add_batch_item(batch, job, PixelSize::new(320, 240), PicoDollars(5), 9)?))
        })
        .unwrap();
    let item = library.store.read_blocking(|view| view.batch_item(batch, attempt)).unwrap().unwrap();
    let kept = &item.job.answers[0];
    assert_eq!((kept.is_reused, kept.raw_answer.as_str(), kept.output_limit), (true, "[", Some(2_000)));
}
