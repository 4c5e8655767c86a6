//! Examples of a recipe, through the real clients over HTTP, against the simulator: they are sent, priced and cached, and
//! the image that is asked about stays the last one.

#![expect(clippy::unwrap_used, reason = "a step that cannot be taken fails the test")]

use std::fs;

use domain::ids::RecipeId;
use domain::model::{ModelId, UnsupportedCapability};
use domain::plan::{ImageSelection, ModelQuote, RunRequest};
use domain::query::ImageQuery;
use domain::recipe::{Recipe, RecipeExample};
use fieldmark_tests::bench::{Bench, COMPLETED};
use fieldmark_tests::pictures::{LABELS, drawing, largest_drift, write_png};
use simulator::{Options, Protocol, Simulator};

const KEY: &str = "sk-planted-0123456789-abcdefghij";

fn quote(bench: &Bench, recipe: RecipeId, model: &str) -> ModelQuote {
    bench.quote_of(recipe).models.into_iter().find(|row| row.model.id.0 == model).unwrap()
}

async fn save(bench: &Bench, name: &str, examples: Vec<RecipeExample>) -> RecipeId {
    let recipe = Recipe { name: name.into(), examples, ..Recipe::find_these(LABELS).unwrap() };
    bench.library.recipes.save_from_file(recipe).await.unwrap().id
}

#[tokio::test(flavor = "multi_thread")]
async fn examples_are_sent_and_priced_before_the_image_that_is_asked_about() {
    for (protocol, provider, model) in [
        (Protocol::Messages, "anthropic", "claude-sonnet-5-5"),
        (Protocol::Chat, "openai", "gpt-6.1-terra"),
        (Protocol::Gemini, "gemini", "gemini-3.8-flash"),
    ] {
        let server = Simulator::start(Options { protocol, ..Options::default() }).await.unwrap();
        let bench = Bench::among(&[]);
        let mut settings = bench.library.settings.stated().unwrap();
        settings.provider_mut(provider).base_url = Some(server.url());
        settings.agreed_hosts.push(server.address().to_string());
        bench.library.settings.replace(&settings).unwrap();
        bench.library.connections.keep_key(provider, None, &KEY.to_owned().into()).unwrap();
        let (picture, drawn) = drawing(1200, 900);
        for index in 0..6 {
            let (width, height) = (1200 + index, 900);
            write_png(&drawing(width, height).0, &bench.photos().join(format!("{index}.png")));
        }
        bench.library.imports.run(&[bench.photos()]).unwrap();

        // The annotations of a plain run become those of an example.
        let plain = save(&bench, "Plain", Vec::new()).await;
        let run = RunRequest::of(ImageSelection::All, plain, ModelId(model.to_owned()));
        let run = bench.library.runs.start(&run).await.unwrap();
        assert_eq!(bench.end_of(run).await, COMPLETED);
        let images = bench.library.images.ids(&ImageQuery::default()).unwrap();
        let recipe = Recipe::find_these(LABELS).unwrap();
        let mut examples = bench.library.examples.from_images(&recipe, &images[..1]).unwrap();
        assert_eq!(examples[0].annotations.len(), 5);
        // A photo outside of the library, without annotations.
        let elsewhere = bench.photos().parent().unwrap().join("elsewhere.png");
        write_png(&picture, &elsewhere);
        let path = Some(elsewhere.to_string_lossy().into_owned());
        examples.push(RecipeExample { path, ..RecipeExample::default() });

        let shown = save(&bench, "Shown", examples).await;
        let (without, with) = (quote(&bench, plain, model), quote(&bench, shown, model));
        assert_eq!((with.example_photos, with.answered_before), (2, 0), "another question");
        let billed_before = server.ledger().billed.len();
        let run = RunRequest::of(ImageSelection::All, shown, ModelId(model.to_owned()));
        let run = bench.library.runs.start(&run).await.unwrap();
        assert_eq!(bench.end_of(run).await, COMPLETED);
        let summary = bench.library.history.run(run).unwrap();
        let (expected, bound) = (with.cost.unwrap().expected, with.cost.unwrap().at_most);
        assert!(summary.paid <= bound, "{} of {}", summary.paid, bound);
        assert!(expected > without.cost.unwrap().expected);

        // The server's own count: the tokens of two more photos and their answers with every image.
        let ledger = server.ledger();
        let input = |entries: &[simulator::Entry]| entries.iter().map(|entry| entry.usage.prompt_tokens()).sum::<u64>();
        let (before, after) = ledger.billed.split_at(billed_before);
        let added = input(after) - input(before);
        let estimated = with.cost_basis.unwrap().text_tokens - without.cost_basis.unwrap().text_tokens;
        assert!(added.abs_diff(estimated) * 20 < added * 3, "{model}: {estimated} estimated, {added} billed");
        if provider == "anthropic" {
            let read: u64 = after.iter().map(|entry| entry.usage.cache_read_tokens).sum();
            assert!(read > added / 2, "examples are read from the cache: {read} of {added}");
        }
        assert_eq!(ledger.refused, []);
        for card in bench.cards().iter().filter(|card| card.size.width == 1200) {
            let mut card = card.clone();
            card.annotations.retain(|annotation| annotation.origin.run() == Some(run));
            // A pixel as sent, or a thousandth.
            assert!(largest_drift(&card, &drawn) <= 1.3, "{}", card.name);
        }

        // A photo that is gone is named before anything is sent.
        fs::remove_file(&elsewhere).unwrap();
        let gone = quote(&bench, shown, model);
        let photos = gone.unsupported_capabilities.iter().find_map(|unsupported| match unsupported {
            UnsupportedCapability::ExamplePhotos { details } => Some(details.join("; ")),
            _ => None,
        });
        assert!(!gone.can_run && photos.unwrap().contains("elsewhere.png"));
        let run = RunRequest::of(ImageSelection::All, shown, ModelId(model.to_owned()));
        let refused = bench.library.runs.start(&run).await.unwrap_err().to_string();
        assert!(refused.starts_with("the photo of example 2 cannot be used: ") && refused.contains("elsewhere.png"));
        assert_eq!(server.ledger().billed.len(), ledger.billed.len());
        server.stop().await;
    }
}
