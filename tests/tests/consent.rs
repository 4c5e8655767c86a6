//! What may come with a folder: a `.env` file, a database of another program, settings. Nothing of it counts before the user
//! has agreed, and none of it is changed.

#![expect(clippy::unwrap_used, reason = "a step that cannot be taken fails the test")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use fieldmark_tests::pictures::{LABELS, drawing, write_png};
use fieldmark_tests::{binary, sample};
use simulator::{Options, Running, Simulator};

const MODEL: &str = "claude-sonnet-5-5";
const KEY: &str = "sk-of-the-planter-4711";

/// A user's home, and a folder of photos from an unknown source.
struct Person {
    home: tempfile::TempDir,
}

impl Person {
    fn new() -> Self {
        let person = Self { home: tempfile::tempdir().unwrap() };
        fs::create_dir(person.photos()).unwrap();
        for index in 0..3 {
            let (picture, _) = drawing(320 + index, 240);
            write_png(&picture, &person.photos().join(format!("{index}.png")));
        }
        person
    }

    fn photos(&self) -> PathBuf {
        self.home.path().join("photos")
    }

    fn plant(&self, text: &str) {
        fs::write(self.photos().join(".env"), text).unwrap();
    }

    /// The command line in the folder of photos, without a terminal to ask on.
    fn fieldmark(&self, variables: &[(&str, &str)], arguments: &[&str]) -> Output {
        let mut fieldmark = Command::new(binary("fieldmark"));
        fieldmark.env_clear().env("HOME", self.home.path()).envs(variables.iter().copied());
        fieldmark.current_dir(self.photos()).stdin(Stdio::null()).args(arguments).output().unwrap()
    }

    fn annotate(&self, variables: &[(&str, &str)], more: &[&str]) -> (bool, String) {
        let arguments = ["annotate", ".", "--labels", LABELS, "--model", MODEL, "--fresh", "--yes"];
        let told = self.fieldmark(variables, &[&arguments[..], more].concat());
        (told.status.success(), said(&told))
    }
}

fn said(told: &Output) -> String {
    let said = String::from_utf8([&told.stderr[..], &told.stdout[..]].concat()).unwrap();
    assert!(!said.contains(KEY), "a key is never shown: {said}");
    said
}

