//! What holds for the batches of every vendor: where annotations land, and that nothing is paid for twice, whatever is lost,
//! canceled, expired or refused.

use std::fs;

use domain::coordinates::BoxCoordinates;
use domain::geometry::PixelSize;
use fieldmark_tests::oriented_jpeg;
use fieldmark_tests::pictures::{drawing, largest_drift, write_png};
use image::{DynamicImage, Rgb, RgbImage};
use simulator::{Eyes, Protocol};

use super::*;

/// A vendor with batches.
#[derive(Debug, Clone, Copy)]
struct Vendor {
    protocol: Protocol,
    /// Of its variables.
    prefix: &'static str,
    model: &'static str,
    coordinates: BoxCoordinates,
}

const ANTHROPIC: Vendor =
    Vendor { protocol: Protocol::Messages, prefix: "ANTHROPIC", model: MODEL, coordinates: BoxCoordinates::PixelXyxy };
const OPENAI: Vendor = Vendor {
    protocol: Protocol::Chat,
    prefix: "OPENAI",
    model: "gpt-6.1-terra",
    coordinates: BoxCoordinates::PixelXyxy,
};
const GEMINI: Vendor = Vendor {
    protocol: Protocol::Gemini,
    prefix: "GEMINI",
    model: "gemini-3.8-flash",
    coordinates: BoxCoordinates::Norm1000Yxyx,
};
const VENDORS: [Vendor; 3] = [ANTHROPIC, OPENAI, GEMINI];

impl Vendor {
    async fn simulate(self, batching: Batching) -> Running {
        let options = Options { protocol: self.protocol, batching, ..Options::default() };
        Simulator::start(options).await.unwrap()
    }

    fn variables(self, server: &Running) -> [(String, String); 2] {
        [("BASE_URL", server.url()), ("API_KEY", KEY.to_owned())]
            .map(|(name, value)| (format!("{}_{name}", self.prefix), value))
    }

    fn bench(self, server: &Running, pictures: u32) -> Bench {
        let variables = self.variables(server);
        let bench = Bench::among(&variables.each_ref().map(|(name, value)| (name.as_str(), value.as_str())));
        bench.library.settings.agree_to(server.url().trim_start_matches("http://")).unwrap();
        bench.library.runs.limit_batches(LIMITS);
        if pictures > 0 {
            bench.add_pictures(pictures);
        }
        bench
    }

    async fn start(self, bench: &Bench) -> RunId {
        let request = RunRequest { model: ModelId(self.model.into()), ..request(bench).await };
        bench.library.runs.start(&request).await.unwrap()
    }

    /// The library, opened as the next process does.
    async fn reopened(self, bench: Bench, server: &Running) -> Bench {
        let variables = self.variables(server);
        reopened_among(bench, &variables.each_ref().map(|(name, value)| (name.as_str(), value.as_str()))).await
    }
}

