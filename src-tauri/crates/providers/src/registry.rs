//! Every provider that this program knows, one line a vendor.

use crate::anthropic::Anthropic;
use crate::provider::Provider;

/// In the order in which they are offered; the first is the one that settings without a provider mean.
static PROVIDERS: &[&dyn Provider] = &[&Anthropic];

/// Every provider, the default first.
#[must_use]
pub fn all() -> &'static [&'static dyn Provider] {
    PROVIDERS
}

/// The provider that settings mean which name none.
#[must_use]
pub fn default() -> &'static dyn Provider {
    PROVIDERS[0]
}
