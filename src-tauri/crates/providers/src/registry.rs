//! All providers, one line each.

use crate::anthropic::Anthropic;
use crate::bedrock::Bedrock;
use crate::gemini::Gemini;
use crate::openai::{Compatible, OpenAi};
use crate::provider::Provider;

/// In display order; the first is the default.
static PROVIDERS: &[&dyn Provider] = &[&Anthropic, &OpenAi, &Gemini, &Bedrock, &Compatible];

/// All providers, the default first.
#[must_use]
pub fn all() -> &'static [&'static dyn Provider] {
    #[cfg(feature = "scripted")]
    if let Some(all) = WITH_ADDED.get() {
        return all;
    }
    PROVIDERS
}

/// All providers, for tests that add some.
#[cfg(feature = "scripted")]
static WITH_ADDED: std::sync::OnceLock<Vec<&'static dyn Provider>> = std::sync::OnceLock::new();

/// Adds providers for the tests of this process. Call it once, before any other function of this module.
#[cfg(feature = "scripted")]
pub fn add_for_tests(added: &[&'static dyn Provider]) {
    WITH_ADDED.get_or_init(|| PROVIDERS.iter().chain(added).copied().collect());
}

/// The address that `typed` means at the provider with this id, as [`Descriptor::address`](crate::provider::Descriptor::address).
#[must_use]
pub fn address_at(id: &str, typed: &str) -> String {
    let provider = all().iter().find(|provider| provider.descriptor().id == id);
    provider.map_or_else(|| typed.to_owned(), |provider| provider.descriptor().address(typed))
}

/// The provider of settings that name none.
#[must_use]
pub fn default() -> &'static dyn Provider {
    PROVIDERS[0]
}
