//! Findings of `doctor`, with advice.

use std::io::{self, Write};

use domain::checkup::{CheckupFinding, Severity};
use domain::connection::{ConnectionCheck, KeyPlace, SettingSource};

use super::format::{bytes, counted, counted_len};
use crate::style::{ERROR, GOOD, WARNING};

/// Aligns advice with the text of its finding.
const INDENT: &str = "                       ";

pub fn checkup(out: &mut dyn Write, findings: &[CheckupFinding]) -> io::Result<()> {
    for finding in findings {
        let severity = finding.severity();
        let (style, word) = match severity {
            Severity::Fine => (GOOD, "ok"),
            Severity::Warning => (WARNING, "warn"),
            Severity::Problem => (ERROR, "problem"),
        };
        let (subject, seen, advice) = text_of(finding);
        writeln!(out, "{style}{word:<8}{style:#} {subject:<13} {seen}")?;
        if severity != Severity::Fine && !advice.is_empty() {
            writeln!(out, "{INDENT}{advice}")?;
        }
    }
    let count = |severity| findings.iter().filter(|finding| finding.severity() == severity).count();
    let (problems, warnings) = (count(Severity::Problem), count(Severity::Warning));
    let style = if problems > 0 { ERROR } else { GOOD };
    writeln!(out)?;
    writeln!(out, "{style}{}{style:#}, {}", counted_len(problems, "problem"), counted_len(warnings, "warning"))
}

/// Subject, what was found, and what to do about it where that is a problem.
fn text_of(finding: &CheckupFinding) -> (&'static str, String, String) {
    let (subject, seen, advice) = match finding {
        CheckupFinding::Server { provider, base_url, said_by, variables, problem } => {
            let seen = || format!("{base_url} for {provider}{}", source_of(*said_by, variables));
            let advice = format!("Correct {} or the settings.", listed(variables));
            return ("server", either(problem.as_ref(), seen, ToString::to_string), advice);
        }
        CheckupFinding::Key { host, place, variable, withheld } => {
            let seen = match (place, withheld) {
                (Some(place), _) => format!("for {host}, {}", from_where(*place, variable.as_deref())),
                (None, Some(why)) => why.clone(),
                (None, None) => format!("no key for {host}: its models are not available"),
            };
            let set = variable.as_ref().map_or_else(String::new, |variable| format!("Set {variable}, or enter"));
            let enter = if set.is_empty() { "Enter".to_owned() } else { set };
            return ("key", seen, format!("{enter} a key in the settings of the window."));
        }
        CheckupFinding::Settings { problem } => {
            ("settings", problem.clone(), "Correct the file. Until then nothing is sent.")
        }
        CheckupFinding::Versions { fieldmark, sqlite, system, processors } => {
            let processors = counted(*processors, "processor");
            ("versions", format!("Fieldmark {fieldmark}, SQLite {sqlite}, {system}, {processors}"), "")
        }
        CheckupFinding::Folder { path, problem } => (
            "folder",
            either(
                problem.as_ref(),
                || format!("{path} can be written"),
                |why| format!("{path} cannot be written: {why}"),
            ),
            "Choose another library with --db or FIELDMARK_LIBRARY, or make the folder writable.",
        ),
        CheckupFinding::FreeSpace { bytes: free } => (
            "free space",
            free.map_or_else(|| "unknown".to_owned(), |free| format!("{} free", bytes(free))),
            "Free up space for thumbnails and answers, or move the library to another disk.",
        ),
        CheckupFinding::Database { path, problems } => (
            "database",
            if problems.is_empty() { format!("{path} is intact") } else { problems.join("; ") },
            "Copy the library's folder first. Then `fieldmark library repair` saves what can be read.",
        ),
        CheckupFinding::NoLibrary { path } => ("database", format!("no library yet at {path}"), ""),
        CheckupFinding::Unopened { problem, .. } => ("database", problem.clone(), ""),
        CheckupFinding::Environment { problem } => (
            "environment",
            either(problem.as_ref(), || "variables and .env can be read".to_owned(), ToString::to_string),
            "Correct the variable or the line. Until then nothing is sent.",
        ),
        CheckupFinding::Keychain { problem } => (
            "keychain",
            either(problem.as_ref(), || "available".to_owned(), ToString::to_string),
            "Keys from the environment or .env work without one.",
        ),
        CheckupFinding::Connection { provider, check } => {
            let (seen, advice) = connection(check);
            ("connection", format!("{provider}: {seen}"), advice)
        }
        CheckupFinding::Endpoint { name, host, place, key_variable, problem } => (
            "endpoint",
            match problem {
                Some(problem) => format!("{name} is not used: {problem}"),
                None => format!("{name} {}", key_of_endpoint(host, *place, key_variable)),
            },
            "Set its variable, enter a key in the settings of the window, or correct its entry in settings.toml.",
        ),
        CheckupFinding::EndpointConnection { name, check } => {
            let (seen, advice) = connection(check);
            ("endpoint", format!("{name}: {seen}"), advice)
        }
        CheckupFinding::Memory { total, available } => {
            ("memory", format!("{} of {} available", bytes(*available), bytes(*total)), "")
        }
        CheckupFinding::Window { browser } => ("window", browser.clone(), ""),
        CheckupFinding::Contents { schema, images, annotations, runs } => {
            ("contents", format!("{images} images, {annotations} annotations, {runs} runs, format {schema}"), "")
        }
        CheckupFinding::StatedSettings { .. } => ("settings", "can be read".to_owned(), ""),
        CheckupFinding::Log { folder, bytes: size, problem, errors, .. } => (
            "log",
            match problem {
                Some(why) => format!("{folder} cannot be written: {why}"),
                None => format!("{folder}, {}, {}", bytes(*size), counted_len(errors.len(), "recent error")),
            },
            "Make the folder writable, or name another in FIELDMARK_LOGS.",
        ),
        CheckupFinding::LastCrash { record } => (
            "last crash",
            record.clone().unwrap_or_else(|| "none in the log".to_owned()),
            "If it happens again, report it with the output of `fieldmark doctor --json`.",
        ),
        CheckupFinding::EmbeddedModel { found, problem } => (
            "built-in model",
            problem.clone().unwrap_or_else(|| found_by_model(found)),
            "This installation is damaged: reinstall Fieldmark.",
        ),
    };
    (subject, seen, advice.to_owned())
}