/// Every answer was billed in a batch, and is what the run paid for.
fn assert_paid(server: &Running, summary: &RunSummary, answers: usize) {
    let ledger = server.ledger();
    assert_eq!(summary.paid.0, ledger.total_pico_dollars());
    assert_eq!(ledger.billed.len(), answers);
    assert!(ledger.billed.iter().all(|entry| entry.is_batched));
    assert_eq!((summary.possibly_billed.count, summary.unsettled.count), (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn annotations_land_within_one_unit_in_every_shape_and_orientation() {
    for vendor in VENDORS {
        let server = vendor.simulate(taking(0.2)).await;
        let bench = vendor.bench(&server, 0);
        let sizes = [(1500, 1000), (1000, 1500), (200, 150), (3000, 500), (500, 3000)];
        let mut drawings = Vec::new();
        for (width, height) in sizes {
            let (picture, drawn) = drawing(width, height);
            write_png(&picture, &bench.photos().join(format!("{width}x{height}.png")));
            drawings.push((PixelSize::new(width, height), drawn));
        }
        let (picture, drawn) = drawing(1200, 700);
        drawings.push((PixelSize::new(1200, 700), drawn));
        for orientation in 1..=8 {
            let stored = oriented_jpeg(&DynamicImage::from(picture.clone()), orientation);
            fs::write(bench.photos().join(format!("{orientation}.jpg")), stored).unwrap();
        }
        bench.library.imports.run(&[bench.photos()]).unwrap();
        let recipe = bench.library.recipes.save_typed(LABELS).await.unwrap();
        let quoted = bench.quote_of(recipe.id).models.into_iter().find(|quoted| quoted.model.id.0 == vendor.model);
        let (live, batch) = quoted.map(|quoted| (quoted.cost.unwrap(), quoted.batch.unwrap())).unwrap();
        assert!(batch.expected.0.abs_diff(live.expected.0 / 2) <= 1_000, "{batch:?} is half of {live:?}");

        let run = vendor.start(&bench).await;
        let (reason, summary) = stopped(&bench, run).await;
        assert_eq!((reason, summary.done), (StopReason::Completed, 13), "{vendor:?}: {summary:?}");
        assert!(summary.paid <= batch.at_most);
        assert_paid(&server, &summary, 13);
        for card in bench.cards() {
            let (size, drawn) = drawings.iter().find(|(size, _)| *size == card.size).unwrap();
            // A thousandth of the longer side, or a pixel of a picture that may be sent smaller.
            let unit = match vendor.coordinates {
                BoxCoordinates::Norm1000Yxyx => (f64::from(size.long_edge()) / 1000.0).max(1.0),
                _ => (f64::from(size.long_edge()) / 2048.0).max(1.0) * 1.02,
            };
            let drift = largest_drift(&card, drawn);
            assert!(drift <= unit, "{vendor:?}, {} {size:?}: {drift:.2} image pixels", card.name);
        }
        assert_eq!(server.stored_files(), Vec::<String>::new(), "nothing stays at the vendor");
        server.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn batches_go_on_while_the_program_is_closed() {
    for vendor in VENDORS {
        let server = vendor.simulate(taking(3.0)).await;
        let mut bench = vendor.bench(&server, 20);
        let run = vendor.start(&bench).await;
        snapshot(&bench.library, run, has_working_batch).await;
        for _ in 0..2 {
            bench = vendor.reopened(bench, &server).await;
            let idle = bench.library.history.progress(run).unwrap();
            assert_eq!(idle.unsettled.count, 0, "{vendor:?}");
            bench.library.runs.resume(ResumeRequest::of(run)).await.unwrap();
            snapshot(&bench.library, run, |snapshot| snapshot.batches.len() == 2).await;
        }
        let (reason, summary) = stopped(&bench, run).await;
        assert_eq!((reason, summary.done, summary.annotation_count), (StopReason::Completed, 20, 100), "{vendor:?}");
        assert_paid_once(&server, &summary);
        assert!(server.verdict().is_clean(), "{:?}", server.verdict());
        server.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_reply_leads_to_no_second_batch() {
    for vendor in VENDORS {
        let server = vendor.simulate(taking(2.0)).await;
        server.script([Fault::BatchReplyLost, Fault::BatchReplyLost]);
        let bench = vendor.bench(&server, 20);
        let run = vendor.start(&bench).await;
        snapshot(&bench.library, run, |snapshot| {
            snapshot.batches.iter().any(|batch| batch.stage == BatchStage::Unconfirmed)
        })
        .await;
        // The next process looks for them.
        let bench = vendor.reopened(bench, &server).await;
        bench.library.runs.resume(ResumeRequest::of(run)).await.unwrap();
        let (reason, summary) = stopped(&bench, run).await;
        assert_eq!((reason, summary.done), (StopReason::Completed, 20), "{vendor:?}");
        assert_paid_once(&server, &summary);
        assert!(server.verdict().is_clean(), "{:?}", server.verdict());
        server.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_reply_to_an_upload_costs_nothing_but_the_upload() {
    let server = OPENAI.simulate(taking(0.2)).await;
    server.script([Fault::UploadReplyLost]);
    let bench = OPENAI.bench(&server, 5);
    let run = OPENAI.start(&bench).await;
    let (reason, summary) = stopped(&bench, run).await;
    assert_eq!((reason, summary.done), (StopReason::Completed, 5));
    assert_paid_once(&server, &summary);
    assert_eq!(server.stored_files().len(), 1, "the file whose id is not known");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_batch_of_gemini_is_a_file() {
    let options = Options {
        protocol: Protocol::Gemini,
        batching: taking(0.2),
        eyes: Eyes::Closed { annotations: 3 },
        ..Options::default()
    };
    let server = Simulator::start(options).await.unwrap();
    server.script([Fault::UploadReplyLost, Fault::BatchReplyLost]);
    let bench = GEMINI.bench(&server, 0);
    for index in 0..8_u32 {
        let mut random = fastrand::Rng::with_seed(index.into());
        let noise = RgbImage::from_fn(2048, 1400 + index, |_, _| Rgb([random.u8(..), random.u8(..), random.u8(..)]));
        write_png(&noise, &bench.photos().join(format!("{index}.png")));
    }
    bench.library.imports.run(&[bench.photos()]).unwrap();
    let run = GEMINI.start(&bench).await;
    let (reason, summary) = stopped(&bench, run).await;
    assert_eq!((reason, summary.done), (StopReason::Completed, 8), "{summary:?}");
    assert_paid(&server, &summary, 8);
    assert_eq!(server.stored_files().len(), 1, "the file whose id is not known");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_answered_before_a_batch_is_canceled_elsewhere_is_kept() {
    for vendor in VENDORS {
        let server = vendor.simulate(taking(8.0)).await;
        let bench = vendor.bench(&server, 12);
        let run = vendor.start(&bench).await;
        snapshot(&bench.library, run, has_working_batch).await;
        tokio::time::sleep(Duration::from_millis(1500)).await;
        server.cancel_batches();
        let (reason, summary) = stopped(&bench, run).await;
        assert_eq!(reason, StopReason::BatchCanceled, "{vendor:?}");
        assert!(summary.done > 0 && summary.waiting > 0 && summary.failed == 0, "{vendor:?}: {summary:?}");
        assert_eq!(server.ledger().billed.len(), summary.done as usize, "nothing was submitted again");
        bench.library.runs.resume(ResumeRequest::of(run)).await.unwrap();
        let (reason, summary) = stopped(&bench, run).await;
        assert_eq!((reason, summary.done), (StopReason::Completed, 12), "{vendor:?}");
        assert_paid_once(&server, &summary);
        server.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_expires_is_not_paid_for_and_goes_into_a_next_batch() {
    for vendor in VENDORS {
        let server = vendor.simulate(Batching { expired: 1.0, ..taking(0.1) }).await;
        let bench = vendor.bench(&server, 3);
        let run = vendor.start(&bench).await;
        let (reason, summary) = stopped(&bench, run).await;
        assert_eq!((reason, summary.failed, summary.retries), (StopReason::Completed, 3, 6), "{vendor:?}");
        let failures = bench.library.insight.report(run).unwrap().failures;
        assert_eq!((failures[0].kind, failures[0].is_worth_retrying), (FailureKind::Expired, true));
        assert_paid(&server, &summary, 0);
        server.stop().await;

        let server = vendor.simulate(Batching { expired: 0.25, errored: 0.25, ..taking(0.1) }).await;
        let bench = vendor.bench(&server, 20);
        let run = vendor.start(&bench).await;
        let (reason, summary) = stopped(&bench, run).await;
        assert_eq!((reason, summary.done + summary.failed), (StopReason::Completed, 20), "{vendor:?}");
        assert!(summary.done >= 12 && summary.retries > 0, "{vendor:?}: {summary:?}");
        assert_paid_once(&server, &summary);
        server.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_that_is_found_invalid_stops_the_run_with_the_reason() {
    for vendor in [OPENAI, GEMINI] {
        let server = vendor.simulate(taking(0.3)).await;
        let (code, message) = ("invalid_json_line", "This line is not parseable as valid JSON.");
        server.script([Fault::BatchFails { code: code.into(), message: message.into() }]);
        let bench = vendor.bench(&server, 5);
        let run = vendor.start(&bench).await;
        let (reason, summary) = stopped(&bench, run).await;
        assert_eq!((reason, summary.waiting, summary.failed), (StopReason::RequestRefused, 5, 0), "{vendor:?}");
        let detail = summary.stop_detail.clone().unwrap();
        assert!(detail.contains("the server refused the whole batch") && detail.contains(message), "{detail}");
        assert_paid(&server, &summary, 0);
        assert_eq!(server.stored_files(), Vec::<String>::new());

        bench.library.runs.resume(ResumeRequest::of(run)).await.unwrap();
        let (reason, summary) = stopped(&bench, run).await;
        assert_eq!((reason, summary.done), (StopReason::Completed, 5), "{vendor:?}");
        assert_paid_once(&server, &summary);
        server.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_that_has_no_room_waits_for_another_of_the_run() {
    let server = OPENAI.simulate(taking(2.0)).await;
    let full = Fault::BatchFails {
        code: "token_limit_exceeded".into(),
        message: "Enqueued token limit reached for gpt-6.1-terra.".into(),
    };
    let bench = OPENAI.bench(&server, 20);
    let run = OPENAI.start(&bench).await;
    snapshot(&bench.library, run, has_working_batch).await;
    server.script([full.clone()]);
    let (reason, summary) = stopped(&bench, run).await;
    assert_eq!((reason, summary.done), (StopReason::Completed, 20), "{summary:?}");
    assert_paid_once(&server, &summary);
    server.stop().await;

    // Nothing of the run makes room: the user decides.
    let server = OPENAI.simulate(taking(0.2)).await;
    server.script([full]);
    let bench = OPENAI.bench(&server, 3);
    let run = OPENAI.start(&bench).await;
    let (reason, summary) = stopped(&bench, run).await;
    assert_eq!((reason, summary.waiting), (StopReason::RequestRefused, 3));
    assert!(summary.stop_detail.unwrap().contains("Enqueued token limit"));
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_of_results_that_is_empty_is_fetched_again() {
    for vendor in [OPENAI, GEMINI] {
        let server = vendor.simulate(taking(0.1)).await;
        let bench = vendor.bench(&server, 3);
        // Results that are in the batch itself are also fetched with its state.
        let fetched = if vendor.protocol == Protocol::Gemini { 6 } else { 3 };
        server.script(vec![Fault::Empty; fetched]);
        let run = vendor.start(&bench).await;
        let (reason, summary) = stopped(&bench, run).await;
        assert_eq!((reason, summary.waiting, summary.failed), (StopReason::AnswersUnreadable, 3, 0), "{vendor:?}");
        bench.library.runs.resume(ResumeRequest::of(run)).await.unwrap();
        let (reason, summary) = stopped(&bench, run).await;
        assert_eq!((reason, summary.done), (StopReason::Completed, 3), "{vendor:?}");
        assert_paid_once(&server, &summary);
        server.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn results_that_are_missing_are_fetched_again_and_never_deleted() {
    for (cut_short, done) in [(1, 3), (3, 1)] {
        let server = OPENAI.simulate(taking(0.1)).await;
        let bench = OPENAI.bench(&server, 3);
        server.script(vec![Fault::ResultsCutShort; cut_short]);
        let run = OPENAI.start(&bench).await;
        let (reason, summary) = stopped(&bench, run).await;
        assert_eq!((reason, summary.done, summary.failed), (StopReason::Completed, done, 3 - done));
        // What never arrived may have been billed, and its results stay at the server.
        assert_eq!((summary.possibly_billed.count, server.stored_files().is_empty()), (3 - done, done == 3));
        server.stop().await;
    }
}
