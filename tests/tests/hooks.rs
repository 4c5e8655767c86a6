//! Hooks with real commands: when they run, what input they get, and that they cannot harm a run.

#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a step that cannot be taken fails the test")]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{fs, thread, time};

use domain::hooks::{HookEnding, HookEvent, HookRun, Hooks};
use domain::ids::RunId;
use domain::model::ModelId;
use domain::plan::{ImageSelection, RunRequest};
use domain::run_state::{RunMode, RunState, StopReason};
use fieldmark_tests::bench::{Bench, COMPLETED};
use fieldmark_tests::{binary, sample};
use serde_json::Value;
use simulator::{Fault, Options, Simulator};

const CLAUDE: &str = "claude-sonnet-5-5";

fn local_bench() -> Bench {
    let bench = Bench::new();
    fs::copy(sample("coffee.jpg"), bench.photos().join("coffee.jpg")).unwrap();
    bench.library.imports.run(&[bench.photos()]).unwrap();
    bench
}

fn set(bench: &Bench, hooks: Hooks) {
    let settings = bench.library.settings.stated().unwrap();
    bench.library.settings.replace(&domain::settings::Settings { hooks, ..settings }).unwrap();
}

fn set_and_agree(bench: &Bench, hooks: &Hooks) {
    set(bench, hooks.clone());
    for event in HookEvent::ALL {
        if let Some(command) = hooks.command(event) {
            bench.library.hooks.agree(event, command).unwrap();
        }
    }
}

#[expect(clippy::unnecessary_wraps, reason = "as hooks hold them")]
fn command(text: &str) -> Option<String> {
    Some(text.to_owned())
}

async fn run_locally(bench: &Bench) -> RunId {
    let model = bench.quote(0).models[0].model.id.0.clone();
    let run = bench.start(&model).await;
    assert_eq!(bench.end_of(run).await, COMPLETED);
    run
}

