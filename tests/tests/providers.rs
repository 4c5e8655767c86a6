//! Two providers side by side: each has its own server, key and limits, and no key is ever sent to the other's server.

#![expect(clippy::unwrap_used, reason = "a step that cannot be taken fails the test")]

use std::collections::HashSet;
use std::sync::{Arc, LazyLock, Once};

use domain::answer::{Answer, AnsweredAnnotation};
use domain::connection::{ConnectionCheck, FieldKind, KeyPlace};
use domain::geometry::PixelSize;
use domain::model::Unavailable;
use domain::recipe::Recipe;
use fieldmark_tests::bench::{Bench, COMPLETED};
use fieldmark_tests::pictures::{drawing, write_png};
use providers::catalog::{Catalog, ModelSpec};
use providers::parse::AnswerError;
use providers::provider::{
    Capabilities, ConnectError, ConnectionField, Descriptor, Endpoint, EndpointConfig, Host, PreparedModel, Provider,
};
use providers::registry;
use providers::request::{RecipeError, RequestOptions};
use simulator::{Keys, Options, Running, Simulator};

const FIRST: &str = "anthropic";
const SECOND: &str = "second";
const FIRST_MODEL: &str = "claude-sonnet-5-5";
const SECOND_MODEL: &str = "second-model";
const FIRST_KEY: &str = "sk-first-0123456789-abcdefghij";
const SECOND_KEY: &str = "sk-second-9876543210-jihgfedcba";

static DESCRIPTOR: Descriptor = Descriptor {
    id: SECOND,
    name: "Second",
    documentation_url: None,
    host: Host::Server { base_url: "https://second.example" },
    fields: &[
        ConnectionField { kind: FieldKind::Key, variable: "SECOND_API_KEY", is_required: true },
        ConnectionField { kind: FieldKind::BaseUrl, variable: "SECOND_BASE_URL", is_required: false },
    ],
    capabilities: Capabilities { batches: false, discovery: true, resells: false },
};

static CATALOG: LazyLock<Catalog> = LazyLock::new(|| {
    let model = ModelSpec { id: SECOND_MODEL.into(), name: "Second model".into(), ..known().as_ref().clone() };
    Catalog { prices_as_of: None, default_model: SECOND_MODEL.into(), models: vec![Arc::new(model)] }
});

/// The model of the default provider that the second provider's model copies.
fn known() -> &'static Arc<ModelSpec> {
    registry::default().catalog().find(FIRST_MODEL).unwrap()
}

/// Another vendor with the protocol of the default provider.
struct Second;

impl Provider for Second {
    fn descriptor(&self) -> &Descriptor {
        &DESCRIPTOR
    }

    fn catalog(&self) -> &Catalog {
        &CATALOG
    }

    fn prepare(
        &self,
        _model: &Arc<ModelSpec>,
        recipe: &Recipe,
        options: RequestOptions,
    ) -> Result<Arc<dyn PreparedModel>, RecipeError> {
        registry::default().prepare(known(), recipe, options)
    }

    fn connect(&self, _model: &ModelSpec, config: EndpointConfig) -> Result<Arc<dyn Endpoint>, ConnectError> {
        registry::default().connect(known(), config)
    }

    fn read(&self, kept: &str, recipe: &Recipe) -> Result<Answer, AnswerError> {
        registry::default().read(kept, recipe)
    }

    fn preview(&self, model: &ModelSpec, text: &str, recipe: &Recipe, sent: PixelSize) -> Vec<AnsweredAnnotation> {
        registry::default().preview(model, text, recipe, sent)
    }
}

/// A server that accepts only this key.
async fn server_of(key: &str) -> Running {
    static ADDED: Once = Once::new();
    ADDED.call_once(|| registry::add_for_tests(&[&Second]));
    let keys = Keys { accepted: Some(HashSet::from([key.to_owned()])), ..Keys::default() };
    Simulator::start(Options { keys, ..Options::default() }).await.unwrap()
}

fn with_pictures(bench: &Bench) {
    for index in 0..3 {
        let (picture, _) = drawing(320 + index, 240);
        write_png(&picture, &bench.photos().join(format!("{index}.png")));
    }
    bench.library.imports.run(&[bench.photos()]).unwrap();
}

