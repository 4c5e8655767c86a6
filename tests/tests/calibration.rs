//! Models of servers: in which coordinates they answer, what is said of them, which run on this machine, and their prices; by
//! the command line, against simulated servers.

#![expect(clippy::unwrap_used, reason = "a step that cannot be taken fails the test")]

use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::Output;

use domain::calibration::CalibrationVerdict;
use domain::coordinates::BoxCoordinates;
use domain::model::ModelId;
use domain::money::PicoDollars;
use domain::settings::ModelSettings;
use engine::EngineError;
use fieldmark_tests::bench::Bench;
use fieldmark_tests::pictures::LABELS;
use serde_json::{Value, json};
use simulator::{Fault, Keys, LenientServer, Options, Protocol, Running, Simulator};

const COMPATIBLE: &str = "openai-compatible";
const KEY: &str = "sk-any";
/// Open models of the simulator, each with its coordinates.
const OPEN: [(&str, BoxCoordinates); 6] = [
    ("pixtral:12b", BoxCoordinates::PixelXyxy),
    ("qwen2.5vl:7b", BoxCoordinates::ServerPixelXyxy),
    ("qwen3-vl:8b", BoxCoordinates::Norm1000Xyxy),
    ("gemma3:12b", BoxCoordinates::Norm1000Yxyx),
    ("llama3.2-vision:11b", BoxCoordinates::Norm1Xyxy),
    ("molmo:7b", BoxCoordinates::Norm1Xywh),
];

fn json_of(output: &Output) -> Value {
    let told = String::from_utf8_lossy(&output.stderr);
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {told}"))
}

