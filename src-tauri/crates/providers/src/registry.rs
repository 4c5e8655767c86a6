//! All providers, one line each.

use crate::anthropic::Anthropic;
use crate::provider::Provider;

/// In display order; the first is the default.
static PROVIDERS: &[&dyn Provider] = &[&Anthropic];

/// All providers, the default first.
#[must_use]
pub fn all() -> &'static [&'static dyn Provider] {
    PROVIDERS
}

/// The provider of settings that name none.
#[must_use]
pub fn default() -> &'static dyn Provider {
    PROVIDERS[0]
}