fn hooks_of(bench: &Bench, run: RunId) -> Vec<HookRun> {
    bench.library.insight.report(run).unwrap().hooks
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_hook_shows_with_the_progress_of_its_run() {
    let bench = local_bench();
    let hooks = Hooks { before_run: command("exit 3"), after_run: command("true"), ..Hooks::default() };
    set_and_agree(&bench, &hooks);
    let run = run_locally(&bench).await;
    let failed = bench.library.history.progress(run).unwrap().failed_hooks;
    assert_eq!(failed.len(), 1, "{failed:?}");
    assert_eq!((failed[0].event, &failed[0].ending), (HookEvent::BeforeRun, &HookEnding::Exited { code: 3 }));
}

/// Where hooks run.
fn written(bench: &Bench, name: &str) -> PathBuf {
    bench.library.folder().join(name)
}

fn is_alive(process: &str) -> bool {
    // A process that has ended but whose parent has not noticed yet counts as ended.
    let state = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    !state.is_empty() && !state.contains(") Z ")
}

#[tokio::test(flavor = "multi_thread")]
async fn hooks_come_in_order_with_the_facts_and_without_the_key() {
    let bench = local_bench();
    set_and_agree(
        &bench,
        &Hooks {
            before_run: command("env > before.env; cat > before.json"),
            after_run: command("ls before.env && env > after.env; cat > after.json; echo said it"),
            on_failure: command("touch failure"),
            ..Hooks::default()
        },
    );
    let run = run_locally(&bench).await;

    let (before, after) = (
        fs::read_to_string(written(&bench, "before.env")).unwrap(),
        fs::read_to_string(written(&bench, "after.env")).unwrap(),
    );
    let library = format!("FIELDMARK_LIBRARY={}", bench.library.folder().display());
    for line in ["FIELDMARK_EVENT=before_run", "FIELDMARK_STATE=running", "FIELDMARK_ANSWERED=0", "FIELDMARK_IMAGES=1"]
    {
        assert!(before.lines().any(|found| found == line), "{line} in {before}");
    }
    for line in ["FIELDMARK_EVENT=after_run", "FIELDMARK_STATE=completed", "FIELDMARK_ANSWERED=1", &library] {
        assert!(after.lines().any(|found| found == line), "{line} in {after}");
    }
    let metrics_file = after.lines().find_map(|line| line.strip_prefix("FIELDMARK_METRICS_FILE=")).unwrap();
    assert!(Path::new(metrics_file).is_file());
    let told: Value = serde_json::from_slice(&fs::read(written(&bench, "after.json")).unwrap()).unwrap();
    assert_eq!((&told["event"], &told["report"]["summary"]["done"]), (&"after_run".into(), &1.into()));
    assert_eq!(told["metrics"]["fieldmark"]["answered"], 1);
    assert!(!written(&bench, "failure").exists());

    let hooks = hooks_of(&bench, run);
    let events: Vec<_> = hooks.iter().map(|hook| (hook.event, hook.ending.is_success())).collect();
    assert_eq!(events, [(HookEvent::BeforeRun, true), (HookEvent::AfterRun, true)]);
    assert_eq!(hooks[1].output, "before.env\nsaid it");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_without_consent_does_not_run() {
    let bench = local_bench();
    let hooks = Hooks { before_run: command("touch ran"), ..Hooks::default() };
    set(&bench, hooks.clone());
    // The same text at another event, and another text, need consents of their own.
    bench.library.hooks.agree(HookEvent::AfterRun, "touch ran").unwrap();
    bench.library.hooks.agree(HookEvent::BeforeRun, "touch ran2").unwrap();
    let run = run_locally(&bench).await;
    assert!(!written(&bench, "ran").exists());
    assert_eq!(hooks_of(&bench, run)[0].ending, HookEnding::NotAgreed);

    bench.library.hooks.agree(HookEvent::BeforeRun, "touch ran").unwrap();
    run_locally(&bench).await;
    assert!(written(&bench, "ran").exists());

    // A copied library has the settings but none of the consents.
    let copy = tempfile::tempdir().unwrap();
    let original = bench.library.folder().join("library.sqlite");
    rusqlite::Connection::open(&original).unwrap().pragma_update(None, "wal_checkpoint", "truncate").unwrap();
    fs::copy(&original, copy.path().join("library.sqlite")).unwrap();
    let copied =
        engine::Library::open(&copy.path().join("library.sqlite"), fieldmark_tests::bench::surroundings(&[])).unwrap();
    copied.settings.replace(&bench.library.settings.stated().unwrap()).unwrap();
    let standing = copied.hooks.all().unwrap();
    assert_eq!((standing[0].command.as_deref(), standing[0].is_agreed), (Some("touch ran"), false));
}

#[test]
fn agreement_to_a_command_ends_when_the_library_is_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("library/library.sqlite");
    let open = |database: &Path| {
        let consents = engine::Consents::at(folder.path().join("consents.json"));
        let surroundings = engine::Surroundings { consents, ..fieldmark_tests::bench::surroundings(&[]) };
        engine::Library::open(database, surroundings).unwrap()
    };
    let library = open(&database);
    let hooks = Hooks { before_run: command("touch ran"), ..Hooks::default() };
    library.settings.replace(&domain::settings::Settings { hooks, ..library.settings.stated().unwrap() }).unwrap();
    library.hooks.agree(HookEvent::BeforeRun, "touch ran").unwrap();
    assert!(library.hooks.all().unwrap()[0].is_agreed);
    drop(library);
    assert!(open(&database).hooks.all().unwrap()[0].is_agreed, "it is kept");

    // The settings stay in place, as when a folder from someone else is unpacked over it.
    let other = folder.path().join("other/library.sqlite");
    drop(open(&other));
    fs::rename(&other, &database).unwrap();
    let replaced = open(&database).hooks.all().unwrap();
    assert_eq!((replaced[0].command.as_deref(), replaced[0].is_agreed), (Some("touch ran"), false));
}

#[tokio::test(flavor = "multi_thread")]
async fn hooks_that_fail_are_reported_and_the_run_is_none_the_worse() {
    let bench = local_bench();
    set_and_agree(
        &bench,
        &Hooks {
            before_run: command("echo no such thing >&2; exit 3"),
            after_run: command("kill -9 $$"),
            ..Hooks::default()
        },
    );
    let run = run_locally(&bench).await;
    assert_eq!(bench.library.history.run(run).unwrap().done, 1);
    let hooks = hooks_of(&bench, run);
    assert_eq!((&hooks[0].ending, hooks[0].output.as_str()), (&HookEnding::Exited { code: 3 }, "no such thing"));
    assert_eq!(hooks[1].ending, HookEnding::Killed);
}

#[tokio::test(flavor = "multi_thread")]
async fn when_time_is_up_all_that_a_hook_has_started_is_ended() {
    let bench = local_bench();
    let hooks = Hooks {
        // Neither command reads its input, so Fieldmark must not wait until it is read.
        before_run: command("sleep 600 & echo $! > grandchild; echo waiting; wait"),
        timeout_seconds: 1,
        ..Hooks::default()
    };
    set_and_agree(&bench, &hooks);
    let run = run_locally(&bench).await;
    let hook = &hooks_of(&bench, run)[0];
    assert_eq!((&hook.ending, hook.output.as_str()), (&HookEnding::TimedOut, "waiting"));
    let grandchild = fs::read_to_string(written(&bench, "grandchild")).unwrap();
    for _ in 0..100 {
        if !is_alive(grandchild.trim()) {
            return;
        }
        thread::sleep(time::Duration::from_millis(50));
    }
    panic!("process {grandchild} still runs");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_hook_leaves_in_the_background_is_not_waited_for() {
    let bench = local_bench();
    // The background process keeps the pipes open, and the output is longer than what is kept.
    let talkative = "seq 1 20000; sleep 600 & echo $! > background; echo the end";
    set_and_agree(&bench, &Hooks { after_run: command(talkative), ..Hooks::default() });
    let run = run_locally(&bench).await;
    let background = fs::read_to_string(written(&bench, "background")).unwrap();
    let was_alive = is_alive(background.trim());
    Command::new("kill").arg(background.trim()).status().unwrap();
    assert!(was_alive);
    let hook = &hooks_of(&bench, run)[0];
    assert!(hook.ending.is_success());
    assert!(hook.output.ends_with("20000\nthe end") && hook.output.len() <= 4096, "{}", hook.output.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_stops_or_whose_images_fail_is_a_failure() {
    let server = Simulator::start(Options::default()).await.unwrap();
    let bench = Bench::with_pictures(&server.url(), "sk-simulated-no-credit", 2);
    let hooks = Hooks { on_failure: command("echo $FIELDMARK_STATE $FIELDMARK_FAILED"), ..Hooks::default() };
    set_and_agree(&bench, &hooks);
    let run = bench.start(CLAUDE).await;
    assert_eq!(bench.end_of(run).await, RunState::Stopped { reason: StopReason::NoCredit });
    assert_eq!(hooks_of(&bench, run)[0].output, "no_credit 0");

    let bench = Bench::with_pictures(&server.url(), "sk-any", 2);
    set_and_agree(&bench, &hooks);
    server.script([Fault::Refusal]);
    let run = bench.start(CLAUDE).await;
    assert_eq!(bench.end_of(run).await, COMPLETED);
    assert_eq!(hooks_of(&bench, run)[0].output, "completed 1");
    server.stop().await;
}

/// The complete flow on the command line, whose environment contains a key.
#[test]
fn the_command_line_asks_apart_for_commands_and_waits_for_them() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("library.sqlite");
    let library = engine::Library::open(&database, fieldmark_tests::bench::surroundings(&[])).unwrap();
    let hooks = Hooks { after_run: command("sleep 1; env > after.env"), ..Hooks::default() };
    let settings = domain::settings::Settings { hooks, ..library.settings.stated().unwrap() };
    library.settings.replace(&settings).unwrap();
    drop(library);
    let annotate = |more: &[&str]| {
        let mut fieldmark = Command::new(binary("fieldmark"));
        fieldmark.arg("annotate").arg(sample("coffee.jpg")).arg("--db").arg(&database).arg("--yes").args(more);
        fieldmark.current_dir(folder.path()).env("ANTHROPIC_API_KEY", "sk-secret").env("OTHER", "kept");
        fieldmark.env("HOME", folder.path()).env_remove("XDG_CONFIG_HOME");
        let output = fieldmark.output().unwrap();
        assert!(output.status.success(), "{output:?}");
        (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap())
    };

    // Confirming a price is no consent to a command.
    let (out, complaint) = annotate(&["--model", "nanodet-g-416"]);
    assert!(complaint.contains("sleep 1; env > after.env") && complaint.contains("--allow-hooks"), "{complaint}");
    assert!(out.contains("after a run: not run: you have not allowed it"), "{out}");
    assert!(!folder.path().join("after.env").exists());

    let (out, _) = annotate(&["--model", "nanodet-g-416", "--allow-hooks"]);
    assert!(out.contains("after a run: done in"), "{out}");
    let environment = fs::read_to_string(folder.path().join("after.env")).unwrap();
    assert!(environment.contains("OTHER=kept") && environment.contains("FIELDMARK_RUN=2"), "{environment}");
    assert!(!environment.contains("sk-secret") && !environment.contains("ANTHROPIC"), "{environment}");
}

#[tokio::test(flavor = "multi_thread")]
async fn hooks_enclose_a_batch_run() {
    let batching = simulator::Batching { takes: time::Duration::from_millis(500), ..simulator::Batching::default() };
    let server = Simulator::start(Options { batching, ..Options::default() }).await.unwrap();
    let bench = Bench::with_pictures(&server.url(), "sk-any", 3);
    set_and_agree(
        &bench,
        &Hooks { before_run: command("env > before.env"), after_run: command("env > after.env"), ..Hooks::default() },
    );
    let recipe = bench.library.recipes.save_typed(fieldmark_tests::pictures::LABELS).await.unwrap();
    let request = RunRequest::of(ImageSelection::All, recipe.id, ModelId(CLAUDE.into()));
    let run = bench.library.runs.start(&RunRequest { mode: RunMode::Batch, ..request }).await.unwrap();
    assert_eq!(bench.end_of(run).await, COMPLETED);
    let said = |name: &str| fs::read_to_string(written(&bench, name)).unwrap();
    assert!(said("before.env").contains("FIELDMARK_ANSWERED=0"), "before anything is submitted");
    assert!(said("after.env").contains("FIELDMARK_ANSWERED=3"), "once the batch has ended and is read");
    let events: Vec<_> = hooks_of(&bench, run).iter().map(|hook| hook.event).collect();
    assert_eq!(events, [HookEvent::BeforeRun, HookEvent::AfterRun]);
}

/// A replacement for Claude Flow that records its calls, and stores entries only if `keeps` is true.
fn claude_flow(folder: &Path, keeps: bool) -> String {
    use std::os::unix::fs::PermissionsExt;
    let program = folder.join("claude-flow");
    let store = if keeps { "printf '%s\\n' \"$8\" > kept-value" } else { "echo Data stored" };
    let script = format!(
        "#!/bin/sh\necho \"$1 $2\" >> calls\ncase \"$1 $2\" in\n  'memory store') {store};;\n  \
         'memory retrieve') cat kept-value 2>/dev/null || {{ echo 'Key not found'; exit 1; }};;\nesac\n"
    );
    fs::write(&program, script).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    program.to_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn claude_flow_is_asked_for_what_it_was_told_to_store() {
    for keeps in [true, false] {
        let bench = local_bench();
        let program = claude_flow(bench.folder.path(), keeps);
        set_and_agree(&bench, &Hooks::for_claude_flow(&program, "npm rebuild it", false));
        let run = run_locally(&bench).await;
        let calls = fs::read_to_string(written(&bench, "calls")).unwrap();
        assert_eq!(
            calls.lines().collect::<Vec<_>>(),
            ["hooks pre-task", "hooks post-task", "memory store", "memory retrieve"]
        );
        let hook = hooks_of(&bench, run).pop().unwrap();
        if keeps {
            assert!(hook.ending.is_success(), "{hook:?}");
        } else {
            assert_eq!(hook.ending, HookEnding::Exited { code: 1 });
            assert!(hook.output.contains("did not keep run 1. This helps: npm rebuild it"), "{}", hook.output);
        }
    }
}
