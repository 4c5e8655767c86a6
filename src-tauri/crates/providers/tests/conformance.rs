//! Requirements on every provider: those in the registry, the scripted one, and a minimal toy.

#![expect(clippy::unwrap_used, reason = "a test")]

#[path = "conformance/toy.rs"]
mod toy;

use std::collections::HashSet;
use std::sync::Arc;

use bytes::Bytes;
use domain::calendar::CalendarDate;
use domain::connection::FieldKind;
use domain::geometry::PixelSize;
use domain::recipe::{Attribute, AttributeKind, AttributeSubject, Recipe, builtin};
use domain::settings::ModelSettings;
use providers::base_url::{BaseUrl, Key};
use providers::catalog::ModelSpec;
use providers::parse::AnswerError;
use providers::price::Terms;
use providers::provider::{ConnectError, ConnectionOptions, Endpoint, EndpointConfig, Host, PreparedModel, Provider};
use providers::request::{Encoding, MediaType, Picture, PictureError, RecipeError, Request, RequestOptions};
use providers::retry::RetryAction;

/// The tested providers, one line each.
fn providers() -> Vec<&'static dyn Provider> {
    let mut providers = providers::registry::all().to_vec();
    #[cfg(feature = "scripted")]
    providers.push(&providers::scripted::Scripted);
    providers.push(&toy::Toy);
    providers
}

fn recipes() -> Vec<Recipe> {
    let mut recipes = builtin::all();
    recipes.push(Recipe::find_these("cat, traffic light").unwrap());
    recipes.push(Recipe {
        name: "Sharpness".into(),
        labels: Vec::new(),
        shapes: Vec::new(),
        attributes: vec![Attribute {
            name: "is sharp".into(),
            definition: String::new(),
            kind: AttributeKind::YesNo,
            is_required: true,
            of: AttributeSubject::Image,
        }],
        ..Recipe::find_these("nothing").unwrap()
    });
    recipes
}

/// The models of a provider: those of its catalogue, or one that a user describes.
fn models_of(provider: &dyn Provider) -> Vec<Arc<ModelSpec>> {
    let described = provider.described(&ModelSettings::new("qwen3-vl:8b")).map(Arc::new);
    provider.catalog().models.iter().cloned().chain(described).collect()
}

/// Every model of every provider.
fn models() -> impl Iterator<Item = (&'static dyn Provider, Arc<ModelSpec>)> {
    providers().into_iter().flat_map(|provider| models_of(provider).into_iter().map(move |model| (provider, model)))
}

/// Every model, prepared for every recipe that it supports.
fn prepared() -> impl Iterator<Item = (String, Arc<dyn PreparedModel>)> {
    models().flat_map(|(provider, model)| {
        let offered = model.offered_at(server("https://host.example").destination(), CalendarDate::new(2026, 11, 30));
        let able = recipes().into_iter().filter(move |recipe| offered.can_run(recipe));
        able.map(move |recipe| {
            let prepared = provider.prepare(&model, &recipe, RequestOptions::default()).unwrap();
            (format!("{}, {}", model.id, recipe.name), prepared)
        })
    })
}

fn server(base_url: &str) -> BaseUrl {
    BaseUrl::parse(base_url).unwrap()
}

fn picture(prepared: &dyn PreparedModel, original: PixelSize) -> Picture {
    let size = prepared.model().image_rule.sent_size(original);
    let media_type = match prepared.encoding() {
        Encoding::Rgb => MediaType::Rgb,
        Encoding::Jpeg { .. } => MediaType::Jpeg,
    };
    Picture { size, media_type, bytes: Bytes::from_static(b"picture") }
}

/// An endpoint of the first model at `base_url`, where nothing listens.
fn endpoint(provider: &dyn Provider, base_url: &str) -> Arc<dyn Endpoint> {
    let server = server(base_url);
    let key = Key::for_server("sk-any", &server).ok();
    let connection = EndpointConfig { server: Some((server, key)), options: ConnectionOptions::default() };
    provider.connect(&models_of(provider)[0], connection).unwrap()
}

