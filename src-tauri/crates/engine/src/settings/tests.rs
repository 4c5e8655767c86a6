//! Changes to the settings file by people, the window and other processes.

use std::fs;

use domain::settings::ModelSettings;
use serde_json::Value;

use super::file::{TEMPLATE, read, write};
use super::*;
use crate::Library;

/// The default provider.
const PROVIDER: &str = "anthropic";
fn saved(path: &Path, change: impl FnOnce(&mut Settings)) -> String {
    let mut settings = read(path, None).unwrap();
    change(&mut settings);
    write(path, &settings).unwrap();
    assert_eq!(read(path, None).unwrap(), settings);
    fs::read_to_string(path).unwrap()
}

#[test]
fn the_window_changes_what_was_changed_and_leaves_the_rest_of_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(SETTINGS_FILE);
    fs::write(&path, "is_local_only = true # by order\n\n[run]\n# Slow line.\ntask_timeout_ms = 90000\n").unwrap();
    let written = saved(&path, |settings| {
        settings.run.max_tokens = Some(900);
        settings.agreed_hosts.push("api.anthropic.com".into());
        settings.provider_mut(PROVIDER).limits.requests = Some(50);
    });
    assert!(written.contains("is_local_only = true # by order"), "{written}");
    assert!(written.contains("# Slow line.\ntask_timeout_ms = 90000"), "{written}");
    assert!(!written.contains("retry_attempts"), "what was not changed stays out: {written}");
    let written = saved(&path, |settings| {
        settings.run.max_tokens = None;
        settings.is_local_only = false;
    });
    assert!(!written.contains("max_tokens"), "{written}");
    assert!(written.contains("is_local_only = false # by order"), "{written}");
}

#[test]
fn changes_that_are_made_at_the_same_time_are_all_kept() {
    let folder = tempfile::tempdir().unwrap();
    let library = Library::alone_in(folder.path());
    let seen = library.settings.stated().unwrap();
    // Separate handles to the same library, as separate processes have.
    std::thread::scope(|scope| {
        for number in 0..12_u32 {
            let other = Library::alone_in(folder.path());
            let seen = seen.clone();
            scope.spawn(move || {
                other.settings.agree_to(&format!("host-{number}.example")).unwrap();
                let mut wanted = seen.clone();
                match number {
                    0 => wanted.run.retry_attempts = 7,
                    1 => wanted.provider_mut(PROVIDER).limits.requests = Some(50),
                    2 => wanted.hooks.after_run = Some("true".into()),
                    _ => wanted.agreed_hosts.push(format!("window-{number}.example")),
                }
                other.settings.change(&seen, &wanted).unwrap();
            });
        }
    });
    let settings = library.settings.stated().unwrap();
    assert_eq!((settings.run.retry_attempts, settings.providers[0].limits.requests), (7, Some(50)));
    assert_eq!(settings.hooks.after_run.as_deref(), Some("true"));
    assert_eq!(settings.agreed_hosts.len(), 12 + 9, "{:?}", settings.agreed_hosts);
}

