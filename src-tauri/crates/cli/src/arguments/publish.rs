//! `publish`.

use clap::Args;

#[derive(Args)]
#[command(after_help = "Examples:\n  \
    fieldmark publish --connect < connection.txt\n  \
    fieldmark publish\n  \
    FIELDMARK_DATABASE_URL=postgres://me:secret@db.example/photos fieldmark publish --yes\n  \
    fieldmark publish --schema > fieldmark.sql\n\n\
    Sends what has changed since the last time: image names, paths, hashes, sizes and dates; annotations with decisions; runs, costs \
    and recipes. Photos stay on this machine. In Supabase, run the output of --schema once in the SQL editor, and set SUPABASE_URL and \
    SUPABASE_SERVICE_ROLE_KEY.")]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag")]
pub struct Publish {
    /// Read a connection string from standard input and keep it in the keychain for this library: `postgres://USER:PASSWORD@HOST/DATABASE`,
    /// or a Supabase project's address, a space and its service role key
    #[arg(long, group = "task")]
    pub connect: bool,
    /// Remove the connection string from the keychain
    #[arg(long, group = "task")]
    pub disconnect: bool,
    /// Print the SQL statements that create the tables, or those that follow a version of the tables
    #[arg(long, group = "task", value_name = "VERSION", num_args = 0..=1, default_missing_value = "0")]
    pub schema: Option<u32>,
    /// Send everything again, and delete everything else of this library there
    #[arg(long, conflicts_with = "task")]
    pub all: bool,
    /// Send without being asked
    #[arg(long, conflicts_with = "task")]
    pub yes: bool,
}
