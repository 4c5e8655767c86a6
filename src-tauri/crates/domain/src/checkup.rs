//! Findings of `doctor`. The command line has their texts.

use serde::{Deserialize, Serialize};

use crate::connection::{ConnectionCheck, KeyPlace, SettingSource};

/// Severity of a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    Fine,
    /// Fieldmark works, but something may be missed.
    Warning,
    /// Something does not work.
    Problem,
}

/// A finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "subject", rename_all = "snake_case")]
pub enum CheckupFinding {
    Versions {
        fieldmark: String,
        sqlite: String,
        system: String,
        processors: u32,
    },
    /// The folder of the library.
    Folder {
        path: String,
        problem: Option<String>,
    },
    /// Free bytes on the library's disk; `None` if unknown.
    FreeSpace {
        bytes: Option<u64>,
    },
    /// The database and the damage found in it.
    Database {
        path: String,
        problems: Vec<String>,
    },
    /// There is no library yet.
    NoLibrary {
        path: String,
    },
    /// The library cannot be opened: the reason, and what to do.
    Unopened {
        path: String,
        problem: String,
    },
    /// Process variables and the `.env` file.
    Environment {
        problem: Option<String>,
    },
    Keychain {
        problem: Option<String>,
    },
    /// The settings cannot be read: the reason.
    Settings {
        problem: String,
    },
    /// Where images would be sent, the source of this setting, and what is wrong with it.
    Server {
        /// The name of the provider.
        provider: String,
        base_url: String,
        said_by: SettingSource,
        /// The environment variables that may set the server and the model.
        variables: Vec<String>,
        problem: Option<String>,
    },
    /// The key's source; never the key itself.
    Key {
        host: String,
        place: Option<KeyPlace>,
        /// The environment variable that may hold it.
        variable: Option<String>,
        /// Why the key from the environment is not sent to the server.
        withheld: Option<String>,
    },
    /// The server's response, if requested.
    Connection {
        /// The name of the provider.
        provider: String,
        check: ConnectionCheck,
    },
    /// The configuration of an additional endpoint; never its key.
    Endpoint {
        name: String,
        host: String,
        place: Option<KeyPlace>,
        /// The environment variable that may hold its key.
        key_variable: String,
        /// Why it is not used, regardless of its key.
        problem: Option<String>,
    },
    /// An additional endpoint's response, if requested.
    EndpointConnection {
        name: String,
        check: ConnectionCheck,
    },
    /// Memory of this machine in bytes.
    Memory {
        total: u64,
        available: u64,
    },
    /// What shows the window.
    Window {
        browser: String,
    },
    /// What the library holds.
    Contents {
        schema: u32,
        images: u64,
        annotations: u64,
        runs: u64,
    },
    /// The settings that differ from the defaults, without the commands of hooks. Settings hold no keys.
    StatedSettings {
        settings: serde_json::Value,
    },
    /// The log files.
    Log {
        folder: String,
        files: u32,
        bytes: u64,
        /// Why they cannot be written.
        problem: Option<String>,
        /// The latest warnings and errors, oldest first.
        errors: Vec<String>,
    },
    /// The latest panic or unexpected end in the log.
    LastCrash {
        record: Option<String>,
    },
    /// Detections of the built-in model in a bundled photo.
    EmbeddedModel {
        found: Vec<String>,
        problem: Option<String>,
    },
}

/// Free space below which a library will soon be full.
const LITTLE_SPACE: u64 = 1 << 30;
/// Free space below which a run may not even start.
const NO_SPACE: u64 = 50 << 20;

impl CheckupFinding {
    #[must_use]
    pub fn severity(&self) -> Severity {
        let problem_if = |is_one| if is_one { Severity::Problem } else { Severity::Fine };
        let warning_if = |is_one| if is_one { Severity::Warning } else { Severity::Fine };
        match self {
            Self::Versions { .. }
            | Self::NoLibrary { .. }
            | Self::Memory { .. }
            | Self::Window { .. }
            | Self::Contents { .. }
            | Self::StatedSettings { .. } => Severity::Fine,
            Self::Unopened { .. } | Self::Settings { .. } => Severity::Problem,
            Self::Folder { problem, .. } | Self::Environment { problem } | Self::Server { problem, .. } => {
                problem_if(problem.is_some())
            }
            Self::FreeSpace { bytes } => match bytes {
                Some(..NO_SPACE) => Severity::Problem,
                Some(..LITTLE_SPACE) | None => Severity::Warning,
                Some(_) => Severity::Fine,
            },
            Self::Database { problems, .. } => problem_if(!problems.is_empty()),
            Self::LastCrash { record } => warning_if(record.is_some()),
            Self::Keychain { problem } | Self::Log { problem, .. } => warning_if(problem.is_some()),
            Self::Key { place, .. } => warning_if(place.is_none()),
            Self::Endpoint { place, problem, .. } => warning_if(place.is_none() || problem.is_some()),
            Self::Connection { check, .. } | Self::EndpointConnection { check, .. } => match check {
                ConnectionCheck::Works { .. } => Severity::Fine,
                ConnectionCheck::NoKey | ConnectionCheck::LocalOnly => Severity::Warning,
                _ => Severity::Problem,
            },
            Self::EmbeddedModel { found, problem } => problem_if(problem.is_some() || found.is_empty()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stops_work_is_a_problem_and_what_only_limits_it_a_warning() {
        let space = |bytes| CheckupFinding::FreeSpace { bytes }.severity();
        assert_eq!(space(Some(0)), Severity::Problem);
        assert_eq!(space(Some(LITTLE_SPACE - 1)), Severity::Warning);
        assert_eq!(space(Some(LITTLE_SPACE)), Severity::Fine);
        assert_eq!(space(None), Severity::Warning);
        let no_key = CheckupFinding::Key { host: String::new(), place: None, variable: None, withheld: None };
        let rejected = CheckupFinding::Connection { provider: String::new(), check: ConnectionCheck::KeyRejected };
        // The embedded model needs no key.
        assert_eq!(no_key.severity(), Severity::Warning);
        assert_eq!(rejected.severity(), Severity::Problem);
        assert_eq!(CheckupFinding::EmbeddedModel { found: Vec::new(), problem: None }.severity(), Severity::Problem);
    }
}