async fn annotate(bench: &Bench, model: &str) {
    let run = bench.start(model).await;
    assert_eq!(bench.end_of(run).await, COMPLETED, "{model}");
    assert_eq!(bench.library.history.run(run).unwrap().done, 3);
}

/// Neither server has refused a key, so no key was sent to the wrong server.
async fn each_got_its_own_key(servers: [Running; 2]) {
    for server in servers {
        let ledger = server.stop().await;
        assert!(ledger.refused.is_empty() && ledger.billed.len() == 3, "{:?}", ledger.refused);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_providers_work_side_by_side_with_keys_from_the_environment() {
    let (first, second) = (server_of(FIRST_KEY).await, server_of(SECOND_KEY).await);
    let bench = Bench::among(&[
        ("ANTHROPIC_BASE_URL", &first.url()),
        ("ANTHROPIC_API_KEY", FIRST_KEY),
        ("SECOND_BASE_URL", &second.url()),
        ("SECOND_API_KEY", SECOND_KEY),
    ]);
    with_pictures(&bench);
    for server in [&first, &second] {
        bench.library.settings.agree_to(&server.address().to_string()).unwrap();
    }
    annotate(&bench, FIRST_MODEL).await;
    annotate(&bench, SECOND_MODEL).await;
    each_got_its_own_key([first, second]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_providers_work_side_by_side_with_addresses_and_entered_keys_of_their_own() {
    let (first, second) = (server_of(FIRST_KEY).await, server_of(SECOND_KEY).await);
    let bench = Bench::among(&[]);
    with_pictures(&bench);
    let mut settings = bench.library.settings.stated().unwrap();
    for (id, server) in [(FIRST, &first), (SECOND, &second)] {
        settings.provider_mut(id).base_url = Some(server.url());
        settings.agreed_hosts.push(server.address().to_string());
    }
    settings.provider_mut(SECOND).name = Some("The other one".into());
    settings.provider_mut(SECOND).limits.requests = Some(6_000);
    bench.library.settings.replace(&settings).unwrap();

    let connections = &bench.library.connections;
    connections.keep_key(FIRST, None, &FIRST_KEY.to_owned().into()).unwrap();
    let unavailable = |model: &str| {
        bench
            .library
            .planning
            .models()
            .unwrap()
            .into_iter()
            .find(|offered| offered.model.id.0 == model)
            .unwrap()
            .unavailable
    };
    assert_eq!(unavailable(FIRST_MODEL), None);
    assert!(matches!(unavailable(SECOND_MODEL), Some(Unavailable::NoKey { .. })), "{:?}", unavailable(SECOND_MODEL));
    assert_eq!(connections.check(SECOND).await.unwrap(), ConnectionCheck::NoKey);

    let overview = connections.keep_key(SECOND, None, &SECOND_KEY.to_owned().into()).unwrap();
    let with_key = overview.connections.iter().filter(|connection| connection.key.is_some());
    let keys: Vec<_> = with_key.map(|connection| (connection.name.as_str(), connection.key)).collect();
    assert_eq!(keys, [("Anthropic", Some(KeyPlace::Session)), ("The other one", Some(KeyPlace::Session))]);
    assert!(matches!(connections.check(FIRST).await.unwrap(), ConnectionCheck::Works { .. }));
    annotate(&bench, FIRST_MODEL).await;
    annotate(&bench, SECOND_MODEL).await;
    connections.forget_key(FIRST, None).unwrap();
    assert!(matches!(unavailable(FIRST_MODEL), Some(Unavailable::NoKey { .. })));
    assert_eq!(unavailable(SECOND_MODEL), None, "the other key is still there");
    each_got_its_own_key([first, second]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_key_follows_an_address_that_is_set_for_another_provider() {
    let (first, second) = (server_of(FIRST_KEY).await, server_of(SECOND_KEY).await);
    let bench = Bench::among(&[
        ("ANTHROPIC_BASE_URL", &first.url()),
        ("ANTHROPIC_API_KEY", FIRST_KEY),
        ("SECOND_API_KEY", SECOND_KEY),
        ("SHARED_KEY", SECOND_KEY),
    ]);
    let mut settings = bench.library.settings.stated().unwrap();
    // The second provider at the server of the first: neither key is for that.
    settings.provider_mut(SECOND).base_url = Some(first.url());
    settings.agreed_hosts.extend([first.address().to_string(), second.address().to_string()]);
    bench.library.settings.replace(&settings).unwrap();
    let connections = &bench.library.connections;
    let withheld = || match connections.shown().unwrap().connections.pop().unwrap() {
        connection if connection.key.is_none() => connection.key_withheld.unwrap(),
        connection => panic!("{connection:?}"),
    };
    assert!(withheld().contains("belongs to https://second.example and is not sent to"), "{}", withheld());
    assert!(matches!(connections.check(SECOND).await.unwrap(), ConnectionCheck::Unusable { .. }));

    // Nor through the name of the other's variable.
    settings.provider_mut(SECOND).key_env = Some("ANTHROPIC_API_KEY".into());
    bench.library.settings.replace(&settings).unwrap();
    assert!(withheld().contains("ANTHROPIC_API_KEY is used by the connection to Anthropic"), "{}", withheld());

    // A variable that is named for two servers is used for neither.
    settings.provider_mut(FIRST).key_env = Some("SHARED_KEY".into());
    settings.provider_mut(FIRST).base_url = Some(second.url());
    settings.provider_mut(SECOND).key_env = Some("SHARED_KEY".into());
    bench.library.settings.replace(&settings).unwrap();
    assert!(withheld().contains("SHARED_KEY is used by several providers"), "{}", withheld());
    assert!(matches!(connections.check(SECOND).await.unwrap(), ConnectionCheck::Unusable { .. }));

    // A variable of its own is used.
    settings.provider_mut(FIRST).key_env = None;
    settings.provider_mut(SECOND).base_url = Some(second.url());
    bench.library.settings.replace(&settings).unwrap();
    let second_key = connections.shown().unwrap().connections.pop().unwrap().key;
    assert_eq!(second_key, Some(KeyPlace::Variable));
    for server in [first, second] {
        assert!(server.stop().await.refused.is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_set_beside_an_address_does_not_follow_another_one() {
    let (set, given) = (server_of(FIRST_KEY).await, server_of(FIRST_KEY).await);
    let bench = Bench::among(&[("ANTHROPIC_BASE_URL", &given.url()), ("WORK_KEY", FIRST_KEY)]);
    with_pictures(&bench);
    let offered =
        || bench.library.planning.models().unwrap().into_iter().find(|row| row.model.id.0 == FIRST_MODEL).unwrap();
    let mut settings = bench.library.settings.stated().unwrap();
    let own = settings.provider_mut(FIRST);
    (own.base_url, own.key_env, own.price_percent) = (Some(set.url()), Some("WORK_KEY".into()), 50);
    settings.agreed_hosts.extend([set.address().to_string(), given.address().to_string()]);
    bench.library.settings.replace(&settings).unwrap();

    let connection = bench.library.connections.shown().unwrap().connections.remove(0);
    assert_eq!((connection.base_url, connection.key), (given.url(), None));
    let withheld = connection.key_withheld.unwrap();
    assert!(withheld.contains(&format!("the key in WORK_KEY belongs to {}", set.url())), "{withheld}");
    assert!(matches!(offered().unavailable, Some(Unavailable::Unusable { .. })), "{:?}", offered().unavailable);
    assert!(given.stop().await.refused.is_empty() && set.stop().await.billed.is_empty(), "nothing was sent");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_price_holds_for_the_address_that_it_is_set_for_alone() {
    let (set, given) = (server_of(FIRST_KEY).await, server_of(FIRST_KEY).await);
    let bench = Bench::among(&[("ANTHROPIC_BASE_URL", &given.url()), ("ANTHROPIC_API_KEY", FIRST_KEY)]);
    with_pictures(&bench);
    let most = |base_url: String| {
        let mut settings = bench.library.settings.stated().unwrap();
        let own = settings.provider_mut(FIRST);
        (own.base_url, own.price_percent) = (Some(base_url), 50);
        settings.agreed_hosts = vec![given.address().to_string()];
        bench.library.settings.replace(&settings).unwrap();
        let quote = bench.quote(0);
        quote.models.into_iter().find(|row| row.model.id.0 == FIRST_MODEL).unwrap().cost.unwrap().at_most.0
    };
    let (at_list_price, at_half) = (most(set.url()), most(given.url()));
    assert!(at_half > 0 && at_list_price.abs_diff(2 * at_half) <= 20_000_000_000, "{at_list_price} and {at_half}");
    given.stop().await;
    set.stop().await;
}