/// A server of open models, and a library that knows its address, with every model set to coordinates that are not its own.
async fn mistaken() -> (Running, Bench) {
    let protocol = Protocol::LenientChat(LenientServer::default());
    let server = Simulator::start(Options { protocol, ..Options::default() }).await.unwrap();
    let bench = Bench::among(&[]);
    let mut settings = bench.library.settings.stated().unwrap();
    let own = settings.provider_mut(COMPATIBLE);
    own.base_url = Some(format!("{}/v1", server.url()));
    own.models = (0..OPEN.len())
        .map(|place| ModelSettings { coordinates: Some(OPEN[(place + 1) % 6].1), ..ModelSettings::new(OPEN[place].0) })
        .collect();
    bench.library.settings.replace(&settings).unwrap();
    (server, bench)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_coordinate_system_is_recognised_and_applied() {
    let (server, bench) = mistaken().await;
    for (place, (model, system)) in OPEN.iter().enumerate() {
        let asked =
            bench.fieldmark_among(&[]).args(["calibrate", model, "--yes", "--json", "--apply"]).output().unwrap();
        let result = json_of(&asked);
        assert_eq!(result["verdict"], json!({"kind": "clear", "system": system.name()}), "{model}: {result}");
        assert_eq!(result["coordinates"], OPEN[(place + 1) % 6].1.name());
        let best = &result["errors"][0];
        assert!(best["error_percent"].as_f64().unwrap() < 0.5 && best["iou"].as_f64().unwrap() > 0.95, "{best}");
        // The model has no price, so none was paid.
        assert_eq!(result["paid_dollars"], Value::Null);
        let set = bench.library.settings.stated().unwrap().provider(COMPATIBLE).unwrap().models[place].clone();
        assert_eq!(set.coordinates, Some(*system), "{model}");
    }
    assert_eq!(server.ledger().billed.len(), 3 * OPEN.len());
    // What was applied is right.
    let again = bench.fieldmark_among(&[]).args(["calibrate", "gemma3:12b", "--yes"]).output().unwrap();
    let told = String::from_utf8(again.stdout).unwrap();
    assert!(told.contains("norm1000_yxyx is right for this model."), "{told}");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_calibration_is_agreed_to_first_and_stays_below_its_bound() {
    let server = Simulator::start(Options::default()).await.unwrap();
    let bench = Bench::at(&server.url(), KEY);
    let model = ModelId("claude-haiku-5-5".into());
    let calibrations = &bench.library.calibrations;
    let plan = calibrations.plan(&model).unwrap();
    let at_most = plan.at_most.unwrap();
    assert!(plan.likely.unwrap() < at_most && plan.requests == 3, "{plan:?}");
    let host = server.address().to_string();
    let mut settings = bench.library.settings.stated().unwrap();
    settings.agreed_hosts.clear();
    bench.library.settings.replace(&settings).unwrap();
    assert!(
        matches!(calibrations.run(&model, Some(at_most)).await, Err(EngineError::NotAgreed { host: asked }) if asked == host)
    );
    bench.library.settings.agree_to(&host).unwrap();
    for too_little in [None, Some(PicoDollars(at_most.0 - 1))] {
        let refused = calibrations.run(&model, too_little).await;
        assert!(matches!(refused, Err(EngineError::BudgetTooSmall { dearest }) if dearest == at_most), "{refused:?}");
    }
    assert_eq!(server.ledger().billed.len(), 0);
    // One request is refused and not repeated; the others are enough.
    server.script([Fault::Overloaded]);
    let result = calibrations.run(&model, Some(at_most)).await.unwrap();
    assert!(result.pictures[0].problem.is_some() && result.pictures[1].problem.is_none(), "{result:?}");
    assert_eq!(json!(result.verdict), json!({"kind": "clear", "system": "pixel_xyxy"}), "{:?}", result.errors);
    let paid = result.paid.unwrap();
    assert!(paid > PicoDollars::ZERO && paid <= at_most && result.possibly_billed == 0, "{result:?}");
    assert_eq!(server.ledger().billed.len(), 2);
    // It counts towards the month, whose cap holds for calibrations too.
    let month = bench.library.spending.this_month().unwrap();
    assert_eq!((month.spent, month.reserved), (paid, PicoDollars::ZERO));
    bench.library.spending.set_cap(Some(PicoDollars(paid.0 + 1))).unwrap();
    let capped = calibrations.run(&model, Some(at_most)).await.unwrap();
    assert!(
        capped.pictures.iter().all(|picture| picture.problem.as_ref().unwrap().contains("monthly cap")),
        "{capped:?}"
    );
    assert_eq!((capped.paid, server.ledger().billed.len()), (Some(PicoDollars::ZERO), 2));
    // The others would not be sent either, and nothing was measured.
    assert_eq!((capped.pictures.len(), capped.errors.len()), (1, 0));
    assert!(matches!(&capped.verdict, CalibrationVerdict::NotMeasured { reason } if reason.contains("monthly cap")));
    server.stop().await;
    // The answers are in the library as they were received.
    let library = rusqlite::Connection::open(bench.library.folder().join("library.sqlite")).unwrap();
    let rows: Vec<(String, Option<u64>, Option<String>)> = library
        .prepare("SELECT state, paid, answer FROM calibration_requests ORDER BY picture")
        .unwrap()
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    let states: Vec<&str> = rows.iter().map(|(state, ..)| state.as_str()).collect();
    assert_eq!(states, ["failed", "received", "received"]);
    assert_eq!(rows.iter().filter_map(|(_, paid, _)| *paid).sum::<u64>(), paid.0);
    assert!(rows[1].2.as_ref().is_some_and(|answer| answer.contains("box_2d")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_key_is_said_after_one_request_without_a_table() {
    let server = Simulator::start(Options {
        keys: Keys { wrong: [KEY.to_owned()].into(), ..Keys::default() },
        ..Options::default()
    })
    .await
    .unwrap();
    let bench = Bench::at(&server.url(), KEY);
    let run = |more: &[&str]| {
        let calibrate = ["calibrate", "claude-haiku-5-5", "--yes"];
        bench.fieldmark(&server.url(), KEY).args(calibrate).args(more).output().unwrap()
    };
    let failed = run(&[]);
    let told = String::from_utf8_lossy(&failed.stdout);
    assert!(told.contains("Not measured: ") && told.contains("401") && !told.contains("0.0 %"), "{told}");
    assert!(told.contains("Picture 1") && !told.contains("Picture 2"), "{told}");
    assert_eq!(failed.status.code(), Some(1));
    let result = json_of(&run(&["--json"]));
    assert_eq!((&result["errors"], &result["verdict"]["kind"]), (&json!([]), &json!("not_measured")));
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn models_of_a_server_are_described_and_its_list_is_kept() {
    let (server, bench) = mistaken().await;
    let run = |arguments: &[&str]| bench.fieldmark_among(&[]).args(arguments).output().unwrap();
    let ids = |output: &Output| -> Vec<String> {
        let listed = json_of(output);
        let own = listed
            .as_array()
            .unwrap()
            .iter()
            .filter(|row| row["model"]["destination"]["name"] == server.address().to_string());
        own.map(|row| row["model"]["id"].as_str().unwrap().to_owned()).collect()
    };
    assert!(run(&["models", "remove", "pixtral:12b"]).status.success());
    assert_eq!(ids(&run(&["models", "--json"])).len(), 5);
    // The server's list is kept, also for the next program.
    assert!(run(&["providers", "check", COMPATIBLE]).status.success());
    assert!(ids(&run(&["models", "--json"])).contains(&"pixtral:12b".to_owned()));
    let set = run(&[
        "models",
        "set",
        "pixtral:12b",
        "--name",
        "Pixtral",
        "--longest-edge",
        "900",
        "--answers",
        "json_object",
        "--input",
        "0.2",
        "--output",
        "0.6",
    ]);
    assert!(set.status.success(), "{}", String::from_utf8_lossy(&set.stderr));
    let stated = bench.library.settings.stated().unwrap();
    let model =
        stated.provider(COMPATIBLE).unwrap().models.iter().find(|model| model.id == "pixtral:12b").unwrap().clone();
    assert_eq!((model.name.as_deref(), model.longest_edge, model.coordinates), (Some("Pixtral"), Some(900), None));
    assert_eq!(json!(model.answer_form), "json_object");
    // A model that does not look at images is not offered, and a model of a catalogue has a price instead.
    assert!(
        !ids(&run(&["models", "set", "pixtral:12b", "--images", "no", "--json"])).contains(&"pixtral:12b".to_owned())
    );
    let refused = run(&["models", "set", "gpt-4o", "--longest-edge", "900"]);
    assert!(String::from_utf8_lossy(&refused.stderr).contains("catalogue"));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("`fieldmark prices set`"));
    let removed = run(&["models", "remove", "no-such-model"]);
    assert!(String::from_utf8_lossy(&removed.stderr).contains("the settings do not describe no-such-model"));
    assert_eq!(removed.status.code(), Some(2));
    server.stop().await;
}

#[test]
fn local_servers_are_found_without_a_key() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (told, heard) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut bytes = [0; 4096];
            let length = stream.read(&mut bytes).unwrap();
            told.send(String::from_utf8_lossy(&bytes[..length]).into_owned()).unwrap();
            let list = r#"{"object":"list","data":[{"id":"llava:7b","object":"model"},{"id":"qwen3-vl:8b","object":"model"}]}"#;
            write!(stream, "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{list}", list.len()).unwrap();
        }
    });
    let bench = Bench::among(&[]);
    let ports = format!("Ollama={port},vLLM=1");
    let variables = [("FIELDMARK_LOCAL_SERVERS", ports.as_str()), ("OPENAI_COMPATIBLE_API_KEY", "sk-secret")];
    let found = bench.fieldmark_among(&variables).args(["providers", "local", "--json"]).output().unwrap();
    let base_url = format!("http://localhost:{port}/v1");
    let server = json!({"provider": COMPATIBLE, "name": "Ollama", "base_url": base_url, "models": ["llava:7b", "qwen3-vl:8b"], "is_used": false});
    assert_eq!(json_of(&found), json!([server]));
    let request = heard.recv().unwrap().to_lowercase();
    assert!(
        request.starts_with("get /v1/models") && !request.contains("authorization") && !request.contains("sk-secret"),
        "{request}"
    );
    let used =
        bench.fieldmark_among(&variables[..1]).args(["providers", "local", "--use", &base_url]).output().unwrap();
    assert!(
        String::from_utf8_lossy(&used.stdout).contains("2 models, in use"),
        "{}",
        String::from_utf8_lossy(&used.stderr)
    );
    assert_eq!(
        bench.library.settings.stated().unwrap().provider(COMPATIBLE).unwrap().base_url.as_deref(),
        Some(&*base_url)
    );
    let other = bench
        .fieldmark_among(&variables[..1])
        .args(["providers", "local", "--use", "http://localhost:1/v1"])
        .output()
        .unwrap();
    assert_eq!(other.status.code(), Some(2));
}

#[tokio::test(flavor = "multi_thread")]
async fn prices_are_set_imported_and_reset_and_a_retired_model_is_a_warning() {
    let server = Simulator::start(Options::default()).await.unwrap();
    let bench = Bench::with_pictures(&server.url(), KEY, 2);
    let run = |arguments: &[&str]| bench.fieldmark(&server.url(), KEY).args(arguments).output().unwrap();
    let price = |output: &Output, model: &str| {
        json_of(output)["models"].as_array().unwrap().iter().find(|price| price["id"] == model).unwrap().clone()
    };
    let set = run(&["prices", "set", "gpt-4o", "--input", "3", "--coordinates", "norm1000_xyxy", "--json"]);
    let gpt = price(&set, "gpt-4o");
    assert_eq!(
        (&gpt["input_dollars_per_million"], &gpt["coordinates"], &gpt["source"]["kind"]),
        (&json!(3.0), &json!("norm1000_xyxy"), &json!("user"))
    );
    let table = bench.photos().join("table.json");
    let entry = json!({"litellm_provider": "x", "input_cost_per_token": 2e-6, "output_cost_per_token": 9e-6});
    fs::write(&table, json!({"gpt-4o": entry, "gpt-4.1": entry}).to_string()).unwrap();
    let table = table.to_str().unwrap();
    let dry = json_of(&run(&["prices", "import", table, "--model", "gpt-4o", "--dry-run", "--json"]));
    assert_eq!(dry["changes"][0], json!({"model": "gpt-4o", "field": "input", "before": 3.0, "after": 2.0}));
    let imported = run(&["prices", "import", table, "--model", "gpt-4o", "--json"]);
    assert_eq!(price(&imported, "gpt-4o")["source"], json!({"kind": "imported", "table": "LiteLLM"}));
    // What an import says nothing of stays.
    assert_eq!(price(&imported, "gpt-4o")["coordinates"], "norm1000_xyxy");
    let reset = run(&["prices", "reset", "--all", "--json"]);
    assert_eq!(
        (&price(&reset, "gpt-4o")["input_dollars_per_million"], &price(&reset, "gpt-4o")["coordinates"]),
        (&json!(2.5), &json!("pixel_xyxy"))
    );
    let again = run(&["prices", "reset", "gpt-4o"]);
    assert!(String::from_utf8_lossy(&again.stderr).contains("Nothing was reset"));

    let retired = "claude-sonnet-4-5-20250929";
    let models = String::from_utf8(run(&["models"]).stdout).unwrap();
    let line = models.lines().find(|line| line.starts_with(retired)).unwrap();
    assert!(line.contains("retired on 2026-11-30; use claude-sonnet-5-5") && !line.contains("ready"), "{line}");
    let annotated = run(&["annotate", "photos", "--labels", LABELS, "--model", retired, "--yes"]);
    let told = String::from_utf8_lossy(&annotated.stderr);
    assert!(told.contains("this model retired on 2026-11-30; use claude-sonnet-5-5"), "{told}");
    assert!(annotated.status.success(), "{told}");
    server.stop().await;
}
