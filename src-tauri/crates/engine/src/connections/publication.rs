//! The database that a library is published to, and its password or key.

use domain::connection::KeyPlace;
use domain::publication::{PublicationKind, PublicationTarget};
use keys::{DATABASE_URL, Keeping, KeyOwner, Place, SUPABASE_KEY, SUPABASE_URL};
use publish::{PostgresAddress, PublishError, RestAddress};
use zeroize::Zeroizing;

use super::Connections;
use super::key_lookup::place_of;
use crate::Result;

/// An address with its password or key.
pub enum DatabaseAddress {
    Postgres(Box<PostgresAddress>),
    Rest(RestAddress),
}

/// A database and where its password or key is from.
pub struct Database {
    pub address: DatabaseAddress,
    pub place: KeyPlace,
}

impl Database {
    #[must_use]
    pub fn target(&self) -> PublicationTarget {
        let (server, kind, is_on_this_machine) = match &self.address {
            DatabaseAddress::Postgres(address) => {
                (address.shown().to_owned(), PublicationKind::Postgres, address.is_on_this_machine())
            }
            DatabaseAddress::Rest(address) => {
                (address.shown().to_owned(), PublicationKind::Rest, address.is_on_this_machine())
            }
        };
        PublicationTarget { server, kind, place: self.place, is_on_this_machine }
    }
}

/// Reads `postgres://...`, or the address of a Supabase project, a space and the service role's key.
fn parse(text: &str) -> std::result::Result<DatabaseAddress, PublishError> {
    let text = text.trim();
    if text.starts_with("http://") || text.starts_with("https://") {
        let Some((url, key)) = text.split_once(char::is_whitespace) else {
            return Err(PublishError::Address(
                "the service role's key is missing: enter the project's address, a space and the key".into(),
            ));
        };
        return RestAddress::new(url, Zeroizing::new(key.trim().to_owned())).map(DatabaseAddress::Rest);
    }
    PostgresAddress::parse(text).map(|address| DatabaseAddress::Postgres(Box::new(address)))
}

impl Connections {
    /// The database of the environment, otherwise the one that the user entered for this library. `None` if there is
    /// none.
    pub fn database(&self) -> Result<Option<Database>> {
        if let Some((text, place)) = self.variable(DATABASE_URL)? {
            return Ok(Some(Database { address: parse(&text)?, place }));
        }
        // A key goes only to the address set beside it.
        if let (Some((url, place)), Some((key, key_place))) =
            (self.variable(SUPABASE_URL)?, self.variable(SUPABASE_KEY)?)
            && place == key_place
        {
            return Ok(Some(Database { address: DatabaseAddress::Rest(RestAddress::new(&url, key)?), place }));
        }
        self.entered_database()
    }

    /// The database that the user entered for this library.
    pub fn entered_database(&self) -> Result<Option<Database>> {
        let Some(found) = self.keys.find(&self.database_owner())? else { return Ok(None) };
        let place = match found.place {
            Place::Keychain => KeyPlace::Keychain,
            Place::Session => KeyPlace::Session,
        };
        Ok(Some(Database { address: parse(&found.secret)?, place }))
    }

    /// Keeps a connection string for this library, in the keychain if there is one.
    ///
    /// # Errors
    ///
    /// If it is not one.
    pub fn enter_database(&self, text: Zeroizing<String>) -> Result<Keeping> {
        parse(&text)?;
        Ok(self.keys.keep(&self.database_owner(), text))
    }

    pub fn forget_database(&self) -> Result<()> {
        Ok(self.keys.forget(&self.database_owner())?)
    }

    fn database_owner(&self) -> KeyOwner {
        KeyOwner { provider: "database".into(), origin: self.settings.library().library.clone(), is_default: false }
    }

    fn variable(&self, name: &str) -> Result<Option<(Zeroizing<String>, KeyPlace)>> {
        let environment = self.environment();
        let environment = environment.as_ref().as_ref().map_err(Clone::clone)?;
        Ok(environment.key_in(name)?.map(|(value, source)| (value, place_of(source))))
    }
}
