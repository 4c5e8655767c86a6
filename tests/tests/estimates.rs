//! Estimates against the simulator's bill: image mixes, models and recipes whose answers have lengths that the estimator does
//! not know. After a pilot, the input must be right within 2 %, the likely range nine times in ten, and the bound always.

#![expect(clippy::unwrap_used, reason = "a step that cannot be taken fails the test")]
#![expect(clippy::print_stdout, reason = "`make estimates` prints a table")]

use domain::ids::{ImageId, RecipeId};
use domain::model::ModelId;
use domain::money::PicoDollars;
use domain::plan::{ImageSelection, ModelQuote, PlanRequest, RunRequest};
use domain::recipe::{Recipe, Tiling};
use fieldmark_tests::bench::{Bench, COMPLETED, with_concurrency};
use fieldmark_tests::pictures::write_png;
use image::{Rgb, RgbImage};
use simulator::{Eyes, Fault, Ledger, Limits, Options, Protocol, Running, Simulator};

const KEY: &str = "sk-any";
const PILOT: usize = 20;

/// Images of one kind.
struct Mix {
    name: &'static str,
    /// Width and height of the smallest one; each is a few pixels wider than the one before.
    sizes: &'static [(u32, u32)],
    /// Annotations on an image, as often as they occur.
    counts: &'static [u32],
    /// One in this many answers is cut off and requested again.
    cut_off_every: Option<usize>,
    /// How the recipes divide the images.
    tiles: Option<Tiling>,
    /// Whether the recipes check every answer by a second request.
    is_checked: bool,
}

const TILES: Tiling = Tiling { edge: 400, overlap: 20, at_most: 16 };

const MIXES: [Mix; 8] = [
    Mix {
        name: "six objects each, all sizes",
        sizes: &[(200, 150), (640, 480), (1200, 900)],
        counts: &[6],
        cut_off_every: None,
        tiles: None,
        is_checked: false,
    },
    Mix {
        name: "a few objects",
        sizes: &[(640, 480)],
        counts: &[2, 3, 3, 4, 4, 5, 5, 5, 6, 6, 7, 7, 8, 9, 11, 14],
        cut_off_every: None,
        tiles: None,
        is_checked: false,
    },
    Mix {
        name: "some crowded",
        sizes: &[(480, 900)],
        counts: &[1, 1, 2, 2, 3, 3, 4, 5, 6, 7, 8, 10, 12, 15, 21, 40],
        cut_off_every: None,
        tiles: None,
        is_checked: false,
    },
    Mix {
        name: "one or eighteen",
        sizes: &[(900, 300)],
        counts: &[1, 18],
        cut_off_every: None,
        tiles: None,
        is_checked: false,
    },
    Mix {
        name: "mostly empty",
        sizes: &[(320, 240)],
        counts: &[0, 0, 0, 0, 0, 0, 0, 3, 5, 12],
        cut_off_every: None,
        tiles: None,
        is_checked: false,
    },
    Mix {
        name: "some answers cut off",
        sizes: &[(640, 480)],
        counts: &[4, 5, 6, 7, 8, 9],
        cut_off_every: Some(20),
        tiles: None,
        is_checked: false,
    },
    Mix {
        name: "in tiles",
        sizes: &[(640, 480), (300, 1000)],
        counts: &[0, 0, 1, 2, 3, 5],
        cut_off_every: None,
        tiles: Some(TILES),
        is_checked: false,
    },
    Mix {
        name: "located, then checked",
        sizes: &[(640, 480)],
        counts: &[1, 2, 2, 3, 4, 6],
        cut_off_every: None,
        tiles: None,
        is_checked: true,
    },
];

const MODELS: [&str; 6] =
    ["claude-sonnet-5-5", "claude-haiku-5-5", "claude-opus-5-5", "claude-sonnet-4-6", "gpt-6.1-terra", "gpt-4o-mini"];

const RECIPES: [&str; 3] = [
    "red, green, blue",
    "bird: a feathered animal, cat, dog, a person on a bicycle, car",
    "cup, plate, fork, knife, spoon, bowl, bottle, glass, jug, pan, pot, lid, tray, oven, kettle, toaster",
];

/// A plan that was estimated after a pilot, and what it cost.
struct Outcome {
    mix: &'static str,
    /// Whether the pilot was in the likely range that was quoted before it.
    is_pilot_likely: bool,
    is_likely: bool,
    is_within_bound: bool,
    /// The width of the likely range, as a share of what was expected.
    width: f64,
    /// Relative to what was billed.
    input_error: f64,
    cost_error: f64,
}

