//! A backend with scripted endpoints.

use domain::model::ModelId;
use domain::recipe::{Tiling, builtin};
use domain::run_state::RunMode;
use domain::usage::Usage;
use providers::rate_limits::{RateLimits, Window};
use providers::request::RequestOptions;
use providers::scripted::{Scripted, ScriptedEndpoint, ScriptedReply};

use domain::endpoint::EndpointId;

use super::*;
use crate::backend;
use crate::backend::failure::AfterFailure;
use crate::backend::limiter::Bounds;
use crate::backend::rate_limiter::RateLimiter;

fn cats() -> Recipe {
    Recipe::find_these("cat").unwrap()
}

/// A model on one endpoint with these replies, and a request to it.
fn backend(bounds: Bounds, replies: Vec<ScriptedReply>) -> (Backend, Request) {
    let moved = Arc::new(Notify::new());
    let limiter = Arc::new(RateLimiter::new(bounds, Arc::clone(&moved)));
    let endpoint = Arc::new(ScriptedEndpoint::new(replies));
    let endpoint = PacedEndpoint::new(EndpointId::default(), "first".into(), endpoint, limiter, 100);
    let model = Scripted.catalog().find("scripted-1").unwrap();
    let prepared = Scripted.prepare(model, &cats(), RequestOptions::default()).unwrap();
    let costs = RequestCosts::new(prepared, RunMode::Live, 0);
    let backend = Backend::paced(&Scripted, costs, vec![endpoint], Vec::new(), None, moved);
    let pixels = Pixels { size: PixelSize::new(64, 48), rgb: vec![0; 64 * 48 * 3] };
    let part = (PartPass::default(), ImageRegion::whole(pixels.size));
    let picture = backend.encoded(pixels).unwrap();
    let request = backend.request(&picture, part, &cats(), &[], AnswerLength::Usual).unwrap();
    (backend, request)
}

#[tokio::test(start_paused = true)]
async fn a_limit_under_which_no_request_fits_is_not_waited_for_without_end() {
    let one_a_minute = Some(Window { limit: 1, remaining: 0, resets_at: None });
    let announced = RateLimits { input_tokens: one_a_minute, ..RateLimits::default() };
    let own = Bounds { output_tokens_per_minute: Some(1), ..Bounds::default() };
    for (bounds, limits) in [(Bounds::default(), announced), (own, RateLimits::default())] {
        let (backend, request) = backend(bounds, Vec::new());
        // The first requests pass; the tokens they use take a day to refill.
        let began = Instant::now();
        for told in [limits, RateLimits::default()] {
            if let Ok(permit) = backend.paced_permit(&request, &[]).await {
                permit.record_accepted(&told);
                backend.endpoints[0].record_answered(permit);
            }
        }
        let closed = backend.paced_permit(&request, &[]).await.err().unwrap();
        assert_eq!(closed.reason, StopReason::WaitTooLong);
        assert!(closed.detail.contains("limit of 1"), "{}", closed.detail);
        assert!(began.elapsed() < 3 * LONGEST_WAIT, "{:?}", began.elapsed());
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_is_priced_and_read_by_its_provider_and_a_failure_says_what_comes_next() {
    let text = r#"{"marks":[{"label":"cat","x1":1,"y1":2,"x2":30,"y2":40,"confidence":0.5}]}"#;
    let usage = Usage { input_tokens: 10, output_tokens: 20, ..Usage::default() };
    let answer = ScriptedReply::Answer { text: text.into(), usage: Some(usage) };
    let (backend, request) = backend(Bounds::default(), vec![answer]);
    let mut shown = String::new();
    let permit = backend.permit(&request, &[]).await.ok().unwrap();
    let answered = backend.send(&request, permit, &|| (), &mut |text| shown.push_str(text)).await;
    let received = answered.ok().unwrap();
    // One dollar per million prompt tokens, four per million output tokens.
    assert_eq!(received.bill.map(|bill| bill.paid), Some(PicoDollars(10_000_000 + 4 * 20_000_000)));
    assert_eq!(backend.read(&received.kept, &cats()).unwrap().annotations.len(), 1);
    assert_eq!(backend.preview(&shown, &cats(), request.sent()).len(), 1);
    assert!(received.bill.unwrap().paid <= backend.at_most(&request, PartPass::default(), AnswerLength::Usual));

    let permit = backend.permit(&request, &[]).await.ok().unwrap();
    let failed = backend.send(&request, permit, &|| (), &mut |_| ()).await.err().unwrap();
    assert_eq!((failed.next, failed.retry_kind), (AfterFailure::Again, RetryKind::Unreachable));
    assert!(!failed.may_be_billed);
}

/// The answer key must stay stable: stored answers are found by it.
#[test]
fn keys_of_kept_answers_stay_as_they_are() {
    let keys = [
        ("claude-sonnet-5-5", "7710cc49c508cc05dac2958c7f294946e680b09562cd3bd4ac199602cccf7274", true),
        ("claude-sonnet-5-5", "dea31fc41a716569f6410d0084231456ca2b4ce0bb5e3120fbcf177b171db317", false),
        ("claude-sonnet-4-5-20250929", "cd56a2e096dd33781c16655d54963723ff0b5c56478fe191da6ec8ea6c4af978", true),
        ("claude-sonnet-4-5-20250929", "33dbeaeb692fb1caa2747cd7123bacba0052d5224bf803cee07a43cd104d7446", false),
    ];
    for (model, key, is_plain) in keys {
        let recipe = if is_plain { Recipe::find_these("cat, dog").unwrap() } else { builtin::bird_vocabulary() };
        let prepared =
            crate::provided::find(&ModelId(model.into())).unwrap().prepare(&recipe, &[], RunMode::Live, None).unwrap();
        let costs =
            |recipe: &Recipe| RequestCosts::new(Arc::clone(&prepared), RunMode::Live, 0).with_parts(recipe, None);
        let asked = |recipe: &Recipe| question(&costs(recipe), "https://api.anthropic.com");
        assert_eq!((asked(&recipe).key.as_str(), asked(&recipe).tiles_key), (key, None), "{model}");
        // The first request about the whole image is the same.
        let checked = Recipe { check: true, ..recipe.clone() };
        assert_eq!(asked(&checked), Question { checks: true, ..asked(&recipe) });
        let tiled = |edge| Recipe { tiles: Some(Tiling { edge, ..Tiling::default() }), ..recipe.clone() };
        let of_tiles = asked(&tiled(1_000));
        assert_eq!(of_tiles, Question { tiles_key: of_tiles.tiles_key.clone(), ..asked(&recipe) });
        assert!(of_tiles.tiles_key.is_some() && of_tiles.tiles_key != asked(&tiled(900)).tiles_key);
    }
}

#[test]
fn kept_answers_are_read_whatever_has_become_of_their_model() {
    let local = r#"{"sent":{"width":9,"height":9},"marks":[]}"#;
    let remote = r#"{"text":"{\"marks\":[]}","stop_reason":"end_turn","usage":null,"model":"m","request_id":null,
        "sent":{"width":9,"height":9},"time_to_first_byte_millis":0,"took_millis":0}"#;
    for kept in [local, remote] {
        let read = backend::read_kept(&ModelId("gone".into()), kept, &cats()).unwrap();
        assert_eq!((read.sent, read.annotations.len()), (PixelSize::new(9, 9), 0));
    }
    assert!(backend::read_kept(&ModelId("gone".into()), "{}", &cats()).is_err());
}