#[test]
fn descriptors_say_what_settings_and_people_need() {
    let (mut ids, mut variables) = (HashSet::new(), HashSet::new());
    for provider in providers() {
        let descriptor = provider.descriptor();
        let id = descriptor.id;
        assert!(ids.insert(id), "{id} is there twice");
        assert!(
            !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        );
        assert!(!descriptor.name.is_empty(), "{id}");
        assert!(descriptor.documentation_url.is_none_or(|url| url.starts_with("https://")), "{id}");
        for field in descriptor.fields {
            assert!(variables.insert(field.variable), "{id}: {} is another field's", field.variable);
            assert!(field.variable.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_'), "{}", field.variable);
        }
        match descriptor.host {
            Host::ThisComputer => assert!(descriptor.fields.is_empty(), "{id} needs no connection"),
            Host::Server { .. } | Host::Regions { .. } => {
                BaseUrl::parse(&descriptor.vendor_url()).unwrap();
                let has_regions = matches!(descriptor.host, Host::Regions { .. });
                assert_eq!(descriptor.variable(FieldKind::Region).is_some(), has_regions, "{id}");
                assert!(descriptor.variable(FieldKind::Key).is_some(), "{id} has no key");
            }
        }
    }
}

#[test]
fn catalogues_are_complete() {
    let mut ids = HashSet::new();
    for provider in providers() {
        let catalog = provider.catalog();
        let id = provider.descriptor().id;
        if catalog.models.is_empty() {
            assert_eq!((models_of(provider).len(), catalog.prices_as_of), (1, None), "{id} has no models");
            continue;
        }
        let default = catalog.find(&catalog.default_model).unwrap_or_else(|| panic!("{id} has no default model"));
        assert!(!default.is_legacy && default.retires.is_none(), "{id}");
        let has_prices = catalog.models.iter().any(|model| !model.price.is_free());
        assert_eq!(catalog.prices_as_of.is_some(), has_prices, "{id}");
    }
    for (_, model) in models() {
        assert!(ids.insert(model.id.clone()), "{} is there twice", model.id);
        assert!(!model.name.is_empty() && !model.shapes.is_empty(), "{}", model.id);
        assert!(model.price.is_free() || model.max_output_tokens > 0, "{}", model.id);
    }
}

#[test]
fn every_picture_is_sent_in_a_size_that_the_model_looks_at() {
    for (_, model) in models() {
        for original in [(1, 1), (64, 48), (640, 480), (6000, 4000), (4000, 6000), (20_000, 3)] {
            let original = PixelSize::new(original.0, original.1);
            let sent = model.image_rule.sent_size(original);
            assert!(model.image_rule.fits(sent), "{}: {original:?} is sent as {sent:?}", model.id);
            assert!(sent.width <= original.width && sent.height <= original.height && sent.area() > 0);
            assert_eq!(model.image_rule.sent_size(sent), sent, "{}", model.id);
        }
    }
}

#[test]
fn the_same_question_is_the_same_and_another_is_another() {
    let mut parts = HashSet::new();
    for (name, prepared) in prepared() {
        assert!(parts.insert(prepared.fixed_part()), "{name}: as another");
    }
    for (provider, model) in models() {
        let recipe = Recipe::find_these("cat").unwrap();
        let part = |options| provider.prepare(&model, &recipe, options).unwrap().fixed_part();
        let short = RequestOptions { max_output_tokens: Some(1), ..RequestOptions::BATCH };
        assert_eq!(part(RequestOptions::default()), part(short), "{}: an answer that is whole is the same", model.id);
    }
}

#[test]
fn bounds_hold() {
    let original = PixelSize::new(3000, 2000);
    for (name, prepared) in prepared() {
        let model = prepared.model();
        let sent = model.image_rule.sent_size(original);
        assert!(prepared.max_output_tokens() <= model.max_output_tokens, "{name}");
        let likely = prepared.likely_when_cached(sent, prepared.max_output_tokens());
        let bound = prepared.upper_bound(sent);
        assert!(
            likely.prompt_tokens() <= bound.prompt_tokens() && likely.output_tokens <= bound.output_tokens,
            "{name}"
        );
        assert!(model.can_use(&likely), "{name}");
        assert!(model.price.cost(likely, Terms::LIST) <= prepared.worst_case(sent, 0, Terms::LIST), "{name}");
        assert!(prepared.likely_prefix_tokens() <= prepared.likely_text_tokens(sent), "{name}");
        assert_eq!(model.price.is_free(), prepared.prompt_text().is_empty(), "{name}: words are paid for");
        let mut longest = prepared.max_output_tokens();
        let mut longer = prepared.with_longer_answers();
        while let Some(next) = longer {
            assert!((longest + 1..=model.max_output_tokens).contains(&next.max_output_tokens()), "{name}");
            assert_eq!(next.fixed_part(), prepared.fixed_part(), "{name}");
            (longest, longer) = (next.max_output_tokens(), next.with_longer_answers());
        }
    }
}

#[test]
fn answers_are_no_longer_than_the_user_wants() {
    let recipe = Recipe::find_these("cat").unwrap();
    for (provider, model) in models().filter(|(_, model)| model.max_output_tokens > 0) {
        let options = RequestOptions { max_output_tokens: Some(100), ..RequestOptions::default() };
        let prepared = provider.prepare(&model, &recipe, options).unwrap();
        assert_eq!(prepared.max_output_tokens(), 100, "{}", model.id);
        assert!(prepared.with_longer_answers().is_none(), "{}", model.id);
    }
}

#[test]
fn requests_hold_the_picture_that_was_given_or_none() {
    for (name, prepared) in prepared() {
        let picture = picture(&*prepared, PixelSize::new(640, 480));
        let request = prepared.request(&picture).unwrap();
        assert_eq!(
            (request.sent(), request.max_output_tokens()),
            (picture.size, prepared.max_output_tokens()),
            "{name}"
        );
        assert!(request.byte_count() >= picture.bytes.len(), "{name}");
        let empty = Picture { bytes: Bytes::new(), ..picture.clone() };
        assert_eq!(prepared.request(&empty).unwrap_err(), PictureError::Empty, "{name}");
        let size = PixelSize::new(60_000, 60_000);
        assert_eq!(
            prepared.request(&Picture { size, ..picture }).unwrap_err(),
            PictureError::TooLarge { size },
            "{name}"
        );
    }
    for (provider, model) in models() {
        let nothing = Recipe { labels: Vec::new(), ..Recipe::find_these("cat").unwrap() };
        let refused = provider.prepare(&model, &nothing, RequestOptions::default()).unwrap_err();
        assert_eq!(refused, RecipeError::NoLabels, "{}", model.id);
    }
}

#[test]
fn a_key_goes_to_its_own_server() {
    for provider in providers() {
        let model = &models_of(provider)[0];
        let connect =
            |server| provider.connect(model, EndpointConfig { server, options: ConnectionOptions::default() });
        assert!(matches!(connect(None), Err(ConnectError::NoServer)), "{}", provider.descriptor().id);
        let (own, other) = (server("https://own.example"), server("https://other.example"));
        let key = Key::for_server("sk-planted", &own).unwrap();
        let refused = connect(Some((other, Some(key.clone())))).unwrap_err();
        assert!(matches!(refused, ConnectError::KeyOfAnotherServer { .. }), "{refused}");
        let endpoint = connect(Some((own.clone(), Some(key)))).unwrap();
        assert_eq!(endpoint.base_url(), Some(&own));
        assert_eq!(endpoint.batches().is_some(), provider.descriptor().capabilities.batches);
        assert!(!format!("{endpoint:?}").contains("planted"));
    }
}

#[tokio::test]
async fn what_cannot_be_sent_or_does_not_arrive_costs_nothing_and_is_tried_again() {
    for provider in providers() {
        let id = provider.descriptor().id;
        let endpoint = endpoint(provider, "http://127.0.0.1:1");
        let foreign = Request::new(PixelSize::new(9, 9), 1, 1, "of another provider");
        let unsent = endpoint.send(&foreign, &mut |_| ()).await.unwrap_err();
        assert!(!unsent.may_be_billed(), "{id}: {unsent}");
        let model = &models_of(provider)[0];
        let recipe = Recipe::find_these("cat").unwrap();
        let prepared = provider.prepare(model, &recipe, RequestOptions::default()).unwrap();
        let request = prepared.request(&picture(&*prepared, PixelSize::new(640, 480))).unwrap();
        let unreached = endpoint.send(&request, &mut |_| ()).await.unwrap_err();
        assert!(!unreached.may_be_billed(), "{id}: {unreached}");
        assert!(matches!(unreached.action(), RetryAction::Retry { .. }), "{id}: {unreached}");
    }
}

#[test]
fn nonsense_is_neither_an_answer_nor_a_preview() {
    let (recipe, sent) = (Recipe::find_these("cat").unwrap(), PixelSize::new(100, 100));
    for provider in providers() {
        for kept in ["", "{}", "[]", "null", "cat"] {
            assert!(matches!(provider.read(kept, &recipe), Err(AnswerError::Unreadable { .. })), "{kept}");
            assert_eq!(provider.preview(&models_of(provider)[0], kept, &recipe, sent), [], "{kept}");
        }
    }
}
