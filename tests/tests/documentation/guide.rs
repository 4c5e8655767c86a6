//! The commands of docs/guide work: the fences of each page run in order, in one shell, with a home folder of their own. A
//! simulator stands in for the vendor, another for a server of open models, and a real PostgreSQL server for the team's.
//!
//! After three backticks, `sh` is run, `sh no_run` is not; `toml NAME` is written to that file first, and `settings.toml` into
//! the library's folder; `sql` is for the database. Options and values of every command are checked by the command line's own tests.

use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use fieldmark_tests::postgres::Server;
use fieldmark_tests::{binary, repository, sample};
use simulator::{LenientServer, Options, Protocol, Running, Simulator};

use crate::pages;

const LIBRARY: &str = ".local/share/fieldmark";

/// What the pages name, and what stands in for it.
struct Stand {
    vendor: Running,
    own_server: Running,
    database: Server,
}

impl Stand {
    async fn start() -> Self {
        let own = Options { protocol: Protocol::LenientChat(LenientServer::default()), ..Options::default() };
        Self {
            vendor: Simulator::start(Options::default()).await.unwrap(),
            own_server: Simulator::start(own).await.unwrap(),
            database: Server::start(),
        }
    }

    fn replaced(&self, text: &str, database: &str) -> String {
        text.replace("sk-ant-...", "any")
            .replace(":11434", &format!(":{}", self.own_server.address().port()))
            .replace("postgres://label:secret@db.example.org/photos", database)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_commands_of_the_guide_work() {
    let stand = Stand::start().await;
    let mut failed = Vec::new();
    let mut pages = pages::in_folder(&repository("docs/guide"));
    pages.sort();
    for (number, page) in pages.iter().enumerate() {
        let name = page.file_name().unwrap().to_string_lossy().into_owned();
        let database = format!("guide{number}");
        stand.database.database(&database).await;
        let script = script_of(page, &stand, &stand.database.url(&database));
        if let Some(problem) = tokio::task::block_in_place(|| run(&script, &stand)) {
            failed.push(format!("{name}:\n{problem}"));
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n\n"));
}

/// All fences of a page that are run, with the files that it shows.
fn script_of(page: &Path, stand: &Stand, database: &str) -> String {
    let mut script = String::new();
    for fence in pages::read(page).0 {
        let text = stand.replaced(&fence.text, database);
        match fence.info.split_once(' ') {
            None if fence.info == "sh" => script.push_str(&text),
            None if fence.info == "sql" => {
                write!(script, "psql --set ON_ERROR_STOP=1 \"$FIELDMARK_DATABASE_URL\" <<'END'\n{text}END\n").unwrap();
            }
            Some(("toml", name)) => {
                let folder = if name == "settings.toml" { format!("$HOME/{LIBRARY}") } else { ".".to_owned() };
                write!(script, "mkdir -p {folder}\ncat > {folder}/{name} <<'END'\n{text}END\n").unwrap();
                if name == "settings.toml" {
                    script.push_str("fieldmark providers\n");
                }
            }
            _ => {}
        }
    }
    script
}

/// Runs a script; what was printed, if it failed.
fn run(script: &str, stand: &Stand) -> Option<String> {
    let home = tempfile::tempdir().unwrap();
    let photos = home.path().join("holiday");
    fs::create_dir(&photos).unwrap();
    for name in ["astronaut.jpg", "chelsea.jpg", "coffee.jpg"] {
        fs::copy(sample(name), photos.join(name)).unwrap();
    }
    let programs = binary("fieldmark");
    let path = [programs.parent().unwrap().to_str().unwrap(), &std::env::var("PATH").unwrap()].join(":");
    let port = stand.own_server.address().port();
    // A person answers questions; here, --yes does.
    let answering = "fieldmark() { case $1 in annotate|resume|calibrate|publish) \
                     case $* in *--schema*) command fieldmark \"$@\";; *) command fieldmark \"$@\" --yes;; esac;; \
                     *) command fieldmark \"$@\";; esac; }\n";
    let told = Command::new("bash")
        .args(["-c", &format!("set -ex\n{answering}{script}")])
        .current_dir(home.path())
        .env_clear()
        .env("PATH", path)
        .env("HOME", home.path())
        .env("ANTHROPIC_BASE_URL", stand.vendor.url())
        .env("FIELDMARK_LOCAL_SERVERS", format!("Ollama={port}"))
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&[told.stdout, told.stderr].concat()).into_owned();
    (!told.status.success()).then(|| format!("{}\n{said}", told.status))
}
