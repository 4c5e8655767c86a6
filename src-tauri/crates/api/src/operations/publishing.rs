//! Publishing to a database.

use domain::publication::{LastPublication, PublicationTarget, Published};
use engine::Keeping;
use serde::Serialize;
use zeroize::Zeroizing;

use crate::router::operations;

/// Where the library is published.
#[derive(Serialize, specta::Type)]
pub struct PublicationOverview {
    /// `None` if no database is known.
    pub target: Option<PublicationTarget>,
    /// What the user entered, which the environment may override.
    pub entered: Option<PublicationTarget>,
    pub last: Option<LastPublication>,
}

operations! {
    read publication(api) -> PublicationOverview {
        let publishing = &api.library.publishing;
        Ok(PublicationOverview {
            target: publishing.target().await?,
            entered: publishing.entered().await?,
            last: publishing.last().await?,
        })
    }

    /// Keeps the connection string of a database for this library. Returns whether it is still known after a restart.
    write connect_database(api, text: String) -> bool {
        Ok(api.library.publishing.connect(Zeroizing::new(text)).await? == Keeping::Keychain)
    }

    /// Forgets the connection string that was entered.
    write disconnect_database(api) -> () {
        Ok(api.library.publishing.disconnect().await?)
    }

    /// Sends what has changed since the last time to the database, or everything.
    write publish(api, is_from_start: bool) -> Published {
        Ok(api.library.publishing.publish(is_from_start, |_| {}).await?)
    }
}