#[test]
fn the_window_keeps_what_was_written_by_hand_since_it_looked() {
    let folder = tempfile::tempdir().unwrap();
    let library = Library::alone_in(folder.path());
    let path = library.settings.path();
    let provider = "[[providers]]\nid = \"anthropic\"\n";
    let endpoint = |name: &str| {
        format!("[[providers.endpoints]] # {name}'s\nname = \"{name}\"\nbase_url = \"https://{name}.example\"\n")
    };
    let by_hand =
        format!("agreed_hosts = [\"a\", \"b\"] # mine\n\n{provider}\n{}\n{}", endpoint("one"), endpoint("two"));
    fs::write(&path, by_hand).unwrap();
    let seen = library.settings.stated().unwrap();
    let since = format!(
        "agreed_hosts = [\"a\", \"b\", \"c\"] # mine\n\n[run]\nretry_attempts = 9 # slow line\n\n{provider}\n{}\n{}\n{}",
        endpoint("one").replace("one.example", "moved.example"),
        endpoint("two"),
        endpoint("three")
    );
    fs::write(&path, since).unwrap();
    let mut wanted = seen.clone();
    wanted.is_local_only = true;
    wanted.agreed_hosts.retain(|host| host != "a");
    wanted.providers[0].endpoints[1].price_percent = 50;
    let told = library.settings.change(&seen, &wanted).unwrap();
    assert_eq!(library.settings.stated().unwrap(), told);
    assert_eq!((told.is_local_only, told.run.retry_attempts), (true, 9));
    assert_eq!(told.agreed_hosts, ["b", "c"]);
    let endpoints: Vec<_> = told.endpoints().map(|set| (set.base_url.as_str(), set.price_percent)).collect();
    assert_eq!(
        endpoints,
        [("https://moved.example", 100), ("https://two.example", 50), ("https://three.example", 100)]
    );
    let written = fs::read_to_string(&path).unwrap();
    assert!(written.contains("# mine") && written.contains("retry_attempts = 9 # slow line"), "{written}");
    for comment in ["# one's", "# two's", "# three's"] {
        assert!(written.contains(comment), "{written}");
    }
}

#[test]
fn two_endpoints_of_one_name_lose_no_change_and_no_third_gets_it() {
    let folder = tempfile::tempdir().unwrap();
    let library = Library::alone_in(folder.path());
    let path = library.settings.path();
    let endpoint =
        |host: &str| format!("[[providers.endpoints]]\nname = \"twin\"\nbase_url = \"https://{host}.example\"\n");
    let by_hand = format!("[[providers]]\nid = \"anthropic\"\n{}\n{}", endpoint("one"), endpoint("two"));
    fs::write(&path, &by_hand).unwrap();
    let seen = library.settings.stated().unwrap();
    let prices = |settings: &Settings| -> Vec<_> {
        settings.endpoints().map(|set| (set.base_url.clone(), set.price_percent)).collect()
    };
    let expected = |[one, two]: [u16; 2]| {
        [("https://one.example".to_owned(), one), ("https://two.example".to_owned(), two)].to_vec()
    };

    let mut wanted = seen.clone();
    wanted.providers[0].endpoints[1].price_percent = 50;
    let mut now = seen.clone();
    now.providers[0].endpoints[0].price_percent = 70;
    assert_eq!(prices(&merged(&seen, &wanted, &now).unwrap()), expected([70, 50]));
    let refusal = library.settings.change(&seen, &wanted).unwrap_err().to_string();
    assert!(refusal.contains("two endpoints are called \"twin\""), "{refusal}");
    assert_eq!(fs::read_to_string(&path).unwrap(), by_hand);

    // Everything but the endpoints can be changed, and so can the name.
    let mut elsewhere = seen.clone();
    elsewhere.is_local_only = true;
    assert!(library.settings.change(&seen, &elsewhere).unwrap().is_local_only);
    wanted.providers[0].endpoints[1].name = "other".into();
    let told = library.settings.change(&seen, &wanted).unwrap();
    assert_eq!((prices(&told), told.is_local_only), (expected([100, 50]), true));
    let seen = told;
    let mut wanted = seen.clone();
    wanted.providers[0].endpoints[0].name = "other".into();
    assert!(library.settings.change(&seen, &wanted).is_err());
    assert_eq!(library.settings.stated().unwrap(), seen);
}

#[test]
fn a_new_file_explains_every_key_and_says_what_holds_without_it() {
    assert_eq!(read(Path::new("/nonexistent/settings.toml"), None).unwrap(), Settings::default());
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(SETTINGS_FILE);
    write(&path, &Settings::default()).unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), TEMPLATE);
    assert_eq!(read(&path, None).unwrap(), Settings::default());

    // The template has every key, and sets it to its default.
    let keys = TEMPLATE.lines().map(|line| line.strip_prefix("#: ").unwrap_or(line));
    let uncommented: String = keys.map(|line| line.to_owned() + "\n").collect();
    fs::write(&path, uncommented).unwrap();
    let all = serde_json::to_value(read(&path, None).unwrap()).unwrap();
    let nulls = all.as_object().unwrap().iter().filter(|(_, value)| value.is_null()).count();
    let empty = |section: &str| all[section].as_object().unwrap().values().any(Value::is_null);
    assert!(nulls == 0 && !empty("run"), "{all}");
}

