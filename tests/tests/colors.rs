//! `--color` in output before the arguments are parsed: help, and argument errors.

#![expect(clippy::unwrap_used, reason = "a step that cannot be taken fails the test")]

use std::process::Command;

use fieldmark_tests::binary;

/// Whether the output for these arguments, printed into a pipe, contains colors.
fn is_colored(arguments: &[&str], variables: &[(&str, &str)]) -> bool {
    let told =
        Command::new(binary("fieldmark")).args(arguments).env_clear().envs(variables.iter().copied()).output().unwrap();
    let said = [told.stdout, told.stderr].concat();
    assert!(!said.is_empty(), "{arguments:?}");
    said.contains(&0x1b)
}

#[test]
fn help_is_coloured_as_it_is_said_to_be() {
    assert!(!is_colored(&["resume", "--help"], &[]));
    assert!(is_colored(&["resume", "--help", "--color", "always"], &[]));
    assert!(is_colored(&["--color=always", "--help"], &[("NO_COLOR", "1")]));
    assert!(!is_colored(&["--color", "never", "--help"], &[("CLICOLOR_FORCE", "1")]));
}

#[test]
fn so_are_mistakes_in_the_arguments() {
    assert!(!is_colored(&["resume", "--no-such-flag"], &[]));
    assert!(is_colored(&["--color", "always", "resume", "--no-such-flag"], &[]));
    assert!(!is_colored(&["resume", "--no-such-flag", "--color=never"], &[("CLICOLOR_FORCE", "1")]));
}
