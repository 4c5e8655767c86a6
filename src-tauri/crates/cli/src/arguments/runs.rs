//! `runs`.

use clap::{ArgGroup, Args, Subcommand};
use domain::run_description::RunDescription;

use super::RunChoice;

#[derive(Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "Examples:\n  \
    fieldmark runs\n  \
    fieldmark runs --tag winter --model claude-haiku-5-5\n  \
    fieldmark runs set 12 --name 'Night shift' --tag winter,boats\n  \
    fieldmark runs --json"
)]
pub struct RunsArguments {
    #[command(subcommand)]
    pub command: Option<RunsCommand>,
    /// Only runs with this tag, or with all of several
    #[arg(long = "tag", value_delimiter = ',', value_name = "A,B,...")]
    pub tags: Vec<String>,
    /// Only runs of this model, by its id
    #[arg(long, value_name = "ID")]
    pub model: Option<String>,
}

#[derive(Subcommand)]
pub enum RunsCommand {
    /// Name a run, and tag it
    Set(SetRun),
}

#[derive(Args)]
#[group(skip)]
#[command(group = ArgGroup::new("values").required(true).multiple(true).args(["name", "tags", "removed_tags"]))]
pub struct SetRun {
    /// Run number, or latest
    #[arg(value_name = "RUN")]
    pub run: RunChoice,
    /// The name; empty for none
    #[arg(long)]
    name: Option<String>,
    /// Add tags
    #[arg(long = "tag", value_delimiter = ',', value_name = "A,B,...")]
    tags: Vec<String>,
    /// Remove tags
    #[arg(long = "remove-tag", value_delimiter = ',', value_name = "A,B,...")]
    removed_tags: Vec<String>,
}

impl SetRun {
    /// What becomes of `before`.
    pub fn applied_to(&self, before: &RunDescription) -> RunDescription {
        let removed = RunDescription { tags: self.removed_tags.clone(), ..RunDescription::default() };
        let kept = before.tags.iter().filter(|tag| !removed.has_tag(tag));
        RunDescription {
            name: self.name.clone().unwrap_or_else(|| before.name.clone()),
            tags: kept.chain(&self.tags).cloned().collect(),
        }
    }
}
