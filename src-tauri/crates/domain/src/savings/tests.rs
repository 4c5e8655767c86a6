use std::convert::Infallible;

use proptest::prelude::*;

use super::*;

const CENT: u64 = 10_000_000_000;

fn choice() -> PlanChoice {
    PlanChoice {
        model: ModelId("large".into()),
        mode: RunMode::Live,
        propagates_to_similar: false,
        options: RunOptions::default(),
    }
}

fn facts() -> SavingFacts {
    facts_of("large")
}

/// People have reviewed the medium model only.
fn facts_of(model: &str) -> SavingFacts {
    let measured = ModelQuality { decided: 200, accepted: 180 };
    let other = |name: &str| OtherModel {
        id: ModelId(name.to_owned()),
        name: name.to_owned(),
        quality: (name == "medium").then_some(measured),
    };
    let others = ["small", "tiny", "medium", "large", "dear"].into_iter().filter(|name| *name != model);
    SavingFacts {
        name: model.to_owned(),
        has_batches: true,
        takes_several_answers: false,
        near_duplicates: 10,
        examples: 4,
        longest_answer: Some(700),
        takes_effort: true,
        quality: None,
        other_models: others.map(other).collect(),
    }
}

/// Parts that multiply, so that savings do not add up.
#[expect(clippy::unnecessary_wraps, reason = "as an estimate is asked")]
fn estimate(choice: &PlanChoice) -> Result<Option<PlanEstimate>, Infallible> {
    let PlanChoice { model, mode, propagates_to_similar, options } = choice;
    let price = match model.0.as_str() {
        "large" => 20,
        "medium" => 12,
        "small" => 10,
        "tiny" => 5,
        "unpriced" => return Ok(None),
        _ => 40,
    };
    let images = if *propagates_to_similar { 90 } else { 100 };
    let edge = options.longest_edge.unwrap_or(2576).min(2576);
    let examples = u64::from(options.most_examples.unwrap_or(4).min(4));
    let each = price * (u64::from(edge) * u64::from(edge) / 100_000 + 10 * examples + 20);
    let halved = |cost: u64| if *mode == RunMode::Batch { cost / 2 } else { cost };
    let expected = PicoDollars(halved(images * each) * CENT / 1_000);
    let longest = options.max_tokens.map_or(8192 + 4 * 32_768, |tokens| u64::from(tokens) * 5);
    let at_most = expected + PicoDollars(halved(images * price * longest) * CENT / 1_000);
    Ok(Some(PlanEstimate {
        cost: CostRange { likely_low: expected, expected, likely_high: expected, at_most },
        total_millis: (*mode == RunMode::Live).then_some(u32::try_from(images).unwrap() * 1_000),
        longest_edge: edge,
        answer_tokens_limit: options.max_tokens.unwrap_or(8192),
        longer_answer_tokens_limit: options.max_tokens.unwrap_or(32_768),
        caching: PromptCaching { instruction_tokens: 300, least_tokens: 512, is_used: false },
    }))
}

fn of(choice: &PlanChoice, before: Option<&str>) -> Savings {
    let before = before.map(|before| ModelId(before.into()));
    savings(choice, before.as_ref(), &facts_of(&choice.model.0), estimate).unwrap().unwrap()
}

/// The plan once `saving` is made, or taken back.
fn changed(choice: &PlanChoice, before: Option<&str>, saving: &Saving) -> PlanChoice {
    let mut choice = PlanChoice { options: saving.options, ..choice.clone() };
    match (&saving.change, saving.is_applied) {
        (SavingChange::Batch, is_applied) => {
            choice.mode = if is_applied { RunMode::Live } else { RunMode::Batch };
        }
        (SavingChange::SkipSimilar { .. }, is_applied) => choice.propagates_to_similar = !is_applied,
        (SavingChange::CheaperModel { model, .. }, false) => choice.model = model.clone(),
        (SavingChange::CheaperModel { .. }, true) => choice.model = ModelId(before.unwrap().into()),
        _ => {}
    }
    choice
}

fn kinds(savings: &Savings) -> Vec<String> {
    let name = |saving: &Saving| match &saving.change {
        SavingChange::Batch => "batch".to_owned(),
        SavingChange::SkipSimilar { images } => format!("similar {images}"),
        SavingChange::SmallerImages { longest_edge, instead_of } => format!("{longest_edge} px, not {instead_of}"),
        SavingChange::CheaperModel { model, .. } => format!("model {model}"),
        SavingChange::FewerExamples { count, of } => format!("{count} of {of} examples"),
        SavingChange::MaxTokens { tokens, .. } => format!("{tokens} tokens"),
    };
    let each = savings.savings.iter();
    each.map(|saving| format!("{}{}", if saving.is_applied { "! " } else { "" }, name(saving))).collect()
}