struct Servers {
    claude: Running,
    chat: Running,
}

impl Servers {
    async fn start(mix: &Mix) -> Self {
        // Limits are not what this is about.
        let limits = Limits { requests_per_minute: 1_000_000, ..Limits::default() };
        let options = Options { eyes: Eyes::Scripted { counts: mix.counts }, limits, ..Options::default() };
        let chat = Options { protocol: Protocol::Chat, ..options.clone() };
        Self { claude: Simulator::start(options).await.unwrap(), chat: Simulator::start(chat).await.unwrap() }
    }

    fn of(&self, model: &str) -> &Running {
        if model.starts_with("claude") { &self.claude } else { &self.chat }
    }

    fn bench(&self) -> Bench {
        let bench = Bench::at(&self.claude.url(), KEY);
        let mut settings = bench.library.settings.stated().unwrap();
        settings.provider_mut("openai").base_url = Some(self.chat.url());
        settings.agreed_hosts.push(self.chat.address().to_string());
        bench.library.settings.replace(&settings).unwrap();
        bench.library.connections.keep_key("openai", None, &KEY.to_owned().into()).unwrap();
        bench
    }
}

fn with_images(bench: &Bench, mix: &Mix, images: usize) {
    for index in 0..images {
        let (width, height) = mix.sizes[index % mix.sizes.len()];
        let wider = u32::try_from(index).unwrap();
        let picture = RgbImage::from_pixel(width + wider, height, Rgb([120, 130, 140]));
        write_png(&picture, &bench.photos().join(format!("{index:03}.png")));
    }
    bench.library.imports.run(&[bench.photos()]).unwrap();
}

async fn recipe_of(bench: &Bench, mix: &Mix, typed: &str) -> RecipeId {
    let saved = bench.library.recipes.save_typed(typed).await.unwrap();
    if mix.tiles.is_none() && !mix.is_checked {
        return saved.id;
    }
    let recipe = Recipe { tiles: mix.tiles, check: mix.is_checked, ..saved.recipe };
    bench.library.recipes.save(recipe, Some(saved.id)).await.unwrap().id
}

fn quoted(bench: &Bench, images: &[ImageId], recipe: RecipeId, model: &str) -> ModelQuote {
    let plan = PlanRequest::of(ImageSelection::Images { ids: images.to_vec() }, recipe);
    let quote = bench.library.planning.quote(&plan).unwrap();
    quote.models.into_iter().find(|row| row.model.id.0 == model).unwrap()
}

/// What was billed for annotating these images: dollars and prompt tokens.
async fn billed(
    bench: &Bench,
    server: &Running,
    mix: &Mix,
    images: &[ImageId],
    recipe: RecipeId,
    model: &str,
) -> (PicoDollars, u64, Option<bool>) {
    let before = server.ledger().billed.len();
    if let Some(every) = mix.cut_off_every {
        server.script(vec![Fault::MaxTokens; images.len() / every]);
    }
    let selection = ImageSelection::Images { ids: images.to_vec() };
    let request =
        RunRequest { options: with_concurrency(8), ..RunRequest::of(selection, recipe, ModelId(model.to_owned())) };
    let run = bench.library.runs.start(&request).await.unwrap();
    assert_eq!(bench.end_of(run).await, COMPLETED);
    let summary = bench.library.history.run(run).unwrap();
    let Ledger { billed, .. } = server.ledger();
    let entries = &billed[before..];
    let cost = PicoDollars(entries.iter().map(|entry| entry.pico_dollars).sum());
    assert_eq!((summary.failed, summary.paid), (0, cost), "{model}, {}", mix.name);
    (cost, entries.iter().map(|entry| entry.usage.prompt_tokens()).sum(), summary.is_cost_likely)
}

