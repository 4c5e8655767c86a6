//! Spending less, and the monthly cap: on real requests to the simulator.

#![expect(clippy::unwrap_used, reason = "a step that cannot be taken fails the test")]

use std::process::{Child, Stdio};
use std::time::Duration;

use domain::layers::LayerScope;
use domain::model::ModelId;
use domain::money::PicoDollars;
use domain::plan::{ImageSelection, ModelQuote, PlanRequest, RunRequest};
use domain::review::{Decision, DecisionScope, Verdict};
use domain::run_options::RunOptions;
use domain::run_state::{RunMode, RunState, StopReason};
use domain::savings::{Saving, SavingChange, Savings, SavingsRequest};
use domain::settings::LimitSettings;
use domain::spend::{SpendFilter, SpendKey};
use engine::EngineError;
use fieldmark_tests::bench::{Bench, COMPLETED, resume, with_concurrency};
use fieldmark_tests::pictures::{LABELS, drawing, write_png};
use serde_json::Value;
use simulator::{Batching, Fault, Options, Running, Simulator};

const KEY: &str = "sk-any";
const MODEL: &str = "claude-sonnet-5-5";
const CAP_REACHED: RunState = RunState::Stopped { reason: StopReason::MonthlyCapReached };

async fn server() -> Running {
    let batching = Batching { takes: Duration::from_millis(200), ..Batching::default() };
    Simulator::start(Options { batching, ..Options::default() }).await.unwrap()
}