#[test]
fn new_sections_are_behind_the_comments_of_the_last_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(SETTINGS_FILE);
    let price = |id: &str| PriceSettings { batch_percent: Some(40), ..PriceSettings::new(id) };
    let model = || ModelSettings { longest_edge: Some(1280), ..ModelSettings::new("qwen3-vl:8b") };
    let written = saved(&path, |settings| settings.prices.push(price("claude-haiku-5-5")));
    assert!(written.starts_with(TEMPLATE), "{written}");
    saved(&path, |settings| settings.provider_mut("openai").models.push(model()));
    let written = saved(&path, |settings| settings.prices.push(price("claude-sonnet-5-5")));
    assert!(written.starts_with(TEMPLATE), "{written}");
    // Commented keys still belong to the sections they are in.
    let uncommented = written.replace("#: before_run", "before_run").replace("#: monthly_dollars", "monthly_dollars");
    fs::write(&path, &uncommented).unwrap();
    let settings = read(&path, None).unwrap();
    assert!(settings.hooks.before_run.is_some() && settings.budget.monthly.is_some());
    fs::write(&path, &written).unwrap();
    // Removed sections take no comments with them.
    saved(&path, |settings| settings.prices.clear());
    let written = saved(&path, |settings| settings.providers.clear());
    assert_eq!(written.trim_end(), TEMPLATE.trim_end());
}

#[test]
fn new_sections_do_not_cut_earlier_ones_apart() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(SETTINGS_FILE);
    let by_hand = "[[providers]]\nid = \"openai\"\n#: base_url = \"http://x.example\"\n\n# Mine\n[hooks]\nafter_run = \"true\"\n# Later\n";
    fs::write(&path, by_hand).unwrap();
    saved(&path, |settings| settings.provider_mut("openai").price_percent = 50);
    let written = saved(&path, |settings| {
        settings.prices.push(PriceSettings { batch_percent: Some(40), ..PriceSettings::new("gpt-5.5") });
    });
    let cut = by_hand.replace("id = \"openai\"\n", "id = \"openai\"\nprice_percent = 50\n");
    assert!(written.starts_with(&cut), "{written}");
    // What is above an empty line belongs to the section before it.
    let written = saved(&path, |settings| settings.hooks = domain::hooks::Hooks::default());
    assert!(written.contains("price_percent = 50\n#: base_url"), "{written}");
}

#[test]
fn the_last_described_model_can_be_removed() {
    let folder = tempfile::tempdir().unwrap();
    let library = Library::alone_in(folder.path());
    let describe = |id: &str, model: Option<ModelSettings>| library.connections.describe_model(id, |_| model);
    describe("qwen3-vl:8b", Some(ModelSettings::new("qwen3-vl:8b"))).unwrap();
    let described = || -> Vec<String> {
        let settings = library.settings.stated().unwrap();
        settings.providers.into_iter().flat_map(|own| own.models).map(|model| model.id).collect()
    };
    assert_eq!(described(), ["qwen3-vl:8b"]);
    describe("qwen3-vl:8b", None).unwrap();
    assert!(described().is_empty());
    let refusal = describe("qwen3-vl:8b", None).unwrap_err().to_string();
    assert_eq!(refusal, "the settings do not describe qwen3-vl:8b");
    // A model that another process describes meanwhile stays.
    describe("one", Some(ModelSettings::new("one"))).unwrap();
    let seen = library.settings.stated().unwrap();
    describe("two", Some(ModelSettings::new("two"))).unwrap();
    let mut wanted = seen.clone();
    wanted.providers.iter_mut().for_each(|own| own.models.clear());
    library.settings.change(&seen, &wanted).unwrap();
    assert_eq!(described(), ["two"]);
}

