//! What runs have learned of the limits of servers: a row for each limit of each server.

use domain::pace::EndpointLimit;
use rusqlite::params;

use super::all;
use crate::code::{from_name, name_of};
use crate::{Edit, Result, View};

impl View<'_> {
    /// The known limits of the server with this origin.
    pub fn endpoint_limits(&self, origin: &str) -> Result<Vec<EndpointLimit>> {
        let mut statement = self
            .0
            .prepare_cached("SELECT unit, limit_at, burst FROM endpoint_limits WHERE origin = ?1 ORDER BY unit")?;
        all(&mut statement, [origin], |row| {
            Ok(EndpointLimit {
                unit: from_name("endpoint_limits.unit", row.get(0)?)?,
                limit: row.get(1)?,
                burst: row.get(2)?,
            })
        })
    }
}

impl Edit<'_> {
    /// Keeps what is known by now of a server's limits. Those that are not known stay as they were, and so does the largest
    /// burst that it has taken.
    pub fn keep_endpoint_limits(&self, origin: &str, limits: &[EndpointLimit], now: u64) -> Result<()> {
        let mut statement = self.0.0.prepare_cached(
            "INSERT INTO endpoint_limits (origin, unit, limit_at, burst, noted_at) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT DO UPDATE SET limit_at = excluded.limit_at, burst = max(burst, excluded.burst),
                 noted_at = excluded.noted_at",
        )?;
        for limit in limits {
            statement.execute(params![origin, name_of(&limit.unit)?, limit.limit, limit.burst, now])?;
        }
        Ok(())
    }
}
