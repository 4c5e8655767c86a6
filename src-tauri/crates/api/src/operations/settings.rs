//! The user's settings, and facts about this installation.

use domain::installation::Installation;
use domain::settings::Settings;

use crate::router::operations;

operations! {
    read settings(api) -> Settings {
        api.ask(|library| library.settings.stated()).await
    }

    /// Changes what differs between `before`, which the window has shown, and `after`; returns the settings after the change.
    write change_settings(api, before: Settings, after: Settings) -> Settings {
        api.ask(move |library| library.settings.change(&before, &after)).await
    }

    read installation(api) -> Installation {
        Ok(api.library.installation())
    }
}
