//! Entry point: parses arguments and environment, and runs the selected task.

use std::process::ExitCode;

use microgrants::config::{Cli, LogFormat, Task};
use microgrants::store::STATEMENT_LOG;

fn main() -> ExitCode {
    microgrants::cli::restrict_new_files();
    let Cli { config, command } = Cli::from_process();
    // Some libraries are silenced: they log refusals and broken requests as errors, and may log
    // what people typed.
    let quiet = "warn,tracing_actix_web=off,actix_http=off,microgrants=info";
    // The statements of an import into an empty database, and of its migrations, are long and slow:
    // each would be a warning with its whole text.
    let quiet = match command {
        Some(Task::Restore { .. } | Task::Migrate) => format!("{quiet},{STATEMENT_LOG}=error"),
        _ => quiet.to_owned(),
    };
    let filter =
        tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| quiet.into());
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    match config.log_format {
        LogFormat::Text => log.init(),
        LogFormat::Json => log.json().init(),
    }
    let done = match command.unwrap_or(Task::Serve) {
        // Runs on a single thread, since each further thread would use memory of the sandbox's
        // limit.
        Task::ReadUpload { upload } => microgrants::cli::read_upload(upload),
        task => actix_web::rt::System::with_tokio_rt(runtime)
            .block_on(microgrants::cli::run(config, task)),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("microgrants: {error}");
            ExitCode::from(error.exit_code())
        }
    }
}

/// Runtime of the writer and the background tasks. The HTTP server's workers have their own
/// threads.
fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .expect("a runtime can be started")
}
