//! What a look at everything that Fieldmark stands on has found. The words for it belong to whoever shows it.

use serde::{Deserialize, Serialize};

use crate::connection::{ConnectionCheck, KeyPlace, SettingSource};

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    Fine,
    /// Fieldmark works, without something that a person may miss.
    Warning,
    /// Something does not work.
    Problem,
}

/// One thing that was looked at, and what was seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "subject", rename_all = "snake_case")]
pub enum Finding {
    Versions {
        fieldmark: String,
        sqlite: String,
        system: String,
        processors: u32,
    },
    /// The folder that holds the library.
    Folder {
        path: String,
        problem: Option<String>,
    },
    /// Bytes that are free where the library is; `None`: nobody could say.
    FreeSpace {
        bytes: Option<u64>,
    },
    /// The database, and what is damaged in it.
    Database {
        path: String,
        problems: Vec<String>,
    },
    /// There is no library yet.
    NoLibrary {
        path: String,
    },
    /// The library cannot be opened: why, and what to do about it.
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
    /// The settings cannot be read: why.
    Settings {
        problem: String,
    },
    /// Where images would be sent, and by whose word; what is wrong with it.
    Server {
        /// The name of the provider.
        provider: String,
        base_url: String,
        said_by: SettingSource,
        /// The variables of the environment that may set it, with the model.
        variables: Vec<String>,
        problem: Option<String>,
    },
    /// The key for that server; never the key itself.
    Key {
        host: String,
        place: Option<KeyPlace>,
        /// The variable of the environment that may hold it.
        variable: Option<String>,
        /// Why that of the environment is not sent there.
        withheld: Option<String>,
    },
    /// What the server said; only when it was to be asked.
    Connection {
        /// The name of the provider.
        provider: String,
        check: ConnectionCheck,
    },
    /// An additional endpoint, as it is set up; never its key.
    Endpoint {
        name: String,
        host: String,
        place: Option<KeyPlace>,
        /// The variable of the environment that may hold its key.
        key_variable: String,
        /// Why it is not used, whatever its key.
        problem: Option<String>,
    },
    /// What an additional endpoint said; only when it was to be asked.
    EndpointConnection {
        name: String,
        check: ConnectionCheck,
    },
    /// What the embedded model found in a photo that comes along.
    EmbeddedModel {
        found: Vec<String>,
        problem: Option<String>,
    },
}

/// Free space below which a library of thumbnails and answers will soon not grow any more.
const LITTLE_SPACE: u64 = 1 << 30;
/// Free space below which a run may not even begin.
const NO_SPACE: u64 = 50 << 20;

impl Finding {
    #[must_use]
    pub fn severity(&self) -> Severity {
        let problem_if = |is_one| if is_one { Severity::Problem } else { Severity::Fine };
        let warning_if = |is_one| if is_one { Severity::Warning } else { Severity::Fine };
        match self {
            Self::Versions { .. } | Self::NoLibrary { .. } => Severity::Fine,
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
            Self::Keychain { problem } => warning_if(problem.is_some()),
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
        let space = |bytes| Finding::FreeSpace { bytes }.severity();
        assert_eq!(space(Some(0)), Severity::Problem);
        assert_eq!(space(Some(LITTLE_SPACE - 1)), Severity::Warning);
        assert_eq!(space(Some(LITTLE_SPACE)), Severity::Fine);
        assert_eq!(space(None), Severity::Warning);
        let no_key = Finding::Key { host: String::new(), place: None, variable: None, withheld: None };
        let rejected = Finding::Connection { provider: String::new(), check: ConnectionCheck::KeyRejected };
        // The embedded model needs no key.
        assert_eq!(no_key.severity(), Severity::Warning);
        assert_eq!(rejected.severity(), Severity::Problem);
        assert_eq!(Finding::EmbeddedModel { found: Vec::new(), problem: None }.severity(), Severity::Problem);
    }
}