async fn simulate() -> Running {
    Simulator::start(Options::default()).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_planted_env_file_changes_nothing_until_the_person_allows_it() {
    let (server, person) = (simulate().await, Person::new());
    let planted = format!("ANTHROPIC_BASE_URL={}\nANTHROPIC_API_KEY={KEY}\n", server.url());
    person.plant(&planted);
    let asked = || server.ledger().billed.len();

    let (is_done, said_unasked) = person.annotate(&[], &[]);
    let file = fs::canonicalize(person.photos().join(".env")).unwrap();
    let lines: Vec<&str> = said_unasked.lines().filter(|line| line.contains(".env")).collect();
    assert!(!is_done && asked() == 0, "--yes is no consent to it: {said_unasked}");
    assert_eq!(lines.len(), 1, "{said_unasked}");
    assert!(lines[0].contains(&format!("fieldmark env allow {}", file.display())), "{said_unasked}");
    assert!(said_unasked.contains("there is no key for api.anthropic.com"), "it goes nowhere else: {said_unasked}");

    let allowed = said(&person.fieldmark(&[], &["env", "allow"]));
    assert!(allowed.contains(&server.url()) && allowed.contains("ends in 4711"), "{allowed}");
    let (is_done, told) = person.annotate(&[], &[]);
    assert!(is_done && asked() == 3 && !told.contains("is not used"), "{told}");

    // Another content needs another consent, and so does the same content elsewhere.
    person.plant(&format!("{planted}CONCURRENCY=2\n"));
    assert!(!person.annotate(&[], &[]).0 && asked() == 3);
    person.plant(&planted);
    assert!(person.annotate(&[], &[]).0 && asked() == 6);
    assert!(said(&person.fieldmark(&[], &["env", "list"])).contains(file.to_str().unwrap()));
    person.fieldmark(&[], &["env", "deny"]);
    assert!(!person.annotate(&[], &[]).0 && asked() == 6);

    // Naming it is consent, for this command.
    assert!(person.annotate(&[], &["--env-file", ".env"]).0 && asked() == 9);
    assert!(!person.annotate(&[], &[]).0 && asked() == 9);
    let missing = person.fieldmark(&[], &["models", "--env-file", "no-such-file"]);
    assert!(missing.status.code() == Some(2) && said(&missing).contains("no-such-file"));
    server.stop().await;
}

/// The output of `fieldmark` on a terminal where every question is answered with `answer`, and whether it succeeds.
#[cfg(unix)]
fn on_terminal(person: &Person, arguments: &[&str], answer: &str) -> (bool, String) {
    use std::io::{Read, Write};

    use portable_pty::{CommandBuilder, PtySize, native_pty_system};

    let terminal = native_pty_system().openpty(PtySize { cols: 200, ..PtySize::default() }).unwrap();
    let mut command = CommandBuilder::new(binary("fieldmark"));
    command.env_clear();
    command.env("HOME", person.home.path());
    command.cwd(person.photos());
    command.args(arguments);
    let mut running = terminal.slave.spawn_command(command).unwrap();
    drop(terminal.slave);
    let (mut output, mut keyboard) =
        (terminal.master.try_clone_reader().unwrap(), terminal.master.take_writer().unwrap());
    let (mut shown, mut answered, mut piece) = (String::new(), 0, [0; 4096]);
    // On Linux, reading a terminal fails once its other end is closed.
    while let Ok(count @ 1..) = output.read(&mut piece) {
        shown += &String::from_utf8_lossy(&piece[..count]);
        while shown.matches("[y/N]").count() > answered {
            answered += 1;
            writeln!(keyboard, "{answer}").unwrap();
        }
    }
    (running.wait().unwrap().success(), shown)
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn on_a_terminal_an_env_file_is_used_after_a_yes_and_not_asked_about_again() {
    let (server, person) = (simulate().await, Person::new());
    person.plant(&format!("ANTHROPIC_BASE_URL={}\nANTHROPIC_API_KEY={KEY}\nANTHROPIC_MODEL={MODEL}\n", server.url()));
    let arguments = ["annotate", ".", "--labels", LABELS, "--model", MODEL, "--fresh", "--yes"];
    let asked = || server.ledger().billed.len();
    let annotate = |answer: &'static str| on_terminal(&person, &arguments, answer);

    let (is_done, shown) = annotate("n");
    assert!(!is_done && asked() == 0, "{shown}");
    for told in [server.url().as_str(), MODEL, "ends in 4711", "Use it, until it changes?"] {
        assert!(shown.contains(told), "{told}: {shown}");
    }
    assert!(!shown.contains(KEY), "{shown}");
    assert!(annotate("n").1.contains("Use it"), "a no is not kept");
    let (is_done, shown) = annotate("y");
    assert!(is_done && asked() == 3, "{shown}");
    let (is_done, shown) = annotate("n");
    assert!(is_done && asked() == 6 && !shown.contains("Use it"), "{shown}");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_env_file_with_the_key_of_an_endpoint_alone_is_asked_about() {
    let (server, elsewhere, person) = (simulate().await, simulate().await, Person::new());
    let url = server.url();
    let variables = [("ANTHROPIC_BASE_URL", url.as_str()), ("ANTHROPIC_API_KEY", "any")];
    let annotate = || person.annotate(&variables, &["--db", "x.db"]);
    let asked_elsewhere = || elsewhere.ledger().billed.len();
    person.plant(&format!("GATEWAY_KEY={KEY}\n"));
    let (is_done, told) = annotate();
    assert!(is_done && !told.contains(".env"), "nothing of it is ours: {told}");

    let host = elsewhere.url().trim_start_matches("http://").to_owned();
    let settings = format!(
        "agreed_hosts = [\"{host}\"]\n\n[[further_routes]]\nname = \"gateway\"\nbase_url = \"{}\"\n\
         key_env = \"GATEWAY_KEY\"\nprice_percent = 1\n",
        elsewhere.url()
    );
    fs::write(person.photos().join("x.db-files/settings.toml"), settings).unwrap();
    let (is_done, told) = annotate();
    assert!(is_done && told.contains("fieldmark env allow") && asked_elsewhere() == 0, "{told}");
    let allowed = said(&person.fieldmark(&[], &["env", "allow", "--db", "x.db"]));
    assert!(allowed.contains("GATEWAY_KEY ends in 4711"), "{allowed}");
    let (is_done, told) = annotate();
    assert!(is_done && !told.contains("is not used") && asked_elsewhere() > 0, "{told}");
    server.stop().await;
    elsewhere.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_goes_to_the_vendor_or_to_the_address_beside_it() {
    let (server, person) = (simulate().await, Person::new());
    let url = server.url();
    let (key, address) = (("ANTHROPIC_API_KEY", KEY), ("ANTHROPIC_BASE_URL", url.as_str()));
    let refused = |told: (bool, String)| {
        assert!(!told.0 && server.ledger().billed.is_empty(), "{}", told.1);
        assert!(told.1.contains(&format!("is not sent to {url}")), "{}", told.1);
    };
    refused(person.annotate(&[key], &["--base-url", &url]));
    person.plant(&format!("ANTHROPIC_BASE_URL={url}\n"));
    refused(person.annotate(&[key], &["--env-file", ".env"]));
    person.plant(&format!("ANTHROPIC_API_KEY={KEY}\n"));
    refused(person.annotate(&[address], &["--env-file", ".env"]));
    refused(person.annotate(&[], &["--env-file", ".env", "--base-url", &url]));

    let (is_done, told) = person.annotate(&[key, address], &["--base-url", &url]);
    assert!(is_done && server.ledger().billed.len() == 3, "{told}");
    server.stop().await;
}

#[test]
fn a_mistyped_database_creates_nothing() {
    let person = Person::new();
    let database = person.home.path().join("folder/mistyped.db");
    let name = database.to_str().unwrap();
    for arguments in
        [&["runs"][..], &["report", "latest"], &["recipes"], &["models"], &["skipped"], &["resume"], &["annotate", "."]]
    {
        let told = person.fieldmark(&[], &[arguments, &["--db", name]].concat());
        assert_eq!(told.status.code(), Some(2), "{arguments:?} {}", said(&told));
        assert!(said(&told).contains(&format!("there is no library at {name}")), "{arguments:?} {}", said(&told));
    }
    for arguments in [&["estimate", "."][..], &["doctor"]] {
        let told = said(&person.fieldmark(&[], &[arguments, &["--db", name]].concat()));
        assert!(told.contains(name), "{told}");
    }
    // Reading creates no library in the default place either.
    assert!(said(&person.fieldmark(&[], &["runs"])).contains("No runs yet"));
    assert!(!database.parent().unwrap().exists() && !person.home.path().join(".local/share").exists());

    let coffee = sample("coffee.jpg");
    let local = ["annotate", coffee.to_str().unwrap(), "--model", "nanodet-g-416", "--db", name];
    let asked = person.fieldmark(&[], &[&local[..], &["--create"]].concat());
    assert!(database.exists() && asked.status.code() == Some(2), "without consent, there is no run: {}", said(&asked));
    assert!(person.fieldmark(&[], &["runs", "--db", name]).status.success());
}

#[test]
fn a_database_of_another_program_is_left_as_it_is() {
    let person = Person::new();
    let path = person.home.path().join("notes.db");
    let notes = rusqlite::Connection::open(&path).unwrap();
    notes.execute_batch("CREATE TABLE notes (text); INSERT INTO notes VALUES ('x')").unwrap();
    notes.close().unwrap();
    let before = fs::read(&path).unwrap();
    let name = path.to_str().unwrap();
    for arguments in [&["annotate", ".", "--yes", "--create"][..], &["runs"], &["estimate", "."], &["doctor"]] {
        let told = person.fieldmark(&[], &[arguments, &["--db", name]].concat());
        assert!(!told.status.success() && said(&told).contains("not a Fieldmark library"), "{}", said(&told));
    }
    assert_eq!(fs::read(&path).unwrap(), before);
    let mut beside: Vec<_> =
        fs::read_dir(person.home.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    // The log files.
    beside.retain(|name| name != ".local");
    assert_eq!(beside.len(), 2, "only the database and the photos: {beside:?}");
}

#[test]
fn processes_that_change_the_settings_at_the_same_time_lose_nothing() {
    let person = Person::new();
    let library = person.home.path().join("library");
    let annotate = |port: usize| {
        let mut fieldmark = Command::new(binary("fieldmark"));
        fieldmark.env_clear().env("HOME", person.home.path()).env("FIELDMARK_LIBRARY", &library);
        fieldmark.env("ANTHROPIC_API_KEY", "any").env("ANTHROPIC_BASE_URL", format!("http://127.0.0.1:{port}"));
        fieldmark.current_dir(person.photos()).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        fieldmark.args(["annotate", ".", "--labels", "red", "--model", MODEL, "--yes"]).spawn().unwrap()
    };
    // No server listens there: each run ends immediately, after its host was agreed to.
    let running: Vec<_> = (1..=8).map(annotate).collect();
    for process in running {
        let told = said(&process.wait_with_output().unwrap());
        assert!(!told.contains("agreed"), "{told}");
    }
    let settings = fs::read_to_string(library.join("settings.toml")).unwrap();
    for port in 1..=8 {
        assert!(settings.contains(&format!("\"127.0.0.1:{port}\"")), "{port}: {settings}");
    }
    assert!(mode(&library) == Some(0o700) && mode(&library.join("settings.toml")) == Some(0o600));
}

#[cfg(unix)]
fn mode(path: &Path) -> Option<u32> {
    use std::os::unix::fs::PermissionsExt;
    Some(fs::metadata(path).ok()?.permissions().mode() & 0o777)
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_that_come_with_a_library_agree_to_no_host() {
    let (server, elsewhere) = (simulate().await, simulate().await);
    let asked_elsewhere = || elsewhere.ledger().billed.len() + elsewhere.ledger().refused.len();
    let host = elsewhere.url().trim_start_matches("http://").to_owned();
    let settings = format!(
        "agreed_hosts = [\"{host}\"]\n\n[[further_routes]]\nname = \"planted\"\nbase_url = \"{}\"\nkey_env = \"SECRET\"\nprice_percent = 1\n",
        elsewhere.url()
    );
    let url = server.url();
    let variables = [("ANTHROPIC_BASE_URL", url.as_str()), ("ANTHROPIC_API_KEY", "any"), ("SECRET", KEY)];
    let annotate = |person: &Person| person.annotate(&variables, &["--db", "x.db"]);
    let plant = |person: &Person| {
        fs::create_dir_all(person.photos().join("x.db-files")).unwrap();
        fs::write(person.photos().join("x.db-files/settings.toml"), &settings).unwrap();
    };

    // In the place of a library that does not exist yet.
    let person = Person::new();
    plant(&person);
    let (is_done, told) = annotate(&person);
    assert!(is_done && asked_elsewhere() == 0 && told.contains("the endpoint planted is not used"), "{told}");

    // With a library that someone else has created.
    let (planter, person) = (Person::new(), Person::new());
    assert!(annotate(&planter).0);
    fs::copy(planter.photos().join("x.db"), person.photos().join("x.db")).unwrap();
    plant(&person);
    let (is_done, told) = annotate(&person);
    assert!(is_done && asked_elsewhere() == 0 && told.contains("the endpoint planted is not used"), "{told}");

    // What users write into the settings of their own library counts as consent.
    plant(&planter);
    let (is_done, told) = annotate(&planter);
    assert!(is_done && asked_elsewhere() > 0, "{told}");
    server.stop().await;
    elsewhere.stop().await;
}
