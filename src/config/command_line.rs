//! The command line of the process.

use clap::{CommandFactory as _, FromArgMatches as _};

use super::Cli;

/// The settings that an auditor needs for the tasks that read the service's database.
const DATABASE_SETTINGS: [&str; 3] = ["database_url", "organisation", "keys"];
const DATABASE_AUDIT_TASKS: [&str; 2] = ["export", "diff"];

impl Cli {
    /// The command line of this process. If it cannot be parsed, the process ends.
    #[must_use]
    pub fn from_process() -> Self {
        let matches = command_line().get_matches();
        Self::from_arg_matches(&matches).unwrap_or_else(|error| error.exit())
    }
}

/// The command line. The tasks of an auditor take the settings of the service as every task does,
/// and their `--help` leaves out those that change nothing for them.
fn command_line() -> clap::Command {
    let command = Cli::command();
    let settings: Vec<clap::Arg> = command
        .get_arguments()
        .filter(|setting| setting.is_global_set())
        .cloned()
        .collect();
    let of_database: Vec<clap::Arg> = settings
        .iter()
        .filter(|setting| DATABASE_SETTINGS.contains(&setting.get_id().as_str()))
        .cloned()
        .collect();
    let hidden = settings.into_iter().map(|setting| setting.hide(true));
    command.mut_subcommand("audit", |audit| {
        // A setting that a command has already is not inherited.
        DATABASE_AUDIT_TASKS
            .into_iter()
            .fold(audit.args(hidden), |audit, task| {
                audit.mut_subcommand(task, |task| task.args(of_database.clone()))
            })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_help_of_an_auditor_has_the_options_of_the_task() {
        let help = |task: &str| {
            let asked = ["microgrants", "audit", task, "--help"];
            let shown = command_line().try_get_matches_from(asked).unwrap_err();
            shown.to_string()
        };
        command_line().debug_assert();
        let verify = help("verify");
        assert!(verify.contains("--head") && verify.contains("--json"));
        for setting in ["--database-url", "--listen", "--smtp-url", "--files"] {
            assert!(!verify.contains(setting), "{setting} in {verify}");
        }
        for task in DATABASE_AUDIT_TASKS {
            let shown = help(task);
            assert!(shown.contains("--database-url") && !shown.contains("--listen"));
        }
    }

    #[test]
    fn a_hidden_setting_is_still_taken() {
        let given = [
            "microgrants",
            "audit",
            "verify",
            "folder",
            "--listen",
            "127.0.0.1:1",
        ];
        let matches = command_line().try_get_matches_from(given).unwrap();
        let cli = Cli::from_arg_matches(&matches).unwrap();
        assert_eq!(cli.config.listen.port(), 1);
    }
}