#[test]
fn variables_win_over_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(SETTINGS_FILE);
    fs::write(&path, "[run]\nretry_attempts = 1\nretry_delay_ms = 5\n").unwrap();
    let variables = [
        ("FIELDMARK_RUN__RETRY_ATTEMPTS", "7"),
        ("FIELDMARK_LIMITS__REQUESTS", "50"),
        ("FIELDMARK_IMPORT__INCLUDES_LEFTOVERS", "true"),
    ];
    let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    let settings = read(&path, Some(&variables)).unwrap();
    assert_eq!((settings.run.retry_attempts, settings.run.retry_delay_ms), (7, 5));
    assert_eq!(settings.providers[0].limits.requests, Some(50));
    assert!(settings.import.includes_leftovers);
    for no_number in ["nan", "inf", "1e30", "2.5", "-1", "99999999999999999999", "many"] {
        let variables = HashMap::from([("FIELDMARK_RUN__RETRY_ATTEMPTS".to_owned(), no_number.to_owned())]);
        let error = read(&path, Some(&variables)).unwrap_err().to_string().to_lowercase();
        assert!(error.contains("retry_attempts"), "{error}");
        assert!(no_number == "many" || error.contains("expected a whole number from 0 to 20"), "{error}");
    }
}

const ENDPOINT_FOR_NOTHING: &str = "[[providers]]\nid = \"anthropic\"\n[[providers.endpoints]]\nname = \"Gateway\"\n\
                                    base_url = \"https://gateway.example\"\nprice_percent = 0\n";

const TWO_ENTRIES: &str = "[[providers]]\nid = \"anthropic\"\n\n[[providers]]\nid = \"anthropic\"\n";
const BOTH_FORMS: &str =
    "base_url = \"https://x.example\"\n[[providers]]\nid = \"anthropic\"\nbase_url = \"https://y.example\"\n";

#[test]
fn mistakes_in_settings_are_named_with_their_line() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(SETTINGS_FILE);
    for (text, told) in [
        ("[run]\nretry_attempt = 2\n", "retry_attempt"),
        ("[run]\nretry_attempts = \"many\"\n", "retry_attempts"),
        ("theme = \"pink\"\n", "pink"),
        ("is_local_only = \n", "line 1"),
        ("[run]\ntask_timeout_ms = 0\n", "run.task_timeout_ms is 0; expected 1000"),
        ("[run]\ntask_timeout_ms = 1e30\n", "expected a whole number from 1000 to 3600000"),
        ("[run]\nretry_attempts = nan\n", "line 2, retry_attempts = nan"),
        ("[run]\nmax_tokens = -1\n", "expected a whole number from 64 to 128000"),
        ("[run]\nconcurrency = 9000000000000000000\n", "expected a whole number from 1 to 64"),
        ("[limits]\nrequests = 0\n", "limits.requests is 0; expected 1 to 1000000000"),
        ("theme = \"dark\"\n[limits]\nrequests = -1\n", "line 3, requests = -1"),
        ("[[providers]]\nid = \"anthropic\"\nbase_ulr = \"x\"\n", "line 3, base_ulr"),
        ("[[providers]]\nid = \"antropic\"\n", "line 2, id = \"antropic\": unknown provider. Providers: anthropic"),
        (TWO_ENTRIES, "line 2 and line 5, id = \"anthropic\": several entries"),
        (BOTH_FORMS, "base_url is set twice"),
        ("providers = 3\nbase_url = \"https://x.example\"\n", "providers is not a list"),
        ("[hooks]\ntimeout_seconds = 601\n", "hooks.timeout_seconds is 601; expected 1 to 600"),
        (ENDPOINT_FOR_NOTHING, "providers.anthropic.endpoints.Gateway.price_percent is 0; expected 1 to 1000"),
        ("[import]\ndecoding_memory_mb = 9\n", "import.decoding_memory_mb is 9; expected 64"),
    ] {
        fs::write(&path, text).unwrap();
        let error = read(&path, None).unwrap_err().to_string();
        assert!(error.contains(told) && error.contains("settings.toml"), "{error}");
        assert!(write(&path, &Settings::default()).is_err(), "a file that cannot be read is not written over");
        assert_eq!(fs::read_to_string(&path).unwrap(), text);
    }
}