#[expect(clippy::cast_precision_loss, reason = "tokens of a run")]
async fn outcome(bench: &Bench, servers: &Servers, mix: &Mix, recipe: RecipeId, model: &str) -> Outcome {
    let mut images: Vec<ImageId> = bench.cards().iter().map(|card| card.id).collect();
    images.sort_unstable();
    let (pilot, rest) = images.split_at(PILOT);
    let server = servers.of(model);
    let (_, _, is_pilot_likely) = billed(bench, server, mix, pilot, recipe, model).await;
    let quote = quoted(bench, rest, recipe, model);
    let (range, basis) = (quote.cost.unwrap(), quote.cost_basis.unwrap());
    let (cost, prompt_tokens, is_cost_likely) = billed(bench, server, mix, rest, recipe, model).await;
    let is_likely = (range.likely_low..=range.likely_high.rounded_up()).contains(&cost);
    assert_eq!(is_cost_likely, Some(is_likely), "the history says the same");
    let (expected, actual) = (range.expected.dollars(), cost.dollars());
    Outcome {
        mix: mix.name,
        is_pilot_likely: is_pilot_likely.unwrap(),
        is_likely,
        is_within_bound: cost <= range.at_most,
        width: (range.likely_high.dollars() - range.likely_low.dollars()) / expected,
        input_error: (basis.image_tokens + basis.text_tokens) as f64 / prompt_tokens as f64 - 1.0,
        cost_error: expected / actual - 1.0,
    }
}

/// Every mix with these pairs of a model and a recipe, and `images` in each plan.
async fn outcomes(images: usize, pairs: impl Fn(usize) -> Vec<(usize, usize)>) -> Vec<Outcome> {
    let mut outcomes = Vec::new();
    for (place, mix) in MIXES.iter().enumerate() {
        let servers = Servers::start(mix).await;
        let bench = servers.bench();
        with_images(&bench, mix, PILOT + images);
        for (model, recipe) in pairs(place) {
            let recipe = recipe_of(&bench, mix, RECIPES[recipe]).await;
            outcomes.push(outcome(&bench, &servers, mix, recipe, MODELS[model]).await);
        }
    }
    outcomes
}

#[expect(clippy::cast_precision_loss, reason = "a hundred plans")]
fn share(outcomes: &[&Outcome], is_so: impl Fn(&Outcome) -> bool) -> f64 {
    outcomes.iter().filter(|outcome| is_so(outcome)).count() as f64 / outcomes.len() as f64
}

fn assert_calibrated(outcomes: &[Outcome]) {
    for Outcome { mix, is_within_bound, input_error, .. } in outcomes {
        assert!(is_within_bound, "{mix}");
        assert!(input_error.abs() <= 0.02, "{mix}: input off by {input_error}");
    }
    let all: Vec<&Outcome> = outcomes.iter().collect();
    let likely = share(&all, |outcome| outcome.is_likely);
    assert!(likely >= 0.9, "{likely} in the likely range:\n{}", table(outcomes));
}

/// A row for each mix.
fn table(outcomes: &[Outcome]) -> String {
    let mut rows =
        "| images | plans | in the likely range | its width | before the pilot | input off by | cost off by |\n\
                    |---|---|---|---|---|---|---|\n"
            .to_owned();
    let names = MIXES.iter().map(|mix| Some(mix.name)).chain([None]);
    for name in names {
        let of_mix: Vec<&Outcome> =
            outcomes.iter().filter(|outcome| name.is_none_or(|name| outcome.mix == name)).collect();
        let most = |of: fn(&Outcome) -> f64| of_mix.iter().map(|outcome| of(outcome).abs()).fold(0.0, f64::max) * 100.0;
        let mut widths: Vec<f64> = of_mix.iter().map(|outcome| outcome.width).collect();
        widths.sort_by(f64::total_cmp);
        let row = format!(
            "| {} | {} | {:.0} % | {:.0} % | {:.0} % | {:.2} % | {:.1} % |\n",
            name.unwrap_or("all"),
            of_mix.len(),
            share(&of_mix, |outcome| outcome.is_likely) * 100.0,
            widths[widths.len() / 2] * 100.0,
            share(&of_mix, |outcome| outcome.is_pilot_likely) * 100.0,
            most(|outcome| outcome.input_error),
            most(|outcome| outcome.cost_error),
        );
        rows.push_str(&row);
    }
    rows
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_pilot_the_likely_range_is_right_nine_times_in_ten() {
    let outcomes = outcomes(30, |mix| vec![(mix % 6, mix % 3), ((mix + 2) % 6, (mix + 1) % 3)]).await;
    assert_calibrated(&outcomes);
}

/// `make estimates` prints the table of docs/performance.md.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes minutes"]
async fn every_mix_model_and_recipe() {
    let all = (0..MODELS.len()).flat_map(|model| (0..RECIPES.len()).map(move |recipe| (model, recipe)));
    let all: Vec<(usize, usize)> = all.collect();
    let outcomes = outcomes(80, |_| all.clone()).await;
    println!("{}", table(&outcomes));
    assert_calibrated(&outcomes);
}