fn found_by_model(labels: &[String]) -> String {
    match labels {
        [] => "finds nothing in the test photo".to_owned(),
        labels => format!("finds in the test photo: {}", labels.join(", ")),
    }
}

fn key_of_endpoint(host: &str, place: Option<KeyPlace>, variable: &str) -> String {
    match place {
        None => format!("is not used: there is no key for {host} (set {variable})"),
        Some(KeyPlace::Variable) => format!("at {host}, key from {variable}"),
        Some(place) => format!("at {host}, key {}", from_where(place, None)),
    }
}

fn either(problem: Option<&String>, fine: impl FnOnce() -> String, wrong: impl FnOnce(&String) -> String) -> String {
    match problem {
        None => fine(),
        Some(problem) => wrong(problem),
    }
}

/// `variables`: that of the address first.
fn source_of(source: SettingSource, variables: &[String]) -> String {
    match source {
        SettingSource::Default => String::new(),
        SettingSource::Settings => ", from the settings".into(),
        SettingSource::Variable => {
            format!(", from {}", variables.first().map_or("the environment", String::as_str))
        }
        SettingSource::DotEnv => ", from the .env file here".into(),
    }
}

/// For advice.
fn listed(variables: &[String]) -> String {
    if variables.is_empty() { "the environment".into() } else { variables.join(", ") }
}

/// `variable`: the one that may hold it.
pub fn from_where(place: KeyPlace, variable: Option<&str>) -> String {
    match place {
        KeyPlace::Keychain => "in the keychain".into(),
        KeyPlace::Session => "entered in this session".into(),
        KeyPlace::Variable => format!("from {}", variable.unwrap_or("the environment")),
        KeyPlace::DotEnv => "from the .env file here".into(),
        KeyPlace::CommandLine => "from the command line".into(),
    }
}

pub fn connection(check: &ConnectionCheck) -> (String, &'static str) {
    match check {
        ConnectionCheck::Works { model, model_count, with_key } => {
            let how = if *with_key { "the key works" } else { "it works without a key" };
            (format!("{how}; the server offers {model} ({} in all)", counted(*model_count, "model")), "")
        }
        ConnectionCheck::NoKey => ("not checked: there is no key".into(), ""),
        ConnectionCheck::LocalOnly => ("not checked: the settings allow only this machine".into(), ""),
        ConnectionCheck::Unusable { detail } => (detail.clone(), "Correct the setting. Nothing was sent."),
        ConnectionCheck::KeyRejected => ("the server rejects the key".into(), "Enter another key."),
        ConnectionCheck::NotPermitted { detail } => {
            (format!("the key is not permitted to do this: {detail}"), "Grant the permission in the vendor's console.")
        }
        ConnectionCheck::NoCredit { detail } => {
            (format!("the account has no credit: {detail}"), "Add credit on the vendor's billing page.")
        }
        ConnectionCheck::UnknownModel { model, .. } => (
            format!("the server does not know {model}"),
            "Choose one that it offers, with --model or the provider's variable.",
        ),
        ConnectionCheck::NotSuchAServer { detail } => {
            (format!("not a compatible server: {detail}"), "Correct the address.")
        }
        ConnectionCheck::Unreachable { detail } => (detail.clone(), "Check the network and the address."),
        ConnectionCheck::ServerFailing { detail } => (format!("server error: {detail}"), "Try again later."),
    }
}