/// Written by the window of an earlier version, into the file that it had created.
const OLDER_WITH_TEMPLATE: &str = include_str!("older/window.toml");
/// Written by hand for an earlier version.
const OLDER_BY_HAND: &str = include_str!("older/by_hand.toml");

#[test]
fn a_file_of_an_earlier_version_is_read_as_it_was_meant_and_written_anew_when_it_is_changed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(SETTINGS_FILE);
    fs::write(&path, OLDER_BY_HAND).unwrap();
    let read_older = read(&path, None).unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), OLDER_BY_HAND, "reading changes nothing");
    let provider = read_older.provider(PROVIDER).unwrap();
    assert_eq!(provider.base_url.as_deref(), Some("https://gateway.example/claude"));
    assert_eq!(provider.transformations_hosts, ["gateway.example"]);
    assert_eq!((provider.limits.requests, provider.limits.output_tokens), (Some(40), Some(8000)));
    let endpoints: Vec<_> =
        provider.endpoints.iter().map(|set| (set.name.as_str(), set.price_percent, set.limits.requests)).collect();
    assert_eq!(endpoints, [("Frankfurt", 110, Some(600)), ("Second account", 100, None)]);
    assert_eq!(provider.endpoints[0].key_env.as_deref(), Some("FRANKFURT_KEY"));

    let written = saved(&path, |settings| settings.is_local_only = true);
    let now = read(&path, None).unwrap();
    assert_eq!(now.providers, read_older.providers);
    for comment in [
        "# Settings of the museum's library",
        "# Everything goes by our gateway",
        "# asked of procurement",
        "# What the contract allows",
        "# The second region",
        "# the other account",
        "# Kept short",
    ] {
        assert!(written.contains(comment), "{comment} is gone: {written}");
    }
    assert!(!written.contains("further_routes") && !written.contains("\n[limits]"), "{written}");
    assert!(written.starts_with("# Settings of the museum's library"), "{written}");
    let again = saved(&path, |settings| settings.is_local_only = false);
    assert_eq!(again, written.replace("is_local_only = true", "is_local_only = false"));
}

#[test]
fn a_file_that_an_earlier_version_made_explains_the_present_keys() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(SETTINGS_FILE);
    fs::write(&path, OLDER_WITH_TEMPLATE).unwrap();
    let settings = read(&path, None).unwrap();
    let endpoints: Vec<_> = settings.endpoints().map(|set| set.base_url.as_str()).collect();
    assert_eq!(endpoints, ["https://eu.claude.example"]);
    let written = saved(&path, |settings| settings.run.max_tokens = Some(900));
    for older in ["further_routes", "[limits]", "#: base_url", "The server for Claude"] {
        assert!(!written.contains(older), "{older} is still there: {written}");
    }
    assert!(written.contains("[[providers]]\nid = \"anthropic\""), "{written}");
    let variables = |text: &str| {
        text.lines().skip_while(|line| !line.starts_with("# Variables")).take(3).collect::<Vec<_>>().join("\n")
    };
    assert_eq!(variables(&written), variables(TEMPLATE));
    assert!(written.contains("# [[providers.endpoints]]"), "the present keys are explained: {written}");
    assert_eq!(read(&path, None).unwrap().providers, settings.providers);
}

#[test]
fn a_library_from_before_there_was_a_file_keeps_its_server() {
    let folder = tempfile::tempdir().unwrap();
    let library = Library::alone_in(folder.path());
    let path = library.settings.path();
    let older = serde_json::json!({ "theme": "light", "base_url": "https://x.example", "agreed_hosts": ["x.example"] });
    library.settings.bring_out(&older).unwrap();
    let settings = read(&path, None).unwrap();
    assert_eq!(settings.provider(PROVIDER).unwrap().base_url.as_deref(), Some("https://x.example"));
    assert_eq!(settings.agreed_hosts, ["x.example"]);
}
