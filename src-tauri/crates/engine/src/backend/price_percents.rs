//! Prices of several endpoints, relative to the list price.

/// The vendor's list price, in percent.
const LIST_PERCENT: u16 = 100;

/// The price on the cheapest and the dearest endpoint, in percent of the list price.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PricePercents {
    pub cheapest: u16,
    pub dearest: u16,
}

impl PricePercents {
    pub const LIST: Self = Self { cheapest: LIST_PERCENT, dearest: LIST_PERCENT };

    pub fn of(percents: impl Iterator<Item = u16>) -> Self {
        let wider = |all: Option<Self>, percent: u16| {
            Some(all.map_or(Self { cheapest: percent, dearest: percent }, |all| Self {
                cheapest: all.cheapest.min(percent),
                dearest: all.dearest.max(percent),
            }))
        };
        percents.fold(None, wider).unwrap_or(Self::LIST)
    }
}