/// Sets the cap to this part of the maximum cost of one request.
fn cap_at_requests(bench: &Bench, row: &ModelQuote, percent: u64) -> PicoDollars {
    let dearest = row.cost_basis.as_ref().unwrap().dearest_request;
    let cap = PicoDollars(dearest.0 / 100 * percent);
    bench.library.spending.set_cap(Some(cap)).unwrap();
    bench.library.spending.this_month().unwrap().cap.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_stops_at_the_monthly_cap_and_continues_under_a_higher_one() {
    let server = server().await;
    let bench = Bench::with_pictures(&server.url(), KEY, 12);
    let cap = cap_at_requests(&bench, &bench.quote_for(MODEL).await, 120);
    let run = bench.start(MODEL).await;
    assert_eq!(bench.end_of(run).await, CAP_REACHED);
    let (summary, ledger) = (bench.library.history.run(run).unwrap(), server.ledger());
    // One request at a time fits: each costs much less than its maximum, which is reserved.
    assert!(summary.done > 0 && summary.waiting > 0 && summary.failed == 0, "{summary:?}");
    assert_eq!(summary.paid.0, ledger.total_pico_dollars());
    let month = bench.library.spending.this_month().unwrap();
    assert_eq!((month.spent, month.reserved), (summary.paid, PicoDollars::ZERO));
    assert!(month.spent <= cap && month.left.unwrap() == PicoDollars(cap.0 - month.spent.0));

    // Another run with the same question has its answers, and no room for more.
    let other = bench.start(MODEL).await;
    assert_eq!(bench.end_of(other).await, CAP_REACHED);
    let other = bench.library.history.run(other).unwrap();
    assert_eq!((other.done, other.reused), (summary.done, summary.done));
    assert_eq!(server.ledger().billed.len(), ledger.billed.len());

    bench.library.spending.set_cap(None).unwrap();
    bench.library.runs.resume(resume(run)).await.unwrap();
    assert_eq!(bench.end_of(run).await, COMPLETED);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_may_have_been_billed_counts_at_its_maximum() {
    let server = server().await;
    let bench = Bench::with_pictures(&server.url(), KEY, 6);
    server.script(vec![Fault::Broken { after_events: 5 }]);
    let row = bench.quote_for(MODEL).await;
    // The lost request leaves room for half of another one.
    cap_at_requests(&bench, &row, 150);
    let request = RunRequest {
        options: with_concurrency(1),
        ..RunRequest::of(
            ImageSelection::All,
            bench.library.recipes.save_typed(LABELS).await.unwrap().id,
            ModelId(MODEL.into()),
        )
    };
    let run = bench.library.runs.start(&request).await.unwrap();
    assert_eq!(bench.end_of(run).await, CAP_REACHED);
    let summary = bench.library.history.run(run).unwrap();
    assert_eq!((summary.possibly_billed.count, server.ledger().billed.len()), (1, 1));
    let month = bench.library.spending.this_month().unwrap();
    assert_eq!(month.spent, summary.possibly_billed.at_most);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn waiting_for_room_in_the_month_uses_up_no_rate_limit() {
    let server = server().await;
    let bench = Bench::with_pictures(&server.url(), KEY, 1);
    cap_at_requests(&bench, &bench.quote_for(MODEL).await, 120);
    server.script([Fault::Slow { delay_millis: 2_000 }]);
    let first = bench.look_for("red", MODEL).await;
    while bench.library.spending.this_month().unwrap().reserved == PicoDollars::ZERO {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    // Its first request may be sent now, the next one in a minute.
    let recipe = bench.library.recipes.save_typed("blue").await.unwrap().id;
    let limits = LimitSettings { requests: Some(1), ..LimitSettings::default() };
    let options = RunOptions { limits, ..RunOptions::default() };
    let request = RunRequest { options, ..RunRequest::of(ImageSelection::All, recipe, ModelId(MODEL.into())) };
    let second = bench.library.runs.start(&request).await.unwrap();
    for run in [first, second] {
        let end = tokio::time::timeout(Duration::from_secs(40), bench.end_of(run)).await;
        assert_eq!(end, Ok(COMPLETED), "{run}");
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_run_is_started_without_room_for_a_request_in_the_month() {
    let server = server().await;
    let bench = Bench::with_pictures(&server.url(), KEY, 2);
    let cap = cap_at_requests(&bench, &bench.quote_for(MODEL).await, 90);
    let recipe = bench.library.recipes.save_typed(LABELS).await.unwrap().id;
    let request = RunRequest::of(ImageSelection::All, recipe, ModelId(MODEL.into()));
    let refused = bench.library.runs.start(&request).await.unwrap_err();
    let EngineError::MonthIsFull { left, at_most } = refused else { panic!("{refused}") };
    assert!(left == cap && at_most > cap, "{left} {at_most}");
    assert!(bench.library.history.runs().unwrap().is_empty() && server.ledger().billed.is_empty());
    let told = bench
        .fieldmark(&server.url(), KEY)
        .args(["annotate", "photos", "--labels", LABELS, "--model", MODEL, "--yes"])
        .output();
    let told = String::from_utf8(told.unwrap().stderr).unwrap();
    assert!(told.contains("fieldmark budget --monthly"), "{told}");
    bench.library.spending.set_cap(None).unwrap();
    let run = bench.library.runs.start(&request).await.unwrap();
    assert_eq!(bench.end_of(run).await, COMPLETED);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_image_that_is_sent_as_before_is_not_paid_again() {
    let server = server().await;
    // 320 to 323 pixels wide.
    let bench = Bench::with_pictures(&server.url(), KEY, 4);
    let recipe = bench.library.recipes.save_typed(LABELS).await.unwrap().id;
    let mut paid = 0;
    for (longest_edge, requests) in
        [(None, 4), (Some(2_000), 0), (Some(321), 2), (None, 0), (Some(320), 3), (Some(321), 0)]
    {
        let options = RunOptions { longest_edge, ..RunOptions::default() };
        let plan = PlanRequest { options, ..PlanRequest::of(ImageSelection::All, recipe) };
        let quote = bench.library.planning.quote(&plan).unwrap();
        let row = quote.models.into_iter().find(|row| row.model.id.0 == MODEL).unwrap();
        assert_eq!(row.answered_before, 4 - requests, "{longest_edge:?}");
        let request = RunRequest { options, ..RunRequest::of(ImageSelection::All, recipe, ModelId(MODEL.into())) };
        let run = bench.library.runs.start(&request).await.unwrap();
        assert_eq!(bench.end_of(run).await, COMPLETED);
        paid += requests as usize;
        assert_eq!(server.ledger().billed.len(), paid, "{longest_edge:?}");
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn batches_are_no_larger_than_the_month_allows() {
    let server = server().await;
    let bench = Bench::with_pictures(&server.url(), KEY, 8);
    let row = bench.quote_for(MODEL).await;
    // In batches, requests have half the price.
    let cap = cap_at_requests(&bench, &row, 55);
    let recipe = bench.library.recipes.save_typed(LABELS).await.unwrap().id;
    let request =
        RunRequest { mode: RunMode::Batch, ..RunRequest::of(ImageSelection::All, recipe, ModelId(MODEL.into())) };
    let run = bench.library.runs.start(&request).await.unwrap();
    assert_eq!(bench.end_of(run).await, CAP_REACHED);
    let (summary, ledger) = (bench.library.history.run(run).unwrap(), server.ledger());
    assert!(summary.done > 0 && summary.waiting > 0, "{summary:?}");
    assert!(ledger.total_pico_dollars() <= cap.0);
    server.stop().await;
}

/// `fieldmark annotate` with these labels, as another process.
fn annotating(bench: &Bench, server: &Running, labels: &str) -> Child {
    let mut command = bench.fieldmark(&server.url(), KEY);
    command.args(["annotate", "photos", "--labels", labels, "--model", MODEL, "--yes", "--json", "--concurrency", "8"]);
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_do_not_pass_the_cap_together() {
    let server = server().await;
    let bench = Bench::with_pictures(&server.url(), KEY, 30);
    let row = bench.quote_for(MODEL).await;
    let cap = cap_at_requests(&bench, &row, 150);
    // Different questions, so that neither waits for the answers of the other.
    let processes = [annotating(&bench, &server, "red, green"), annotating(&bench, &server, "blue, yellow")];
    let ended = processes.map(|process| process.wait_with_output().unwrap());
    let stopped: Vec<Value> = ended
        .iter()
        .map(|output| {
            assert_eq!(output.status.code(), Some(4), "{}", String::from_utf8_lossy(&output.stderr));
            serde_json::from_slice::<Value>(&output.stdout).unwrap()["summary"].clone()
        })
        .collect();
    for summary in &stopped {
        assert_eq!(summary["state"]["reason"], "monthly_cap_reached");
    }
    let (month, ledger) = (bench.library.spending.this_month().unwrap(), server.ledger());
    assert_eq!(month.spent.0, ledger.total_pico_dollars());
    assert!(month.spent <= cap, "{month:?}");
    // They stop no earlier than necessary: the next request could have passed the cap.
    let dearest = row.cost_basis.unwrap().dearest_request;
    assert!(month.spent + dearest > cap, "{month:?}");
    assert!(ledger.billed.len() > 5, "{}", ledger.billed.len());

    let said = bench.fieldmark(&server.url(), KEY).arg("budget").output().unwrap();
    let said = String::from_utf8_lossy(&said.stdout).into_owned();
    assert!(said.starts_with("This month: $"), "{said}");
    let json = bench.fieldmark(&server.url(), KEY).args(["budget", "--json", "--no-monthly"]).output().unwrap();
    let json: Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!((json["cap_dollars"].is_null(), json["left_dollars"].is_null()), (true, true));
    server.stop().await;
}

/// A plan, as the window has it.
#[derive(Clone)]
struct Plan {
    request: PlanRequest,
    model: ModelId,
    mode: RunMode,
    before: Option<ModelId>,
}

impl Plan {
    fn savings(&self, bench: &Bench) -> Savings {
        let request = SavingsRequest {
            plan: self.request.clone(),
            model: self.model.clone(),
            mode: self.mode,
            model_before: self.before.clone(),
        };
        bench.library.planning.savings(&request).unwrap().unwrap()
    }

    fn quoted(&self, bench: &Bench) -> domain::money::CostRange {
        let quote = bench.library.planning.quote(&self.request).unwrap();
        let row = quote.models.into_iter().find(|row| row.model.id == self.model).unwrap();
        if self.mode == RunMode::Batch { row.batch.unwrap() } else { row.cost.unwrap() }
    }

    fn toggled(&self, saving: &Saving) -> Self {
        let mut plan = self.clone();
        plan.request.options = saving.options;
        match (&saving.change, saving.is_applied) {
            (SavingChange::Batch, false) => plan.mode = RunMode::Batch,
            (SavingChange::Batch, true) => plan.mode = RunMode::Live,
            (SavingChange::SkipSimilar { .. }, is_applied) => plan.request.propagates_to_similar = !is_applied,
            (SavingChange::CheaperModel { model, .. }, false) => {
                (plan.before, plan.model) = (Some(plan.model), model.clone());
            }
            (SavingChange::CheaperModel { .. }, true) => (plan.model, plan.before) = (plan.before.unwrap(), None),
            _ => {}
        }
        plan
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_saving_is_the_difference_of_two_quotes_and_can_be_taken_back() {
    let server = server().await;
    let bench = Bench::at(&server.url(), KEY);
    let photo = drawing(3000, 2000).0;
    for copy in 0..3 {
        let mut copied = photo.clone();
        copied.put_pixel(copy, 0, image::Rgb([1, 2, 3]));
        write_png(&copied, &bench.photos().join(format!("{copy}.png")));
    }
    write_png(&drawing(900, 1400).0, &bench.photos().join("other.png"));
    bench.library.imports.run(&[bench.photos()]).unwrap();
    let recipe = bench.library.recipes.save_typed(LABELS).await.unwrap().id;
    let mut plan = Plan {
        request: PlanRequest::of(ImageSelection::All, recipe),
        model: ModelId(MODEL.into()),
        mode: RunMode::Live,
        before: None,
    };
    let first = plan.savings(&bench);
    let kinds = |savings: &Savings, is_applied: bool| {
        let kind = |change: &SavingChange| serde_json::to_value(change).unwrap()["kind"].as_str().unwrap().to_owned();
        let each = savings.savings.iter().filter(|saving| saving.is_applied == is_applied);
        let mut kinds: Vec<String> = each.map(|saving| kind(&saving.change)).collect();
        kinds.sort();
        kinds.dedup();
        kinds
    };
    assert_eq!(kinds(&first, false), ["batch", "cheaper_model", "max_tokens", "skip_similar", "smaller_images"]);

    // Apply them one after the other. Whatever is applied, the figures are those of the quotes.
    let mut applied = 0;
    while let Some(next) = plan.savings(&bench).savings.into_iter().find(|saving| !saving.is_applied) {
        let savings = plan.savings(&bench);
        assert_eq!(savings.cost, plan.quoted(&bench));
        for saving in &savings.savings {
            let (other, now) = (plan.toggled(saving).quoted(&bench), savings.cost);
            assert_eq!(saving.changed, other, "{saving:?}");
            let (with, without) = if saving.is_applied { (now, other) } else { (other, now) };
            assert_eq!(saving.expected.0, without.expected.0.saturating_sub(with.expected.0), "{saving:?}");
            assert_eq!(saving.bound.0, without.at_most.0.saturating_sub(with.at_most.0), "{saving:?}");
        }
        plan = plan.toggled(&next);
        applied += 1;
        assert!(applied < 20, "{next:?}");
    }
    // In batches, no longer request follows a cut-off answer, so that the usual maximum is the lowest.
    let all = ["batch", "cheaper_model", "skip_similar", "smaller_images"];
    assert_eq!(kinds(&plan.savings(&bench), true), all);

    // The run is what was quoted: smaller images, of which copies are not sent.
    let request = RunRequest {
        options: plan.request.options,
        propagates_to_similar: true,
        ..RunRequest::of(ImageSelection::All, recipe, ModelId(MODEL.into()))
    };
    let quoted = Plan { model: ModelId(MODEL.into()), mode: RunMode::Live, ..plan }.quoted(&bench);
    let run = bench.library.runs.start(&request).await.unwrap();
    assert_eq!(bench.end_of(run).await, COMPLETED);
    let summary = bench.library.history.run(run).unwrap();
    assert_eq!((summary.quoted, server.ledger().billed.len()), (Some(quoted), 2));
    assert!(summary.paid <= quoted.at_most);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_about_smaller_images_are_other_answers_and_teach_the_same() {
    let server = server().await;
    let bench = Bench::at(&server.url(), KEY);
    for place in 0..4 {
        write_png(&drawing(2000 + place, 1500).0, &bench.photos().join(format!("{place}.png")));
    }
    bench.library.imports.run(&[bench.photos()]).unwrap();
    let recipe = bench.library.recipes.save_typed(LABELS).await.unwrap().id;
    let options = RunOptions { longest_edge: Some(768), ..RunOptions::default() };
    let request = RunRequest { options, ..RunRequest::of(ImageSelection::All, recipe, ModelId(MODEL.into())) };
    let run = bench.library.runs.start(&request).await.unwrap();
    assert_eq!(bench.end_of(run).await, COMPLETED);
    let row = |options: RunOptions| {
        let plan = PlanRequest { options, ..PlanRequest::of(ImageSelection::All, recipe) };
        let quote = bench.library.planning.quote(&plan).unwrap();
        quote.models.into_iter().find(|row| row.model.id.0 == MODEL).unwrap()
    };
    assert_eq!(row(options).answered_before, 4);
    let full = row(RunOptions::default());
    assert_eq!((full.answered_before, full.cost_basis.as_ref().unwrap().longest_edge > 768), (0, true));
    // The text of the prompts is what it was, without the pictures, however large these were.
    let paid = bench.library.history.run(run).unwrap();
    let again = PlanRequest { options, ignores_saved_answers: true, ..PlanRequest::of(ImageSelection::All, recipe) };
    let again = bench.library.planning.quote(&again).unwrap();
    let again = again.models.into_iter().find(|row| row.model.id.0 == MODEL).unwrap().cost_basis.unwrap();
    assert_eq!(full.cost_basis.unwrap().text_tokens, again.text_tokens);
    assert_eq!(paid.usage.prompt_tokens(), again.image_tokens + again.text_tokens);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_spent_is_summed_up_from_the_ledger() {
    let server = server().await;
    let bench = Bench::with_pictures(&server.url(), KEY, 4);
    for model in [MODEL, "claude-haiku-5-5"] {
        let run = bench.look_for(LABELS, model).await;
        assert_eq!(bench.end_of(run).await, COMPLETED);
    }
    let printed = |arguments: &[&str]| {
        let done = bench.fieldmark(&server.url(), KEY).arg("spend").args(arguments).output().unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8(done.stdout).unwrap()
    };
    let table = printed(&["--by", "model,collection", "--csv"]);
    let mut rows = csv::Reader::from_reader(table.as_bytes());
    let rows: Vec<csv::StringRecord> = rows.records().map(Result::unwrap).collect();
    let names: Vec<[&str; 3]> = rows.iter().map(|row| [&row[0], &row[1], &row[2]]).collect();
    assert_eq!(names, [["claude-haiku-5-5", "photos", "4"], [MODEL, "photos", "4"]]);
    let pico: u64 = rows.iter().map(|row| row[5].replace('.', "").parse::<u64>().unwrap()).sum();
    assert_eq!(pico, server.ledger().total_pico_dollars());
    let document: Value = serde_json::from_str(&printed(&["--by", "month", "--json"])).unwrap();
    assert_eq!(document.as_array().unwrap().len(), 1);
    assert_eq!(document[0]["requests"], 8);
    assert!(printed(&[]).contains("\n\nTotal paid: $"), "{}", printed(&[]));
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn accepted_annotations_cost_what_was_paid_in_the_months_that_are_shown() {
    let server = server().await;
    let bench = Bench::with_pictures(&server.url(), KEY, 2);
    let run = bench.look_for(LABELS, MODEL).await;
    assert_eq!(bench.end_of(run).await, COMPLETED);
    for card in bench.cards() {
        let decision = Decision { image: card.id, scope: DecisionScope::Image, verdict: Verdict::Accept };
        bench.library.review.decide(decision, &LayerScope::All).await.unwrap();
    }
    // The first image was answered in an earlier month.
    let library = rusqlite::Connection::open(bench.library.folder().join("library.sqlite")).unwrap();
    let earlier =
        "UPDATE attempts SET sent_at = sent_at - 3456000000, answered_at = answered_at - 3456000000 WHERE id = 1";
    assert_eq!(library.execute(earlier, []).unwrap(), 1);
    let months = bench.library.spending.by(&[SpendKey::Month], &SpendFilter::default()).unwrap();
    let accepted = |from: Option<String>| {
        let report = bench.library.spending.report(&SpendFilter { from, ..SpendFilter::default() }).unwrap();
        let cost = &report.accepted[0];
        assert_eq!(cost.paid, report.total.figures.paid);
        (report.accepted.len(), cost.images, cost.accepted)
    };
    assert_eq!(accepted(None), (1, 2, 10));
    assert_eq!(accepted(months[1].month.clone()), (1, 1, 5));
    server.stop().await;
}
