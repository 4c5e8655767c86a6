//! Hooks: their state, and the user's consent to a command.

use domain::hooks::{HookEvent, HookStanding, Hooks};

use crate::router::operations;
use crate::{ApiError, ErrorCode};

operations! {
    /// Every event with its command, in the order in which they occur.
    read hooks(api) -> Vec<HookStanding> {
        api.ask(|library| library.hooks.all()).await
    }

    /// The user has seen exactly this command, and when it runs.
    write agree_to_hook(api, event: HookEvent, command: String) -> () {
        if !api.front_end.may_agree_to_hooks {
            let message = "agree to hooks on the machine that runs them: fieldmark hooks agree";
            return Err(ApiError::new(ErrorCode::DesktopOnly, message));
        }
        api.ask(move |library| library.hooks.agree(event, &command)).await
    }

    /// Commands that report every run to Claude Flow. This saves nothing.
    read claude_flow_hooks(api) -> Hooks {
        let _ = api;
        Ok(engine::claude_flow_hooks())
    }
}