#[test]
fn each_change_is_listed_by_what_it_saves_alone() {
    let savings = of(&choice(), None);
    assert_eq!(
        kinds(&savings),
        ["model tiny", "batch", "model medium", "1568 px, not 2576", "2 of 4 examples", "similar 10", "2048 tokens"]
    );
    // 20 x (66 + 40 + 20) x 100, and half of it.
    assert_eq!((savings.cost.expected.0 / CENT, savings.savings[1].expected.0 / CENT), (252, 126));
    assert_eq!(savings.savings[1].longer_millis, None, "how long batches take is not known");
    assert_eq!(savings.savings[5].longer_millis, Some(-10_000));
    let SavingChange::CheaperModel { quality: Some(quality), .. } = &savings.savings[2].change else { panic!() };
    assert_eq!((quality.decided, quality.accepted), (200, 180));
}

#[test]
fn a_lower_output_maximum_only_lowers_the_bound() {
    let savings = of(&choice(), None);
    let last = savings.savings.last().unwrap();
    assert_eq!(last.expected, PicoDollars::ZERO);
    assert!(last.bound.0 > savings.cost.at_most.0 / 2, "{last:?}");
    // Without a history, the usual maximum holds, and no longer answer is asked for.
    let unmeasured = SavingFacts { longest_answer: None, ..facts() };
    let savings = super::savings(&choice(), None, &unmeasured, estimate).unwrap().unwrap();
    assert_eq!(kinds(&savings).last().unwrap(), "8192 tokens");
}

#[test]
fn a_lower_output_maximum_has_room_for_the_longest_answer() {
    let limit = |longest| {
        let facts = SavingFacts { longest_answer: Some(longest), ..facts() };
        let savings = savings(&choice(), None, &facts, estimate).unwrap().unwrap();
        savings.savings.iter().find_map(|saving| match saving.change {
            SavingChange::MaxTokens { tokens, .. } => Some(tokens),
            _ => None,
        })
    };
    // The usual maximum is 8192 tokens, and 32,768 after a cut-off answer.
    assert_eq!(limit(6_000), Some(12_288));
    assert_eq!(limit(9_000), Some(18_432));
    assert_eq!(limit(20_000), None);
}

#[test]
fn what_is_applied_can_be_taken_back_and_the_rest_is_computed_anew() {
    let options = RunOptions { longest_edge: Some(1568), most_examples: Some(2), ..RunOptions::default() };
    let plan = PlanChoice { model: ModelId("tiny".into()), mode: RunMode::Batch, options, ..choice() };
    let savings = of(&plan, Some("large"));
    assert_eq!(
        kinds(&savings),
        [
            "! model tiny",
            "! batch",
            "! 1568 px, not 2576",
            "! 2 of 4 examples",
            "1024 px, not 1568",
            "1 of 4 examples",
            "similar 10",
            "2048 tokens"
        ]
    );
    let back = savings.savings.iter().find(|saving| saving.change == SavingChange::Batch).unwrap();
    // Half of what the plan costs live, as it is otherwise.
    assert_eq!(back.expected, savings.cost.expected);
    assert_eq!(back.changed.expected, savings.cost.expected.times(2));
}

#[test]
fn what_saves_nothing_says_why() {
    let facts = SavingFacts { has_batches: false, takes_effort: false, ..SavingFacts::default() };
    let savings = savings(&choice(), None, &facts, estimate).unwrap().unwrap();
    let too_short = NoSaving::TooShortToCache { instruction_tokens: 300, least_tokens: 512 };
    assert_eq!(savings.without, [too_short, NoSaving::NoEffort, NoSaving::NoBatches]);
    assert_eq!(kinds(&savings), ["1568 px, not 2576", "8192 tokens"]);
    let tiled = SavingFacts { takes_several_answers: true, ..facts.clone() };
    let tiled = super::savings(&choice(), None, &tiled, estimate).unwrap().unwrap();
    assert_eq!(tiled.without[2], NoSaving::NotInBatches);
    let unpriced = PlanChoice { model: ModelId("unpriced".into()), ..choice() };
    assert_eq!(super::savings(&unpriced, None, &facts, estimate).unwrap(), None);
}

proptest! {
    #[test]
    fn what_was_applied_equals_the_estimate_afterwards(turns in prop::collection::vec(any::<prop::sample::Index>(), 0..12)) {
        let (mut plan, mut before) = (choice(), None);
        for turn in turns {
            let savings = of(&plan, before);
            prop_assert_eq!(savings.cost, estimate(&plan).unwrap().unwrap().cost);
            let saving = &savings.savings[turn.index(savings.savings.len())];
            let next = changed(&plan, before, saving);
            let after = estimate(&next).unwrap().unwrap().cost;
            prop_assert_eq!(saving.changed, after);
            let (with, without) = if saving.is_applied { (savings.cost, after) } else { (after, savings.cost) };
            prop_assert_eq!(without.expected.0 - with.expected.0, saving.expected.0);
            if matches!(saving.change, SavingChange::CheaperModel { .. }) {
                before = (!saving.is_applied).then_some(match plan.model.0.as_str() {
                    "large" => "large",
                    "medium" => "medium",
                    "small" => "small",
                    _ => "tiny",
                });
            }
            // Taking back what was just changed leads back.
            let back = of(&next, before);
            let same = |other: &&Saving| {
                std::mem::discriminant(&other.change) == std::mem::discriminant(&saving.change)
                    && other.is_applied != saving.is_applied
            };
            prop_assert!(back.savings.iter().any(|other| same(&other)), "{saving:?}");
            plan = next;
        }
    }
}
