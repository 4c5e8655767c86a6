//! Learned rate limits of endpoints: a row for each limit of a server with one key.

use domain::endpoint::EndpointId;
use domain::pace::EndpointLimit;
use rusqlite::params;

use super::all;
use crate::code::{from_name, name_of};
use crate::{Edit, Result, View};

impl View<'_> {
    pub fn endpoint_limits(&self, endpoint: &EndpointId) -> Result<Vec<EndpointLimit>> {
        let mut statement = self.0.prepare_cached(
            "SELECT unit, limit_at, burst FROM endpoint_limits WHERE base_url = ?1 AND key_fingerprint = ?2
             ORDER BY unit",
        )?;
        all(&mut statement, [&endpoint.base_url, &endpoint.key_fingerprint], |row| {
            Ok(EndpointLimit {
                unit: from_name("endpoint_limits.unit", row.get(0)?)?,
                limit: row.get(1)?,
                burst: row.get(2)?,
            })
        })
    }
}

impl Edit<'_> {
    /// Stores the learned limits of an endpoint. Unknown ones keep their value, as does the largest burst.
    pub fn keep_endpoint_limits(&self, endpoint: &EndpointId, limits: &[EndpointLimit], now: u64) -> Result<()> {
        let mut statement = self.0.0.prepare_cached(
            "INSERT INTO endpoint_limits (base_url, key_fingerprint, unit, limit_at, burst, noted_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT DO UPDATE SET limit_at = excluded.limit_at, burst = max(burst, excluded.burst),
                 noted_at = excluded.noted_at",
        )?;
        let EndpointId { base_url, key_fingerprint } = endpoint;
        for limit in limits {
            let unit = name_of(&limit.unit)?;
            statement.execute(params![base_url, key_fingerprint, unit, limit.limit, limit.burst, now])?;
        }
        Ok(())
    }
}
